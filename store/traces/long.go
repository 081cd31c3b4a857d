package traces

import (
	"hash/maphash"
	"math"
	"strings"
	"time"

	"tripod/store"
	"tripod/store/events"
	"tripod/store/traces/traceql"
)

// longHunt meets the traces of a scan over all spans, newest first, that last so
// long by the times of their spans, which are few of those that would be read.
type longHunt struct {
	*hunt
	starts store.TimeRange // of the traces
	found  func(id string, at int64)
	seed   maphash.Seed
	// What is known of the traces of this hour of the scan and the one before;
	// by hashes, since what is taken for a longer trace is only read in vain.
	now, before map[uint64]stretch
	until       int64 // Unix ns; before it, now becomes before
}

// stretch is the time of the spans of a trace that were met last and lie within
// maxLength, in Unix ns: when the first that was met started, which is the
// newest, and when the last of them ended.
type stretch struct{ newest, end int64 }

// maxStretches bounds the traces of an hour that are known: about 50 MB.
const maxStretches = 1 << 20

var longFields = []string{fTraceID, fDuration}

// newLongHunt tells found of each trace that starts in a range, with the time of
// a span of it.
func newLongHunt(h *hunt, starts store.TimeRange, found func(id string, at int64)) *longHunt {
	return &longHunt{hunt: h, starts: starts, found: found, seed: maphash.MakeSeed(), now: map[uint64]stretch{}, until: addTime(starts.To, -maxLength)}
}

// long says that traces are to be found by how long they last, and by nothing
// else.
func (h *hunt) long(where events.Expr) bool { return h.least > 0 && matchesAll(where) }

// scanned is the range of the scan: spans of a trace that starts in the range
// may start behind it.
func (l *longHunt) scanned() store.TimeRange {
	return store.TimeRange{From: l.starts.From, To: addTime(l.starts.To, maxLength)}
}

func (l *longHunt) meet(e *events.Event) {
	if e.Time < l.until {
		l.now, l.before = map[uint64]stretch{}, l.now
		l.until = addTime(e.Time, -maxLength)
	}
	id := e.Text(fTraceID)
	key := maphash.String(l.seed, id)
	s, known := l.now[key]
	if !known {
		if s, known = l.before[key]; !known {
			s.newest, s.end = e.Time, e.Time
		}
		if len(l.now) >= maxStretches {
			l.cut = true
			return
		}
	}
	if s.newest > addTime(e.Time, maxLength) { // too far from the others
		s = stretch{e.Time, e.Time}
	}
	took, _ := e.Get(fDuration)
	s.end = max(s.end, addTime(e.Time, max(0, took.Int())))
	l.now[key] = s
	// Of spans behind the range, those within an hour may all lie there.
	if s.end-e.Time >= int64(l.least) && l.starts.Has(e.Time) && !l.seen[id] {
		id = strings.Clone(id)
		l.seen[id] = true
		l.found(id, s.newest)
	}
}

// leastOf is how long a trace lasts that fits a need, as far as it says so.
func leastOf(n traceql.Need) (least time.Duration) {
	switch n := n.(type) {
	case traceql.All:
		for _, in := range n {
			least = max(least, leastOf(in))
		}
	case traceql.Any:
		for i, in := range n {
			if each := leastOf(in); i == 0 || each < least {
				least = each
			}
		}
	case *traceql.Test:
		ns, isNumber := n.Number()
		if n.Field.Intrinsic == traceql.TraceDuration && isNumber && (n.Op == ">" || n.Op == ">=" || n.Op == "=") && ns > 0 && ns < math.MaxInt64 {
			return time.Duration(ns)
		}
	}
	return least
}
