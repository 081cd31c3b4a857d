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

func TestDepths(t *testing.T) {
	span := func(id, parent byte) Span { return Span{SpanID: SpanID{id}, ParentID: SpanID{parent}} }
	client := Span{SpanID: SpanID{2}, ParentID: SpanID{1}, Kind: SpanClient, Service: "web"}
	server := Span{SpanID: SpanID{2}, ParentID: SpanID{1}, Kind: SpanServer, Service: "api", Attrs: Attrs{{Key: ZipkinShared, Value: Bool(true)}}}
	for name, c := range map[string]struct {
		spans []Span
		want  []int
	}{
		"nothing":                        {nil, []int{}},
		"a chain":                        {[]Span{span(1, 0), span(2, 1), span(3, 2)}, []int{0, 1, 2}},
		"a child before its parent":      {[]Span{span(3, 2), span(2, 1), span(1, 0)}, []int{2, 1, 0}},
		"a parent that is not there":     {[]Span{span(2, 1), span(3, 2)}, []int{0, 1}},
		"its own parent":                 {[]Span{span(1, 1), span(2, 1)}, []int{0, 1}},
		"a circle and one below it":      {[]Span{span(1, 2), span(2, 1), span(3, 1)}, []int{1, 0, 2}},
		"an id that occurs twice":        {[]Span{span(1, 0), span(2, 1), span(2, 3), span(3, 2)}, []int{0, 1, 3, 2}},
		"Zipkin's client and its server": {[]Span{span(1, 0), client, server, {SpanID: SpanID{3}, ParentID: SpanID{2}, Service: "api"}}, []int{0, 1, 2, 3}},
	} {
		k := NewKinship(len(c.spans), func(i int) *Span { return &c.spans[i] })
		if got := k.Depths(); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

// Each span is one deeper than its parent, but for the one at which a circle is
// cut.
func TestDepthsOfAnySpans(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		spans := make([]Span, 1+rnd.IntN(60))
		for i := range spans {
			spans[i] = Span{SpanID: SpanID{byte(1 + rnd.IntN(40))}, ParentID: SpanID{byte(rnd.IntN(40))}, Service: fmt.Sprint(rnd.IntN(3))}
		}
		k := NewKinship(len(spans), func(i int) *Span { return &spans[i] })
		depths := k.Depths()
		for i, d := range depths {
			want := 0
			if p := k.Parent(i); p >= 0 {
				want = depths[p] + 1
			}
			if d != want && (d != 0 || !inCircle(k, i)) {
				t.Fatalf("span %d of %d lies at %d, want %d", i, len(spans), d, want)
			}
		}
	}
}

// inCircle says whether a span is among its own ancestors.
func inCircle(k *Kinship, i int) bool {
	at := i
	for range k.ids {
		if at = k.Parent(at); at < 0 || at == i {
			return at == i
		}
	}
	return false
}
