package events

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"tripod/store/events/columns"
)

// TestPlacesComeInOrder compares with a stable sort: times near and far, equal
// ones, and those whose differences take all 64 bits.
func TestPlacesComeInOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 300 {
		base, spread := r.Int64()-r.Int64(), int64(1)<<r.IntN(63)
		places := make([]place, 1+n)
		for i := range places {
			at := base + r.Int64N(spread)
			switch r.IntN(50) {
			case 0:
				at = math.MinInt64
			case 1:
				at = math.MaxInt64
			}
			places[i] = place{at, uint32(i / 10), uint32(i % 10)}
		}
		want := slices.Clone(places)
		slices.SortStableFunc(want, func(a, b place) int { return compareTime(a.time, b.time) })
		if got := byDigits(places); !slices.Equal(got, want) {
			t.Fatalf("%d places of %d ns: got %v, want %v", len(want), spread, got, want)
		}
	}
}

func TestDistinctNumbers(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	c, err := columns.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	some := []int64{-1, 0, 1, 63, 64, 65, math.MaxInt64, math.MinInt64, -64, 128}
	for range 50 {
		few := some[:1+r.IntN(len(some))]
		values, want := make([]int64, 1+r.IntN(300)), map[int64]bool{}
		for i := range values {
			values[i] = few[r.IntN(len(few))]
			want[values[i]] = true
		}
		ints := written(t, c, values)
		for most := range len(want) + 2 {
			got, ok := distinct(ints, most)
			if ok != (len(want) <= most) || ok && len(got) != len(want) {
				t.Fatalf("of %v at most %d: got %v, %v", values, most, got, ok)
			}
			for n := range got {
				if !want[n] {
					t.Fatalf("of %v: got %d", values, n)
				}
			}
		}
	}
}

func written(t *testing.T, c *columns.Codec, values []int64) *columns.Ints {
	t.Helper()
	w := columns.Writer{Codec: c}
	w.Ints(values)
	r := columns.Reader{Codec: c, In: w.Out}
	ints := r.Ints(len(values))
	if r.Bad {
		t.Fatalf("cannot read %v", values)
	}
	return &ints
}

func TestUvarints(t *testing.T) {
	cases := [][]byte{{}, {0x80}, {0x80, 0}, {0xff, 0x7f}, {0x80, 0x80}, {0x80, 0x80, 1}, {5}, {0x7f, 0x80}}
	for shift := range 64 {
		for _, n := range []uint64{1<<shift - 1, 1 << shift, 1<<shift + 1} {
			cases = append(cases, binary.AppendUvarint(nil, n), append(binary.AppendUvarint(nil, n), 7))
		}
	}
	for _, b := range cases {
		r := reader{b: b}
		got := r.uvarint()
		want, n := binary.Uvarint(b)
		if n <= 0 {
			if !r.bad {
				t.Errorf("% x: got %d", b, got)
			}
		} else if got != want || r.bad || len(r.b) != len(b)-n {
			t.Errorf("% x: got %d with %d bytes left, want %d with %d", b, got, len(r.b), want, len(b)-n)
		}
	}
}
