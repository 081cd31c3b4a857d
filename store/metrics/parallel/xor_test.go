package parallel

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// upstreamXOR reads as Prometheus does; false means that it found a fault.
func upstreamXOR(b []byte) ([]promql.FPoint, bool) {
	chunk, err := chunkenc.FromData(chunkenc.EncXOR, b)
	if err != nil {
		return nil, false
	}
	var out []promql.FPoint
	it := chunk.Iterator(nil)
	for it.Next() == chunkenc.ValFloat {
		t, v := it.At()
		out = append(out, promql.FPoint{T: t, F: v})
	}
	return out, it.Err() == nil
}

func samePoints(a, b []promql.FPoint) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].T != b[i].T || math.Float64bits(a[i].F) != math.Float64bits(b[i].F) {
			return false
		}
	}
	return true
}

// points are what x reads of a chunk.
func (x *xorReader) points(chunk []byte) (out []promql.FPoint, err error) {
	var s samples
	err = x.read(&s, chunk)
	for i, t := range s.times {
		out = append(out, promql.FPoint{T: t, F: s.values[i]})
	}
	return out, err
}

func wholeXOR() *xorReader { return &xorReader{mint: math.MinInt64, maxt: math.MaxInt64} }

func randomChunk(rnd *rand.Rand) []byte {
	chunk := chunkenc.NewXORChunk()
	app, _ := chunk.Appender()
	t, v, step := rnd.Int64()-rnd.Int64(), rnd.NormFloat64(), rnd.Int64N(100_000)
	for range rnd.IntN(200) {
		switch rnd.IntN(6) {
		case 0:
			t += rnd.Int64N(1 << (1 + rnd.IntN(40)))
		default:
			t += step
		}
		switch rnd.IntN(5) {
		case 0:
		case 1:
			v = math.Float64frombits(rnd.Uint64())
		case 2:
			v++
		default:
			v += rnd.NormFloat64()
		}
		app.Append(0, t, v)
	}
	return chunk.Bytes()
}

func TestXORAsPrometheus(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		b := randomChunk(rnd)
		want, _ := upstreamXOR(b)
		got, err := wholeXOR().points(b)
		if err != nil || !samePoints(got, want) {
			t.Fatalf("%d samples, %v, want %d", len(got), err, len(want))
		}
	}
}

// TestXOROfATime takes those samples of a chunk that lie in a time.
func TestXOROfATime(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	for range 5000 {
		chunk := chunkenc.NewXORChunk()
		app, _ := chunk.Appender()
		at := rnd.Int64N(1000)
		for range rnd.IntN(50) {
			at += rnd.Int64N(100)
			app.Append(0, at, rnd.NormFloat64())
		}
		x := &xorReader{mint: rnd.Int64N(5000) - 1000}
		x.maxt = x.mint + rnd.Int64N(4000)
		all, _ := upstreamXOR(chunk.Bytes())
		want := slices.DeleteFunc(all, func(p promql.FPoint) bool { return p.T < x.mint || p.T > x.maxt })
		got, err := x.points(chunk.Bytes())
		if err != nil || !samePoints(got, want) {
			t.Fatalf("from %d to %d: %v and %v, want %v", x.mint, x.maxt, got, err, want)
		}
	}
}

// FuzzXOR: what Prometheus reads is read the same, what it refuses is refused.
func FuzzXOR(f *testing.F) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 8 {
		f.Add(randomChunk(rnd))
	}
	f.Add([]byte{})
	f.Add([]byte{0, 3, 2})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < 2 {
			if _, err := wholeXOR().points(b); err == nil {
				t.Fatal("a chunk without a header was read")
			}
			return
		}
		want, ok := upstreamXOR(b)
		got, err := wholeXOR().points(b)
		if ok && (err != nil || !samePoints(got, want)) {
			t.Fatalf("%d samples and %v, want %d", len(got), err, len(want))
		}
	})
}

// BenchmarkXOR reads so many chunks in turn that their branches cannot be
// learned.
func BenchmarkXOR(b *testing.B) {
	for _, kind := range []struct {
		name string
		next func(r *rand.Rand, v float64) float64
	}{
		{"seldom", func(r *rand.Rand, v float64) float64 { return v + float64(r.IntN(20)/19) }},
		{"slow", func(r *rand.Rand, v float64) float64 { return v + float64(r.IntN(3)) }},
		{"busy", func(r *rand.Rand, v float64) float64 { return v + float64(r.IntN(100)) }},
		{"gauge", func(r *rand.Rand, _ float64) float64 { return math.Round(r.NormFloat64()*1000+20_000) / 10 }},
	} {
		rnd := rand.New(rand.NewPCG(1, 2))
		var chunks []*chunkenc.XORChunk
		for range 512 {
			chunk := chunkenc.NewXORChunk()
			app, _ := chunk.Appender()
			v := 0.0
			for i := range int64(120) {
				v = kind.next(rnd, v)
				app.Append(0, 1_700_000_000_000+i*15_000, v)
			}
			chunks = append(chunks, chunk)
		}
		b.Run(kind.name+"/stock", func(b *testing.B) {
			var it chunkenc.Iterator
			var out []promql.FPoint
			for i := 0; b.Loop(); i++ {
				out = out[:0]
				it = chunks[i%len(chunks)].Iterator(it)
				for it.Next() == chunkenc.ValFloat {
					t, v := it.At()
					out = append(out, promql.FPoint{T: t, F: v})
				}
			}
		})
		b.Run(kind.name+"/ours", func(b *testing.B) {
			x := wholeXOR()
			var out samples
			for i := 0; b.Loop(); i++ {
				out.reset()
				if err := x.read(&out, chunks[i%len(chunks)].Bytes()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
