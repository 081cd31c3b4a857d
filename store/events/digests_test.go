package events

import (
	"errors"
	"slices"
	"testing"

	"tripod/store"
)

// TestScanLooksOnlyWhereItMay asks two parts and a head apart: who does not want
// the head does not pay for the filters of its chunks.
func TestScanLooksOnlyWhereItMay(t *testing.T) {
	s := openTest(t, t.TempDir(), Options{NewDigest: func() Digest { return &countDigest{} }})
	sizes := []int{10, 200, 2300} // the head has more than one chunk
	for at, n := range sizes {
		if err := s.Append(t.Context(), numbered(10_000*at, 10_000*at+n)); err != nil {
			t.Fatal(err)
		}
		if at < 2 {
			flush(t, s)
		}
	}
	for _, may := range [][]int{nil, {10}, {200}, {10, 200}, {2300}, {10, 2300}, {10, 200, 2300}} {
		got := make([]int, len(sizes))
		q := Query{Range: everything, Where: Word{Text: "text"}, May: func(d Digest) bool {
			return slices.ContainsFunc(may, func(n int) bool { return d.(*countDigest).n == byte(n) })
		}}
		for e, err := range s.Scan(t.Context(), q) {
			if err != nil {
				t.Fatal(err)
			}
			n, _ := e.Get("n")
			got[n.Int()/10_000]++
		}
		for i, n := range sizes {
			if want := n * len(slices.DeleteFunc(slices.Clone(may), func(m int) bool { return m != n })); got[i] != want {
				t.Errorf("of %v: %d events of those %d, want %d", may, got[i], n, want)
			}
		}
		if inHead, made := slices.Contains(may, 2300), s.head.chunks[0].filter.Load() != nil; inHead != made {
			t.Errorf("of %v: the head's first chunk has a filter: %v", may, made)
		}
	}
}

// TestScanLooksWhereADigestIsLost finds the events of a part whose digest cannot
// be read.
func TestScanLooksWhereADigestIsLost(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir, Options{NewDigest: func() Digest { return &countDigest{} }})
	if err := s.Append(t.Context(), numbered(0, 10)); err != nil {
		t.Fatal(err)
	}
	flush(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openTest(t, dir, Options{NewDigest: func() Digest { return &lostDigest{} }})
	n := 0
	for _, err := range s.Scan(t.Context(), Query{Range: everything, May: func(Digest) bool { return false }}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != 10 {
		t.Errorf("found %d events, want 10", n)
	}
}

// lostDigest cannot be read.
type lostDigest struct{ countDigest }

func (*lostDigest) Read([]byte) error { return errCorrupt }

// TestDigestsOfDays sees events of more days than a head tells apart become
// parts, each with a digest of its own events, and the same after a replay.
func TestDigestsOfDays(t *testing.T) {
	o := Options{NewDigest: func() Digest { return &countDigest{} }}
	dir := t.TempDir()
	s := openTest(t, dir, o)
	const days = maxFlushDays + 4
	var ev []Event
	for n := range 5 * days {
		ev = append(ev, Event{Time: testDay + int64(n*7%days)*day, Fields: numbered(n, n+1)[0].Fields})
	}
	ev = append(ev, ev[0])
	if err := s.Append(t.Context(), ev); err != nil {
		t.Fatal(err)
	}
	check := func() {
		t.Helper()
		if got := digested(t, s); got != len(ev) {
			t.Errorf("digests hold %d, want %d", got, len(ev))
		}
	}
	check()
	s.Close()
	s = openTest(t, dir, o)
	check()
	flush(t, s)
	check()
	if len(s.parts) != maxFlushDays+1 {
		t.Errorf("%d parts", len(s.parts))
	}
	for _, p := range s.parts {
		if d := p.digest.(*countDigest); int(d.n) != p.info.rows {
			t.Errorf("the digest of a part of %d events from %d holds %d", p.info.rows, p.info.min, d.n)
		}
	}
}

// TestDigestLeavesOutWhatIsAlike has events that are, behind others, behind one
// of another day and behind one that is refused.
func TestDigestLeavesOutWhatIsAlike(t *testing.T) {
	s := openTest(t, t.TempDir(), Options{NewDigest: func() Digest { return &countDigest{} }})
	fields := numbered(0, 1)[0].Fields
	ev := []Event{
		{Time: testDay, Alike: true, Fields: fields}, // the first tells
		{Time: testDay, Alike: true, Fields: fields},
		{Time: testDay + day, Alike: true, Fields: fields}, // tells
		{Time: testDay + day, Class: Classes, Fields: fields},
		{Time: testDay + day, Alike: true, Fields: fields}, // tells, as all behind one that is not there
		{Time: testDay + day, Alike: true, Fields: fields},
	}
	var partial *store.PartialError
	if err := s.Append(t.Context(), ev); !errors.As(err, &partial) || partial.Rejected != 1 {
		t.Fatalf("got %v", err)
	}
	if got := digested(t, s); got != 4 {
		t.Errorf("the digests were told of %d events, want 4", got)
	}
}
