package events

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"tripod/store"
)

// filled opens a store with rows in parts: one trace of four rows after the
// other, and a message.
func filled(t testing.TB, rows int) *Store {
	t.Helper()
	s, err := Open(t.TempDir(), Options{MaxBlockRows: 512})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	var ev []Event
	for i := range rows {
		ev = append(ev, Event{Time: int64(i) * 1e6, Class: uint8(i % 3), Fields: []Field{
			{"msg", store.String(fmt.Sprintf("took %d ms for db-%d", i%977, i%5))},
			{"id", store.String(fmt.Sprintf("%032x", i/4*7919))}}})
	}
	if err := s.Append(context.Background(), ev); err != nil {
		t.Fatal(err)
	}
	if err := s.rotate(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.flushOne(); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestBlocksOfALimitedQueryStayUnpacked(t *testing.T) {
	s := filled(t, 40_000)
	ask := func(x Expr, limit int) (read int64, found int) {
		var r store.Receipt
		for _, err := range s.Scan(context.Background(), Query{Where: x, Range: everything, Limit: limit, Receipt: &r}) {
			if err != nil {
				t.Fatal(err)
			}
			found++
		}
		return r.Read, found
	}
	x := Substring{Text: "for db-3"}
	if read, found := ask(x, 300); read == 0 || found != 300 {
		t.Fatalf("first: %d bytes read, %d found", read, found)
	}
	// Blocks that were read ahead stay too, of which each time others may have been
	// begun: one of as many answers as there are blocks is of kept ones alone.
	read, found := ask(x, 300)
	for n := 0; read != 0 && n < len(s.parts[0].blocks); n++ {
		read, found = ask(x, 300)
	}
	if read != 0 || found != 300 {
		t.Errorf("again: %d bytes read, %d found", read, found)
	}
	before := len(s.decoded.list)
	if ask(nil, 0); len(s.decoded.list) > before+fewKept {
		t.Errorf("a query without a limit kept %d of %d blocks", len(s.decoded.list)-before, len(s.parts[0].blocks))
	}
	for _, p := range s.parts {
		s.decoded.forget(p)
	}
	if len(s.decoded.list) != 0 || s.decoded.size != 0 {
		t.Errorf("%d blocks of %d bytes left of no part", len(s.decoded.list), s.decoded.size)
	}
	if read, _ := ask(x, 300); read == 0 {
		t.Error("nothing read of blocks that are not kept")
	}
}

func TestUnpackedBlocksAreBounded(t *testing.T) {
	var k decodedBlocks
	for i := range 4000 {
		k.keep(partBlock{m: &blockMeta{no: i}}, decoded{times: make([]int64, 1000+i)})
	}
	last := k.list[len(k.list)-1]
	if k.size > maxDecoded || k.size < maxDecoded/2 || last.of.no != 3999 || k.find(last.of) == nil {
		t.Errorf("%d bytes of %d blocks, the last is %d", k.size, len(k.list), last.of.no)
	}
	if k.keep(partBlock{m: &blockMeta{}}, decoded{times: make([]int64, maxDecoded)}); k.list[len(k.list)-1] != last {
		t.Error("one block took the room of all")
	}
}

// What is said to be in memory is about what is.
func TestBytesOfUnpackedBlocks(t *testing.T) {
	s := filled(t, 60_000)
	var before, after runtime.MemStats
	for range 3 { // pools are emptied by the second
		runtime.GC()
	}
	runtime.ReadMemStats(&before)
	for range s.Scan(context.Background(), Query{Range: everything, Limit: 50_000}) {
	}
	for range 3 {
		runtime.GC()
	}
	runtime.ReadMemStats(&after)
	took := int64(after.HeapAlloc) - int64(before.HeapAlloc)
	if s.decoded.size < took/2 || s.decoded.size > 2*took {
		t.Errorf("%d bytes are said of %d blocks, %d were taken", s.decoded.size, len(s.decoded.list), took)
	}
}

func TestUnpackedBlocksAreSharedByQueries(t *testing.T) {
	s := filled(t, 5000)
	questions := []Expr{nil, Substring{Text: "for db-3"}, Equal{Field: "id", Text: fmt.Sprintf("%032x", 100*7919)}, ClassIn(2), Phrase{Text: "took 5 ms"}}
	var want []int
	count := func(x Expr) (n int) {
		for e, err := range s.Scan(context.Background(), Query{Where: x, Range: everything, Limit: 10_000}) {
			if err != nil || x != nil && !x.Match(e) {
				t.Errorf("%v: %v %v", x, e, err)
				break
			}
			n++
		}
		return n
	}
	for _, x := range questions {
		want = append(want, count(x))
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for round := range 20 {
				i := round % len(questions)
				if got := count(questions[i]); got != want[i] {
					t.Errorf("%v: %d, want %d", questions[i], got, want[i])
				}
			}
		})
	}
	wg.Wait()
}
