package metrics

import (
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// maxExponents bounds the buckets that one side of an exponential histogram
// adds up to; a wider one becomes coarser. The SDKs send at most 160.
const maxExponents = 320

// minScale is the coarsest that a native histogram can be: bounds that are
// 65,536 times the one before.
const minScale = -4

// exponents are the buckets of an exponential histogram: bucket i of a side
// ends at 2^(2^-scale × (i+1)).
type exponents struct {
	scale              int32
	threshold          float64
	zero               uint64
	positive, negative exponentRun
}

// exponentRun are the counts of neighbouring buckets, the first of which has
// index offset.
type exponentRun struct {
	offset int32
	counts []uint64
}

func (s *stream) addExponential(p pmetric.ExponentialHistogramDataPoint) error {
	if s.last != 0 && p.ZeroThreshold() != s.exp.threshold { // another zero begins anew
		*s = stream{start: p.StartTimestamp()}
	}
	if s.last == 0 {
		s.exp = exponents{scale: p.Scale(), threshold: p.ZeroThreshold()}
	}
	positive := trim(p.Positive().Offset(), p.Positive().BucketCounts().AsRaw())
	negative := trim(p.Negative().Offset(), p.Negative().BucketCounts().AsRaw())
	e := &s.exp
	scale := min(e.scale, p.Scale())
	for scale >= minScale && (wide(e.positive, e.scale-scale, positive, p.Scale()-scale) || wide(e.negative, e.scale-scale, negative, p.Scale()-scale)) {
		scale--
	}
	if scale < minScale {
		return errDeltaWide
	}
	e.positive = sumRuns(e.positive, e.scale-scale, positive, p.Scale()-scale)
	e.negative = sumRuns(e.negative, e.scale-scale, negative, p.Scale()-scale)
	e.scale = scale
	e.zero += p.ZeroCount()
	s.total(p.Count(), p.Sum(), p.HasSum())
	s.writeExponential(p)
	return nil
}

func (s *stream) writeExponential(p pmetric.ExponentialHistogramDataPoint) {
	p.SetScale(s.exp.scale)
	p.SetZeroCount(s.exp.zero)
	p.SetCount(s.count)
	if s.hasSum {
		p.SetSum(s.sum)
	} else {
		p.RemoveSum()
	}
	p.RemoveMin()
	p.RemoveMax()
	p.Positive().SetOffset(s.exp.positive.offset)
	p.Positive().BucketCounts().FromRaw(s.exp.positive.counts)
	p.Negative().SetOffset(s.exp.negative.offset)
	p.Negative().BucketCounts().FromRaw(s.exp.negative.counts)
}

// trim takes empty buckets off both ends.
func trim(offset int32, counts []uint64) exponentRun {
	for len(counts) > 0 && counts[len(counts)-1] == 0 {
		counts = counts[:len(counts)-1]
	}
	for len(counts) > 0 && counts[0] == 0 {
		counts = counts[1:]
		offset++
	}
	return exponentRun{offset, counts}
}

// reach is where two runs begin and end when each is made coarser by its steps.
func reach(a exponentRun, aBy int32, b exponentRun, bBy int32) (low, high int64, some bool) {
	for _, r := range []struct {
		exponentRun
		by int32
	}{{a, aBy}, {b, bBy}} {
		if len(r.counts) == 0 {
			continue
		}
		first, last := shift(int64(r.offset), r.by), shift(int64(r.offset)+int64(len(r.counts))-1, r.by)
		if !some {
			low, high, some = first, last, true
		}
		low, high = min(low, first), max(high, last)
	}
	return low, high, some
}

// shift makes an index coarser: each step joins two buckets.
func shift(i int64, by int32) int64 { return i >> min(uint32(by), 63) }

func wide(a exponentRun, aBy int32, b exponentRun, bBy int32) bool {
	low, high, _ := reach(a, aBy, b, bBy)
	return high-low >= maxExponents
}

// sumRuns gives a new run; both have been found not to be wide.
func sumRuns(a exponentRun, aBy int32, b exponentRun, bBy int32) exponentRun {
	low, high, some := reach(a, aBy, b, bBy)
	if !some {
		return exponentRun{}
	}
	out := exponentRun{offset: int32(low), counts: make([]uint64, high-low+1)}
	for i, n := range a.counts {
		out.counts[shift(int64(a.offset)+int64(i), aBy)-low] += n
	}
	for i, n := range b.counts {
		out.counts[shift(int64(b.offset)+int64(i), bBy)-low] += n
	}
	return out
}
