package events

import (
	"fmt"
	"math"
	"testing"

	"tripod/store"
)

// TestIndexKnowsPairs asks for rare pairs of what is often there alone: the
// blocks that are left are those that have the pair.
func TestIndexKnowsPairs(t *testing.T) {
	s := openTest(t, t.TempDir(), Options{MaxBlockRows: 100, Pairs: Pairs{Texts: []string{"op"}, Number: "took"}})
	var all []Event
	for flushed := range mergeRun {
		var list []Event
		for i := range 1000 {
			n := flushed*1000 + i
			e := Event{Time: testDay + int64(n)*1e6, Fields: []Field{{"op", store.String([]string{"read", "write"}[n%2])}, {"took", store.Int(int64(1000 + n%97))}}}
			switch {
			case n%1500 == 20: // reads fail, too, elsewhere
				e.Class = 1
			case n%1500 == 901:
				e.Class = 1
			case n%1700 == 300:
				e.Fields[1].Value = store.Int(90_000)
			case n%1700 == 1001:
				e.Fields[1].Value = store.Int(90_000)
			}
			list = append(list, e)
		}
		all = append(all, list...)
		if err := s.Append(t.Context(), list); err != nil {
			t.Fatal(err)
		}
		flush(t, s)
	}
	mergeAll(t, s)
	sealAll(t, s)
	write := Equal{"op", "write"}
	took := Measured{func(name string) bool { return name == "took" }, store.Value.Number, func(f float64) bool { return f >= 50_000 }, 50_000, math.Inf(1)}
	for name, c := range map[string]struct {
		where And
		most  int64 // blocks
	}{
		"class":            {And{write, ClassIn(1 << 1)}, 1},
		"number":           {And{write, took}, 1},
		"comparison":       {And{Compare{"took", OpGreater, 50_000}, And{write}}, 1},
		"text alone":       {And{write}, 1 << 30},
		"two fields named": {And{write, Measured{func(string) bool { return true }, took.Measure, took.Holds, took.From, took.To}}, 1 << 30},
	} {
		t.Run(name, func(t *testing.T) {
			want, blocks := int64(0), map[int64]bool{}
			for _, e := range all {
				if c.where.Match(&e) {
					blocks[(e.Time-testDay)/1e6/100] = true
					want++
				}
			}
			var r store.Receipt
			for _, err := range s.Scan(t.Context(), Query{Range: everything, Where: c.where, Receipt: &r}) {
				if err != nil {
					t.Fatal(err)
				}
			}
			got := map[string]store.ReceiptStep{}
			for _, step := range r.Steps {
				got[step.Name] = step
			}
			if got["rows"].Rows != want || want == 0 {
				t.Errorf("%d rows, want %d", got["rows"].Rows, want)
			}
			if c.most == 1 && (got["index"].Blocks > int64(len(blocks))+2 || got["index"].Blocks == 0) || c.most > 1 && got["index"].Blocks < got["time"].Blocks/2 {
				t.Errorf("the index left %d of %d blocks; rows lie in about %d", got["index"].Blocks, got["time"].Blocks, len(blocks))
			}
		})
	}
}

// TestMagnitude holds the order of numbers and their bounds.
func TestMagnitude(t *testing.T) {
	last := byte(0)
	for _, n := range []int64{math.MinInt64, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 16, 19, 20, 1e6, 1e9, 1 << 62, math.MaxInt64} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			m := magnitude(n)
			if m < last {
				t.Errorf("%d, below %d of a lesser number", m, last)
			}
			last = m
			if most := upTo(m).most.Int(); most < n || n > 3 && most-n > n/4 {
				t.Errorf("up to %d", most)
			}
			if m > 0 && upTo(m-1).most.Int() >= n {
				t.Errorf("the magnitude before it has it, too: up to %d", upTo(m-1).most.Int())
			}
		})
	}
}
