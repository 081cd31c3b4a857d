package logs_test

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"tripod/store"
	"tripod/store/logs"
)

// facetRecords are 200 lines: every tenth is an error of web, and has more.
func facetRecords() []store.Record {
	var out []store.Record
	for i := range 200 {
		r := store.Record{Time: scriptStart.UnixNano() + int64(i), Level: store.LevelInfo, Service: "api",
			Attrs: store.Attrs{{Key: "id", Value: store.String(fmt.Sprintf("u_%03d", i))}, {Key: "method", Value: store.String([]string{"GET", "GET", "POST"}[i%3])}}}
		if i%10 == 0 {
			r.Level, r.Service = store.LevelError, "web"
			r.TraceID[3] = 1
			r.Attrs = append(r.Attrs, store.Attr{Key: "rare", Value: store.Bool(true)},
				store.Attr{Key: "n", Value: store.Int(int64(i / 10))}, store.Attr{Key: "took", Value: store.String(fmt.Sprint(1+i, "ms"))}, store.Attr{Key: "wait_us", Value: store.Float(1.5)})
		}
		out = append(out, r)
	}
	return out
}

func TestFacetsShowWhatNarrowsFirst(t *testing.T) {
	s := open(t, t.TempDir())
	appendAll(t, s, facetRecords()...)
	got, err := s.Facets(context.Background(), store.LogQuery{Range: scriptRange()}, 2)
	value := func(v string, n int64) store.FacetValue { return store.FacetValue{Value: v, Count: n} }
	want := store.Facets{Lines: 200, Fields: []store.Facet{
		{Field: "level", Lines: 200, Distinct: 2, Values: []store.FacetValue{value("info", 180), value("error", 20)}},
		{Field: "service", Lines: 200, Distinct: 2, Values: []store.FacetValue{value("api", 180), value("web", 20)}},
		{Field: "method", Lines: 200, Distinct: 2, Values: []store.FacetValue{value("GET", 134), value("POST", 66)}},
		{Field: "rare", Lines: 20, Distinct: 1, Values: []store.FacetValue{value("true", 20)}},
		{Field: "wait_us", Kind: store.DurationField, Lines: 20, Distinct: 1, Low: 1500, Median: 1500, High: 1500, Values: []store.FacetValue{value("1.5", 20)}},
		{Field: "id", Lines: 200, Distinct: 200, Values: []store.FacetValue{value("u_000", 1), value("u_001", 1)}},
		{Field: "n", Kind: store.NumberField, Lines: 20, Distinct: 20, Low: 0, Median: 10, High: 19, Values: []store.FacetValue{value("0", 1), value("1", 1)}},
		{Field: "took", Kind: store.DurationField, Lines: 20, Distinct: 20, Low: 1e6, Median: 101e6, High: 191e6, Values: []store.FacetValue{value("101ms", 1), value("111ms", 1)}},
		{Field: "trace_id", Lines: 20, More: true, Values: []store.FacetValue{}},
	}}
	if err != nil {
		t.Fatal(err)
	}
	if got.Lines != want.Lines || got.Cut || len(got.Fields) != len(want.Fields) {
		t.Fatalf("got %+v", got)
	}
	for i, f := range got.Fields {
		if len(f.Values) == 0 && len(want.Fields[i].Values) == 0 {
			f.Values = want.Fields[i].Values
		}
		if !reflect.DeepEqual(f, want.Fields[i]) {
			t.Errorf("got  %+v\nwant %+v", f, want.Fields[i])
		}
	}
}

func TestFacetsOfFewerRecords(t *testing.T) {
	s := open(t, t.TempDir())
	appendAll(t, s, facetRecords()...)
	for name, c := range map[string]struct {
		q      store.LogQuery
		errors int64
		cut    bool
	}{
		"of a query":             {store.LogQuery{Text: "level:error"}, 20, false},
		"of a narrowed query":    {store.LogQuery{Text: "level:error", Narrow: "n:<5"}, 5, false},
		"narrowed alone":         {store.LogQuery{Narrow: "n:<5"}, 5, false},
		"of the newest":          {store.LogQuery{Limit: 20}, 2, true},
		"of exactly all of them": {store.LogQuery{Limit: 200}, 20, false},
	} {
		c.q.Range = scriptRange()
		got, err := s.Facets(context.Background(), c.q, 9)
		if err != nil {
			t.Fatal(err)
		}
		var n int64
		for _, v := range got.Fields[0].Values {
			if v.Value == "error" {
				n = v.Count
			}
		}
		if n != c.errors || got.Cut != c.cut {
			t.Errorf("%s: %d errors, cut %v, want %d, %v", name, n, got.Cut, c.errors, c.cut)
		}
	}
}

// What senders call the service in a label of theirs is the record's service, and
// listed once; so is the level.
func TestFacetsListServiceAndLevelOnce(t *testing.T) {
	s := open(t, t.TempDir())
	res := &store.Resource{Attrs: store.Attrs{{Key: "service_name", Value: store.String("api")}, {Key: "pod", Value: store.String("p1")}}}
	r := store.Record{Time: scriptStart.UnixNano(), Level: store.LevelInfo, Service: "api", Resource: res, Attrs: store.Attrs{{Key: "level", Value: store.String("INFO")}}}
	bare := store.Record{Time: scriptStart.UnixNano(), Attrs: store.Attrs{{Key: "service.name", Value: store.String("web")}}}
	appendAll(t, s, r, bare)
	got, err := s.Facets(context.Background(), store.LogQuery{Range: scriptRange()}, 9)
	var names []string
	for _, f := range got.Fields {
		names = append(names, f.Field)
	}
	if err != nil || fmt.Sprint(names) != "[level service pod]" {
		t.Errorf("got %q, %v", names, err)
	}
}

