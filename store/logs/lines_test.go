package logs_test

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"testing"

	"tripod/store"
	"tripod/store/logs"
)

// TestLinesAreRows: rows of which less is read say the same about the line, its
// stream and what came with it.
func TestLinesAreRows(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 7))
	var records []store.Record
	for n := range 400 {
		r := randomRecord(rnd, n)
		if rnd.IntN(4) == 0 {
			r.Attrs = randomAttrs(rnd, 4) // which are beside the line
			r.SetLine(`{"msg":"pool","n":7,"took":"1ms"}`)
		}
		records = append(records, r)
	}
	inStates(t, records, func(t *testing.T, s *logs.Store) {
		q := store.LogQuery{Range: store.TimeRange{From: records[0].Time, To: records[399].Time + 1}, Limit: 390}
		told := func(rows iter.Seq2[*logs.Row, error]) (out []string) {
			for r, err := range rows {
				if err != nil {
					t.Fatal(err)
				}
				text := fmt.Sprintf("%d %v %q %q", r.Time(), r.Level(), r.Service, r.Line())
				if r.Resource != nil {
					text += store.Map(r.Resource.Attrs).Text()
				}
				r.Metadata(func(name string, v store.Value) { text += fmt.Sprintf(" %q=%q", name, v.Text()) })
				out = append(out, text)
			}
			return out
		}
		for _, text := range []string{"", "pool", "n:7", "level:>=warn"} {
			n, err := logs.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			got, want := told(s.Lines(t.Context(), n, q)), told(s.Rows(t.Context(), n, q))
			if len(want) < 10 || !slices.Equal(got, want) {
				t.Errorf("%q: got %d rows, want %d\n%q\n%q", text, len(got), len(want), got[:min(3, len(got))], want[:min(3, len(want))])
			}
		}
	})
}
