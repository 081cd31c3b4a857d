package events

import (
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"tripod/store"
)

// sumDigest adds up numbers, and can be merged.
type sumDigest struct{ n, added int64 }

func (d *sumDigest) Add(e *Event) {
	v, _ := e.Get("n")
	d.n += v.Int()
	d.added++
}
func (d *sumDigest) Merge(other Digest)       { d.n += other.(*sumDigest).n }
func (d *sumDigest) AppendTo(b []byte) []byte { return appendValue(b, store.Int(d.n)) }
func (d *sumDigest) Read(b []byte) error {
	r := reader{b: b}
	d.n = r.value(0).Int()
	return nil
}

// TestMergedBlocksStayInOrder mixes blocks that stand alone, touch in one
// instant and overlap.
func TestMergedBlocksStayInOrder(t *testing.T) {
	for name, spread := range map[string]int64{"one after the other": 0, "touching": 3, "overlapping": 40, "all at once": 100_000} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(10) {
				r := rand.New(rand.NewPCG(seed, 1))
				s := openTest(t, t.TempDir(), Options{MaxBlockRows: 4, NewDigest: func() Digest { return &sumDigest{} }})
				n := int64(0)
				for range mergeRun {
					ev := numbered(int(n), int(n)+5+r.IntN(20))
					for i := range ev {
						at := testDay + (n+int64(i))/2 // twins
						if spread > 0 {
							at = max(testDay, at-r.Int64N(spread))
						}
						ev[i].Time = at
					}
					n += int64(len(ev))
					if err := s.Append(t.Context(), ev); err != nil {
						t.Fatal(err)
					}
					flush(t, s)
				}
				want := collect(t, s, Query{Range: everything})
				mergeAll(t, s)
				if len(s.parts) != 1 {
					t.Fatalf("%d parts after merging", len(s.parts))
				}
				if got := collect(t, s, Query{Range: everything}); !slices.Equal(got, want) {
					t.Fatalf("seed %d: got %q, want %q", seed, got, want)
				}
				d := s.parts[0].digest.(*sumDigest)
				if d.n != n*(n-1)/2 || d.added != 0 {
					t.Errorf("seed %d: the digest holds %d of %d, from %d events", seed, d.n, n*(n-1)/2, d.added)
				}
				if b := s.parts[0].blocks; spread == 0 && len(b) > int(n)/2 {
					t.Errorf("%d blocks of %d rows", len(b), n)
				}
			}
		})
	}
}

// TestMergeTakesOverNothingDamaged: parts of which a block is broken stay.
func TestMergeTakesOverNothingDamaged(t *testing.T) {
	s := openTest(t, t.TempDir(), Options{MaxBlockRows: 10})
	for i := range mergeRun {
		if err := s.Append(t.Context(), numbered(20*i, 20*i+20)); err != nil {
			t.Fatal(err)
		}
		flush(t, s)
	}
	name := s.parts[3].name
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	b[len(partMagic)+s.parts[3].blocks[0].chunks/2] ^= 1
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.mergeOne(t.Context()); !errors.Is(err, errCorrupt) {
		t.Errorf("got %v, want a report of damage", err)
	}
	if len(s.parts) != mergeRun {
		t.Errorf("%d parts, want all %d", len(s.parts), mergeRun)
	}
	found, failed := 0, 0
	for _, err := range s.Scan(t.Context(), Query{Range: everything}) {
		if found++; err != nil {
			found--
			failed++
		}
	}
	if found != 20*mergeRun-10 || failed != 1 {
		t.Errorf("found %d and failed %d times", found, failed)
	}
}
