package storetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"tripod/store"
)

// LogEngine keeps log records.
type LogEngine interface {
	Append(context.Context, []store.Record) error
	Search(context.Context, store.LogQuery) iter.Seq2[store.Record, error]
	Volume(ctx context.Context, q store.LogQuery, step time.Duration) ([]store.LogBucket, error)
	Facets(ctx context.Context, q store.LogQuery, top int) (store.Facets, error)
	LabelNames(context.Context, store.TimeRange) ([]string, error)
	LabelValues(ctx context.Context, name string, r store.TimeRange) ([]string, error)
	Usage() store.Usage
	Close() error
}

// Logs is the contract of a log engine; open opens one in a folder.
func Logs(t *testing.T, lacks Lacks, open func(t *testing.T, dir string) LogEngine) {
	records := RecordCorpus(1, 3000)
	dir := t.TempDir()
	e := open(t, dir)
	for _, err := range e.Search(t.Context(), store.LogQuery{Range: everything}) {
		t.Errorf("search in an empty store: %v", err)
	}
	for batch := range slices.Chunk(records, 200) {
		if err := e.Append(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	if !lacks.Reopen {
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		e = open(t, dir)
	}
	t.Cleanup(func() { e.Close() })
	t.Run("records come back whole", func(t *testing.T) { wholeRecords(t, e, records, lacks) })
	t.Run("search", func(t *testing.T) { searchRecords(t, e, records) })
	t.Run("volume", func(t *testing.T) { volume(t, e, records) })
	t.Run("a wrong query names its place", func(t *testing.T) { wrongQuery(t, e) })
	t.Run("usage", func(t *testing.T) {
		if u := e.Usage(); u.Items != int64(len(records)) || u.Bytes == 0 || u.Oldest >= u.Newest {
			t.Errorf("got %+v", u)
		}
	})
	if !lacks.Facets {
		t.Run("facets and labels", func(t *testing.T) { facets(t, e, records) })
	}
}

// find collects the numbers of the records that a query finds.
func find(t *testing.T, e LogEngine, q store.LogQuery) []int64 {
	t.Helper()
	var got []int64
	for r, err := range e.Search(t.Context(), q) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, numberOf(&r))
	}
	return got
}

func numberOf(r *store.Record) int64 {
	v, _ := r.Attrs.Get("n")
	n, _ := v.Number()
	return int64(n)
}

// findOracle finds the numbers of the records that fit; those of equal time
// are in order of arrival, or in its reverse when the newest come first.
func findOracle(records []store.Record, q store.LogQuery, fits func(*store.Record) bool) []int64 {
	var hit []*store.Record
	for i := range records {
		if r := &records[i]; q.Range.Has(r.Time) && fits(r) {
			hit = append(hit, r)
		}
	}
	slices.SortStableFunc(hit, func(a, b *store.Record) int { return cmp.Compare(a.Time, b.Time) })
	if !q.Oldest {
		slices.Reverse(hit)
	}
	if q.Limit > 0 {
		hit = hit[:min(q.Limit, len(hit))]
	}
	var out []int64
	for _, r := range hit {
		out = append(out, numberOf(r))
	}
	return out
}

func wholeRecords(t *testing.T, e LogEngine, records []store.Record, lacks Lacks) {
	n := 0
	for got, err := range e.Search(t.Context(), store.LogQuery{Range: everything, Oldest: true}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		want := records[numberOf(&got)]
		if g, w := flat(got), flat(want); !lacks.Types && g != w {
			t.Fatalf("record came back changed:\ngot  %s\nwant %s", g, w)
		}
	}
	if n != len(records) {
		t.Errorf("got %d records, want %d", n, len(records))
	}
}

// flat shows everything of a record.
func flat(r store.Record) string {
	var resource store.Resource
	if r.Resource != nil {
		resource = *r.Resource
	}
	r.Resource = nil
	return fmt.Sprintf("%#v %#v", r, resource)
}

