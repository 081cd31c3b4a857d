package events

import (
	"fmt"
	"testing"

	"tripod/store"
)

// TestScansLearnPairs asks a part without an index, and again: the blocks that
// were seen to have no row with both of a pair are passed by, and no row is lost.
func TestScansLearnPairs(t *testing.T) {
	s := openTest(t, t.TempDir(), Options{MaxBlockRows: 100, Pairs: Pairs{Texts: []string{"op", "app"}, Number: "took"}})
	var all []Event
	for n := range 2000 {
		e := Event{Time: testDay + int64(n)*1e6, Fields: []Field{{"op", store.String([]string{"read", "write", "list"}[n%3])}, {"app", store.String(fmt.Sprint("app-", n/500))}}}
		if n%3 > 0 { // no read took any time
			e.Fields = append(e.Fields, Field{"took", store.Int(int64(1000 + n%97))})
		}
		if n%700 == 301 && n%3 > 0 {
			e.Fields[len(e.Fields)-1].Value = store.Int(90_000)
		}
		all = append(all, e)
	}
	if err := s.Append(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	flush(t, s)
	ask := func(where And) (rows, want, blocks, with int64) {
		t.Helper()
		seen := map[int64]bool{}
		for i := range all {
			if where.Match(&all[i]) {
				seen[int64(i/100)] = true
				want++
			}
		}
		var r store.Receipt
		for _, err := range s.Scan(t.Context(), Query{Range: everything, Where: where, Receipt: &r}) {
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, step := range r.Steps {
			switch step.Name {
			case "rows":
				rows = step.Rows
			case "filters":
				blocks = step.Blocks
			}
		}
		return rows, want, blocks, int64(len(seen))
	}
	slow := Compare{"took", OpGreater, 50_000}
	for _, where := range []And{
		{Equal{"op", "write"}, slow},
		{Equal{"op", "write"}, Compare{"took", OpGreater, 80_000}},
		{Equal{"op", "read"}, Compare{"took", OpLess, 1003}},
		{Equal{"app", "app-2"}, And{slow}},
		{Equal{"op", "read"}, Compare{"took", OpGreaterEqual, 0}},
		{Equal{"op", "list"}, Compare{"took", OpGreaterEqual, 0}},
		{Equal{"app", "app-1"}, Equal{"op", "read"}},
	} {
		for round := range 3 {
			rows, want, blocks, with := ask(where)
			if rows != want {
				t.Errorf("%v, ask %d: %d rows, want %d", where, round, rows, want)
			}
			if round > 0 && blocks > with {
				t.Errorf("%v, ask %d: %d blocks searched, %d have such rows", where, round, blocks, with)
			}
		}
	}
	learned := s.learnedBytes.Load()
	if learned == 0 {
		t.Fatal("nothing was learned")
	}
	for range 3 { // all is known
		ask(And{Equal{"op", "write"}, slow})
	}
	if s.learnedBytes.Load() != learned {
		t.Errorf("%d bytes learned, %d before the same question", s.learnedBytes.Load(), learned)
	}
	s.learnedBytes.Store(maxLearned)
	ask(And{Equal{"app", "app-3"}, Equal{"op", "never seen"}, slow})
	s.forgetLearned()
	if rows, want, blocks, with := ask(And{Equal{"op", "write"}, slow}); rows != want || blocks <= with {
		t.Errorf("%d of %d rows from %d blocks when all was forgotten", rows, want, blocks)
	}
}

// TestTextsThatStandTwiceInAColumn has so many texts that further ones are not
// looked for among those that are there.
func TestTextsThatStandTwiceInAColumn(t *testing.T) {
	s := openTest(t, t.TempDir(), Options{Pairs: Pairs{Texts: []string{"op"}, Number: "took"}})
	var all []Event
	add := func(class uint8, op string, took int64) {
		all = append(all, Event{Time: testDay + int64(len(all))*1e6, Class: class, Fields: []Field{{"op", store.String(op)}, {"took", store.Int(took)}}})
	}
	add(0, "t0", 1)
	add(1, "t1", 90_000)
	for n := 2; n < 255; n++ {
		add(0, fmt.Sprint("t", n), 2)
	}
	add(0, "t0", 1)
	add(0, "t1", 5)
	if err := s.Append(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	flush(t, s)
	for _, where := range []And{{Equal{"op", "t1"}, Compare{"took", OpGreater, 50_000}}, {Equal{"op", "t1"}, Compare{"took", OpLess, 6}}} {
		for range 2 {
			n := 0
			for _, err := range s.Scan(t.Context(), Query{Range: everything, Where: where}) {
				if err != nil {
					t.Fatal(err)
				}
				n++
			}
			if n != 1 {
				t.Errorf("%v: %d rows", where, n)
			}
		}
	}
	p := s.parts[0]
	blocks, err := p.index(s.o.files, s.codecs)
	if err != nil {
		t.Fatal(err)
	}
	var b block
	if err := b.open(partBlock{p, &blocks[0]}, s.codecs, nil); err != nil {
		t.Fatal(err)
	}
	texts, _ := b.onlyColumn("op", store.KindString)
	numbers, _ := b.onlyColumn("took", store.KindInt)
	if texts.texts.Entries() <= 255 {
		t.Fatalf("%d entries, none stands twice", texts.texts.Entries())
	}
	if got, want := b.beside(texts, numbers)["t1"], (besideText{classes: 3, number: true, greatest: 90_000}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