// More lines than the newest 50,000 are counted, unless that takes too long: then
// the answer says that it is of the newest.
func TestFacetsCountAllLines(t *testing.T) {
	s := open(t, t.TempDir())
	s.SetTallyTime(time.Minute)
	const all = 60_000
	batch := make([]store.Record, 0, 1000)
	for i := range all {
		r := store.Record{Time: scriptStart.UnixNano() + int64(i), Level: store.LevelInfo, Service: "api", Body: store.String("x"),
			Attrs: store.Attrs{{Key: "id", Value: store.String(fmt.Sprint("u_", i))}, {Key: "n", Value: store.Int(int64(i))}, {Key: "early", Value: store.Bool(i < 100)}}}
		if batch = append(batch, r); len(batch) == cap(batch) {
			appendAll(t, s, batch...)
			batch = batch[:0]
		}
	}
	of := func(f store.Facets, name string) store.Facet {
		for _, f := range f.Fields {
			if f.Field == name {
				return f
			}
		}
		return store.Facet{}
	}
	got, err := s.Facets(context.Background(), store.LogQuery{Range: scriptRange()}, 9)
	if err != nil || got.Cut || got.Lines != all {
		t.Fatalf("got %d lines, cut %v, %v", got.Lines, got.Cut, err)
	}
	if f := of(got, "early"); fmt.Sprint(f.Values) != "[{false 59900} {true 100}]" {
		t.Errorf("got %+v", f)
	}
	if f := of(got, "id"); f.Lines != all || !f.More || f.Distinct != 10_000 || len(f.Values) > 0 {
		t.Errorf("of ids got %+v", f)
	}
	if f := of(got, "n"); f.Lines != all || f.Kind != store.NumberField || f.Low != 0 || f.High != all-1 || f.Median < all/4 || f.Median > all*3/4 {
		t.Errorf("of numbers got %+v", f)
	}
	values, err := s.Values(context.Background(), store.FacetQuery{LogQuery: store.LogQuery{Range: scriptRange()}, Field: "early", Top: 9})
	if err != nil || values.Lines != all || fmt.Sprint(values.Values) != "[{false 59900} {true 100}]" {
		t.Errorf("got %+v, %v", values, err)
	}

	s.SetTallyTime(1)
	for range 2 { // the second does not try
		got, err = s.Facets(context.Background(), store.LogQuery{Range: scriptRange()}, 9)
		if err != nil || !got.Cut || got.Lines != 50_000 || fmt.Sprint(of(got, "early").Values) != "[{false 50000}]" {
			t.Errorf("in no time: %d lines, cut %v, %v", got.Lines, got.Cut, err)
		}
	}
	s.SetTallyTime(time.Minute)
	if got, err = s.Facets(context.Background(), store.LogQuery{Range: scriptRange()}, 9); err != nil || !got.Cut {
		t.Errorf("soon after: cut %v, %v", got.Cut, err)
	}
	if got, err = s.Facets(context.Background(), store.LogQuery{Range: scriptRange(), Text: "early:true"}, 9); err != nil || got.Cut || got.Lines != 100 {
		t.Errorf("another question: %d lines, cut %v, %v", got.Lines, got.Cut, err)
	}
}

func TestValuesOfOneField(t *testing.T) {
	s := open(t, t.TempDir())
	appendAll(t, s, facetRecords()...)
	for name, c := range map[string]struct {
		q    store.FacetQuery
		want []string
	}{
		"those that begin so first": {store.FacetQuery{Field: "method", Has: "p", Top: 9}, []string{"POST"}},
		"the commonest first":       {store.FacetQuery{Field: "method", Top: 9}, []string{"GET", "POST"}},
		"in the middle":             {store.FacetQuery{Field: "id", Has: "_19", Top: 3}, []string{"u_190", "u_191", "u_192"}},
		"of levels":                 {store.FacetQuery{Field: "level", Has: "RR", Top: 9}, []string{"error"}},
		"of services":               {store.FacetQuery{Field: "service", Top: 1}, []string{"api"}},
		"of a query":                {store.FacetQuery{LogQuery: store.LogQuery{Text: "rare:true"}, Field: "service", Top: 9}, []string{"web"}},
		"of nothing":                {store.FacetQuery{Field: "nope", Top: 9}, nil},
	} {
		c.q.Range = scriptRange()
		got, err := s.Values(context.Background(), c.q)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, v := range got.Values {
			names = append(names, v.Value)
		}
		if fmt.Sprint(names) != fmt.Sprint(c.want) {
			t.Errorf("%s: got %q, want %q", name, names, c.want)
		}
	}
}

func TestFacetsInEveryState(t *testing.T) {
	records := facetRecords()
	for i := range records {
		records[i].Body = store.String(strings.Repeat("x", 400))
	}
	inStates(t, records, func(t *testing.T, s *logs.Store) {
		got, err := s.Facets(context.Background(), store.LogQuery{Range: scriptRange()}, 2)
		if err != nil || len(got.Fields) != 9 {
			t.Fatalf("got %+v, %v", got, err)
		}
		for i, want := range []string{"[{info 180} {error 20}]", "[{api 180} {web 20}]", "[{GET 134} {POST 66}]", "[{true 20}]"} {
			if have := fmt.Sprint(got.Fields[i].Values); have != want {
				t.Errorf("%s: got %q, want %s", got.Fields[i].Field, have, want)
			}
		}
	})
}
