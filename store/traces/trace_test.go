package traces

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"tripod/store"
	"tripod/store/storetest"
)

// TestTracesComeInTheOrderAskedFor, as each alone would, also by halves.
func TestTracesComeInTheOrderAskedFor(t *testing.T) {
	spans := storetest.SpanCorpus(5, 2000)
	inStates(t, spans, func(t *testing.T, s *Store) {
		var ids []store.TraceID
		for i := range spans {
			if id := spans[len(spans)-1-i].TraceID; !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
		nobody := store.TraceID{0xee}
		ids = slices.Insert(ids, 1, nobody)
		for _, most := range []int{maxHeld, 60} {
			var got []store.TraceID
			s.eachTrace(t.Context(), ids, most, func(tr store.Trace, err error) bool {
				got = append(got, tr.ID)
				want, wantErr := s.Trace(t.Context(), tr.ID)
				if !reflect.DeepEqual(tr.Spans, want.Spans) || errors.Is(err, store.ErrNotFound) != (tr.ID == nobody) || (err == nil) != (wantErr == nil) {
					t.Errorf("at most %d: trace %v of %d spans, %v; want %d, %v", most, tr.ID, len(tr.Spans), err, len(want.Spans), wantErr)
				}
				return true
			})
			if !slices.Equal(got, ids) {
				t.Errorf("at most %d: got %d traces %v, want %d %v", most, len(got), got, len(ids), ids)
			}
		}
		n := 0
		for range s.Traces(t.Context(), ids) {
			if n++; n == 2 {
				break
			}
		}
	})
}