func searchRecords(t *testing.T, e LogEngine, records []store.Record) {
	some := store.TimeRange{From: Start.Add(3 * time.Minute).UnixNano(), To: Start.Add(13 * time.Minute).UnixNano()}
	all := func(*store.Record) bool { return true }
	word := func(w string) func(*store.Record) bool {
		return func(r *store.Record) bool { return slices.Contains(strings.Fields(strings.ToLower(r.Message())), w) }
	}
	for name, c := range map[string]struct {
		q    store.LogQuery
		fits func(*store.Record) bool
	}{
		"everything, newest first":  {store.LogQuery{Range: everything}, all},
		"a range, oldest first":     {store.LogQuery{Range: some, Oldest: true}, all},
		"the newest few":            {store.LogQuery{Range: some, Limit: 5}, all},
		"the oldest few":            {store.LogQuery{Range: everything, Limit: 5, Oldest: true}, all},
		"a word, whatever its case": {store.LogQuery{Text: "miss", Range: some}, word("miss")},
		"two words":                 {store.LogQuery{Text: "REQUEST completed", Range: some}, word("request")},
		"a phrase":                  {store.LogQuery{Text: `"task completed"`, Range: some}, word("task")},
		"a service":                 {store.LogQuery{Text: "service:planner-api", Range: some}, func(r *store.Record) bool { return r.Service == "planner-api" }},
		"a level":                   {store.LogQuery{Text: "level:warn", Range: everything}, func(r *store.Record) bool { return r.Level.Word() == "warn" }},
		"not":                       {store.LogQuery{Text: "-job", Range: some}, func(r *store.Record) bool { return !word("job")(r) }},
		"or":                        {store.LogQuery{Text: "expired or retry", Range: some}, func(r *store.Record) bool { return word("expired")(r) || word("retry")(r) }},
		"a field":                   {store.LogQuery{Text: "n:77", Range: everything}, func(r *store.Record) bool { return numberOf(r) == 77 }},
		"what is not there":         {store.LogQuery{Text: "absent", Range: everything}, func(*store.Record) bool { return false }},
	} {
		t.Run(name, func(t *testing.T) {
			if got, want := find(t, e, c.q), findOracle(records, c.q, c.fits); !slices.Equal(got, want) {
				t.Errorf("got %d records, want %d\ngot  %.200v\nwant %.200v", len(got), len(want), got, want)
			}
		})
	}
}

func volume(t *testing.T, e LogEngine, records []store.Record) {
	for name, c := range map[string]struct {
		q    store.LogQuery
		step time.Duration
		fits func(*store.Record) bool
	}{
		"all by minute":   {store.LogQuery{Range: everything}, time.Minute, func(*store.Record) bool { return true }},
		"within a minute": {store.LogQuery{Range: store.Between(Start.Add(61*time.Second), Start.Add(64*time.Second))}, time.Second, func(*store.Record) bool { return true }},
		"of a service":    {store.LogQuery{Text: "service:planner-web", Range: everything}, 7 * time.Minute, func(r *store.Record) bool { return r.Service == "planner-web" }},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := e.Volume(t.Context(), c.q, c.step)
			if err != nil {
				t.Fatal(err)
			}
			step := int64(c.step)
			want := map[int64][7]int64{}
			for i := range records {
				if r := &records[i]; c.q.Range.Has(r.Time) && c.fits(r) {
					counts := want[r.Time/step*step]
					counts[store.LevelSlot(r.Level)]++
					want[r.Time/step*step] = counts
				}
			}
			if n := int((c.q.Range.To-1)/step-c.q.Range.From/step) + 1; len(got) != n {
				t.Errorf("got %d steps, want %d", len(got), n)
			}
			for _, b := range got {
				if b.Counts != want[b.Start] || b.Start%step != 0 {
					t.Fatalf("at %d: got %v, want %v", b.Start, b.Counts, want[b.Start])
				}
			}
		})
	}
}

func wrongQuery(t *testing.T, e LogEngine) {
	for _, err := range e.Search(t.Context(), store.LogQuery{Text: `good "no end`, Range: everything}) {
		var wrong *store.QueryError
		if !errors.As(err, &wrong) || !errors.Is(err, store.ErrInvalid) {
			t.Errorf("got %v, want a QueryError", err)
		}
		return
	}
	t.Error("an unended quotation was taken")
}

func facets(t *testing.T, e LogEngine, records []store.Record) {
	all, err := e.Facets(t.Context(), store.LogQuery{Range: everything}, 10)
	if err != nil {
		t.Fatal(err)
	}
	got := all.Fields
	if all.Lines != int64(len(records)) || all.Cut {
		t.Errorf("looked at %d of %d records, cut %v", all.Lines, len(records), all.Cut)
	}
	if len(got) < 2 || got[0].Field != "level" || got[1].Field != "service" {
		t.Fatalf("got %+v, want level and service first", got)
	}
	for i, of := range []func(*store.Record) string{
		func(r *store.Record) string { return r.Level.Word() },
		func(r *store.Record) string { return r.Service },
	} {
		want := map[string]int64{}
		for j := range records {
			want[of(&records[j])]++
		}
		for _, v := range got[i].Values {
			if v.Count != want[v.Value] {
				t.Errorf("%s %q: got %d, want %d", got[i].Field, v.Value, v.Count, want[v.Value])
			}
		}
		if len(got[i].Values) != len(want) {
			t.Errorf("%s: got %d values, want %d", got[i].Field, len(got[i].Values), len(want))
		}
	}
	names, err := e.LabelNames(t.Context(), everything)
	if err != nil || !slices.Contains(names, "service_name") {
		t.Errorf("label names: got %v, %v", names, err)
	}
	values, err := e.LabelValues(t.Context(), "service_name", everything)
	want := slices.Sorted(slices.Values(services))
	if err != nil || !slices.Equal(values, want) {
		t.Errorf("values of service_name: got %v, %v; want %v", values, err, want)
	}
}
