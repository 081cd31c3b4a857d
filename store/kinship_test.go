package store

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestKinship(t *testing.T) {
	shared := Attrs{{Key: ZipkinShared, Value: Bool(true)}}
	client := Span{SpanID: SpanID{2}, ParentID: SpanID{1}, Service: "web", Kind: SpanClient}
	server := Span{SpanID: SpanID{2}, ParentID: SpanID{1}, Service: "api", Kind: SpanServer, Attrs: shared}
	orphan := server
	orphan.ParentID = SpanID{}
	root := Span{SpanID: SpanID{1}, Service: "web"}
	child := func(of byte, service string) Span {
		return Span{SpanID: SpanID{9}, ParentID: SpanID{of}, Service: service}
	}
	for name, c := range map[string]struct {
		spans []Span
		want  []int
	}{
		"a chain":                            {[]Span{root, child(1, "api")}, []int{-1, 0}},
		"a parent that is not there":         {[]Span{root, child(7, "api")}, []int{-1, -1}},
		"its own parent":                     {[]Span{child(9, "api")}, []int{0}},
		"Zipkin's server below its client":   {[]Span{root, client, server}, []int{-1, 0, 1}},
		"the server came first":              {[]Span{server, client, root}, []int{1, 2, -1}},
		"a server that names no parent":      {[]Span{orphan, client, root}, []int{1, 2, -1}},
		"a server without its client":        {[]Span{root, server}, []int{-1, 0}},
		"a server alone":                     {[]Span{orphan}, []int{-1}},
		"what the server called":             {[]Span{root, client, server, child(2, "api")}, []int{-1, 0, 1, 2}},
		"what the client called":             {[]Span{root, server, client, child(2, "web")}, []int{-1, 2, 0, 2}},
		"a child of neither service":         {[]Span{root, client, server, child(2, "db")}, []int{-1, 0, 1, 1}},
		"a server of OpenTelemetry's own id": {[]Span{root, {SpanID: SpanID{2}, Service: "api", Kind: SpanServer, Attrs: shared}}, []int{-1, -1}},
	} {
		for _, more := range []int{0, fewSpans} { // others, so that there is a map
			spans := slices.Clone(c.spans)
			for i := range more {
				spans = append(spans, Span{SpanID: SpanID{100, byte(i)}})
			}
			k := NewKinship(len(spans), func(i int) *Span { return &spans[i] })
			for i, want := range c.want {
				if got := k.Parent(i); got != want {
					t.Errorf("%s, %d more: parent of span %d is %d, want %d", name, more, i, got, want)
				}
			}
		}
	}
}

// Few spans and many are told the same of random kinship.
func TestKinshipOfFewAndMany(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		spans := make([]Span, 1+rnd.IntN(fewSpans))
		for i := range spans {
			spans[i] = Span{SpanID: SpanID{byte(rnd.IntN(8))}, ParentID: SpanID{byte(rnd.IntN(8))}, Service: fmt.Sprint(rnd.IntN(3)), Kind: SpanKind(rnd.IntN(4))}
			if rnd.IntN(3) == 0 {
				spans[i].Attrs = Attrs{{Key: ZipkinShared}}
			}
		}
		few := NewKinship(len(spans), func(i int) *Span { return &spans[i] })
		all := slices.Clone(spans)
		for i := range fewSpans {
			all = append(all, Span{SpanID: SpanID{100, byte(i)}})
		}
		many := NewKinship(len(all), func(i int) *Span { return &all[i] })
		for i := range spans {
			if a, b := few.Parent(i), many.Parent(i); a != b || few.Has(spans[i].ParentID) != many.Has(spans[i].ParentID) {
				t.Fatalf("span %d of %+v: parent %d of few, %d of many", i, spans, a, b)
			}
		}
	}
}
