package events

import (
	"fmt"
	"testing"
	"time"

	"tripod/store"
)

// TestReceiptSaysWhatWasRead asks for one event of many and counts what each
// step leaves.
func TestReceiptSaysWhatWasRead(t *testing.T) {
	s := openTest(t, t.TempDir(), Options{MaxBlockRows: 100, CountBy: "app", CountSame: "origin"})
	for part := range 3 {
		var ev []Event
		for i := range 1000 {
			n := 1000*part + i
			ev = append(ev, Event{Time: testDay + int64(n)*1e6, Fields: []Field{
				{"id", store.String(fmt.Sprintf("%032x", n*n))}, {"n", store.Int(int64(n))}, {"msg", store.String("request completed")}, {"app", store.String([]string{"web", "db"}[n/500%2])}}})
		}
		if err := s.Append(t.Context(), ev); err != nil {
			t.Fatal(err)
		}
		if part < 2 {
			flush(t, s)
		}
	}
	for name, c := range map[string]struct {
		where Expr
		limit int
		want  map[string][3]int64 // parts, blocks, rows
		asked string
	}{
		"a needle": {Equal{"id", fmt.Sprintf("%032x", 1234*1234)}, 0, map[string][3]int64{
			"time": {2, 21, 3000}, "filters": {1, 2, 1100}, "zones": {1, 2, 1100}, "rows": {0, 0, 1}}, `id = "0000000000000000000000000017`},
		"a number": {Compare{"n", OpLess, 150}, 0, map[string][3]int64{
			"filters": {2, 21, 3000}, "zones": {1, 3, 1200}, "rows": {0, 0, 150}}, "n < 150"},
		"the newest": {nil, 10, map[string][3]int64{"time": {2, 21, 3000}, "filters": {0, 1, 1000}, "rows": {0, 0, 10}}, "everything"},
	} {
		t.Run(name, func(t *testing.T) {
			var r store.Receipt
			for _, err := range s.Scan(t.Context(), Query{Range: everything, Where: c.where, Limit: c.limit, Receipt: &r}) {
				if err != nil {
					t.Fatal(err)
				}
			}
			got := map[string][3]int64{}
			for _, step := range r.Steps {
				got[step.Name] = [3]int64{step.Parts, step.Blocks, step.Rows}
			}
			for name, want := range c.want {
				if got[name] != want {
					t.Errorf("%s: got %v, want %v", name, got[name], want)
				}
			}
			if len(r.Asked) < len(c.asked) || r.Asked[:len(c.asked)] != c.asked {
				t.Errorf("asked %q", r.Asked)
			}
			if r.Took <= 0 || r.Stored <= 0 || r.Read > r.Stored {
				t.Errorf("%+v", r)
			}
		})
	}
	var r store.Receipt
	if _, err := s.Count(t.Context(), Query{Range: store.TimeRange{From: testDay, To: testDay + 3e9}, Receipt: &r}, time.Minute); err != nil {
		t.Fatal(err)
	}
	if len(r.Steps) != 5 || r.Steps[1].Name != "headers" || r.Steps[1].Blocks == 0 || r.Read != 0 {
		t.Errorf("headers alone should do: %+v", r)
	}
	for _, where := range []Expr{Equal{"app", "web"}, And{ClassIn(1), Equal{"app", "web"}}, Or{Equal{"app", "absent"}, Word{[]string{"app", "nobody"}, "WEB"}}, Not{Equal{"app", "db"}}} {
		r = store.Receipt{}
		b, err := s.Count(t.Context(), Query{Range: store.TimeRange{From: testDay, To: testDay + 60e9}, Where: where, Receipt: &r}, time.Minute)
		if err != nil || b[0].Counts[0] != 1500 {
			t.Fatalf("%v: %v, %v", where, b, err)
		}
		if r.Read != 0 {
			t.Errorf("%v: %d bytes read to count what the index knows: %+v", where, r.Read, r)
		}
	}
}

// TestScanGivesTheFieldsAskedFor and reads no other columns.
func TestScanGivesTheFieldsAskedFor(t *testing.T) {
	s := openTest(t, t.TempDir(), Options{})
	if err := s.Append(t.Context(), []Event{{Time: testDay, Fields: []Field{{"a", store.Int(1)}, {"b", store.String("x")}, {"a", store.Int(2)}, {"c", store.Bool(true)}}}}); err != nil {
		t.Fatal(err)
	}
	flush(t, s)
	for e, err := range s.Scan(t.Context(), Query{Range: everything, Where: Word{nil, "x"}, Fields: []string{"a", "absent"}}) {
		if err != nil {
			t.Fatal(err)
		}
		if got := show(e); got != fmt.Sprintf("%d/0 a=2:1 a=2:2", testDay) {
			t.Errorf("got %s", got)
		}
	}
}
