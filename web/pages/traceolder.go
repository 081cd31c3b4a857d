package pages

import (
	"slices"
	"strconv"
	"strings"

	"tripod/store"
	"tripod/ui"
	"tripod/ui/screens"
)

// traceMark is the last trace of a list; its next part begins behind it.
type traceMark struct {
	start int64 // Unix ns
	id    store.TraceID
	shown int // traces of this very start, in this part and those before
}

// maxSameStart is how many traces of one start may have been shown for others to
// be found behind them: a search gives at most 10,000.
const maxSameStart = 10_000 - maxTraces

func (m traceMark) String() string {
	return strconv.FormatInt(m.start, 10) + "-" + m.id.String() + "-" + strconv.Itoa(m.shown)
}

// markOf reads the mark of an address; one outside of the range is dropped.
func markOf(st *State) (m traceMark, ok bool) {
	start, rest, _ := strings.Cut(st.Values.Get("before"), "-")
	id, shown, _ := strings.Cut(rest, "-")
	at, err := strconv.ParseInt(start, 10, 64)
	trace, err2 := store.ParseTraceID(id)
	n, err3 := strconv.ParseUint(shown, 10, 31)
	if ok = err == nil && err2 == nil && err3 == nil && st.Range.Has(at); !ok {
		st.Values.Del("before")
		return traceMark{}, false
	}
	return traceMark{at, trace, int(n)}, true
}

// narrow makes a search one for what comes behind the mark.
func (m traceMark) narrow(q *store.TraceQuery) {
	if m.shown > maxSameStart {
		q.Range.To = max(m.start, q.Range.From+1)
		return
	}
	q.Range.To, q.Limit = m.start+1, maxTraces+m.shown
}

// behind are the traces that were not in the list before, and whether there may
// be more than these, when there may be more than were found.
func (m traceMark) behind(found []store.TraceSummary, more bool) ([]store.TraceSummary, bool) {
	found = slices.DeleteFunc(found, func(t store.TraceSummary) bool {
		return t.Start == m.start && slices.Compare(t.ID[:], m.id[:]) <= 0
	})
	return found[:min(len(found), maxTraces)], more || len(found) > maxTraces
}

// next is the mark of a part that begins behind this one.
func (m traceMark) next(part []store.TraceSummary) traceMark {
	last := &part[len(part)-1]
	out := traceMark{start: last.Start, id: last.ID}
	if m.start == last.Start {
		out.shown = m.shown
	}
	for i := len(part) - 1; i >= 0 && part[i].Start == last.Start; i-- {
		out.shown++
	}
	return out
}

// traceParts says which part of the traces these are, and leads to the others.
func traceParts(st *State, all []store.TraceSummary, more bool, m *screens.Traces) {
	mark, later := markOf(st)
	if !more && !later {
		return
	}
	which, begin := "the newest "+counted(len(all), "trace"), ""
	if later {
		which = counted(len(all), "trace") + " before " + clockIn(mark.start, st)
		m.Newest = st.With("before", "", "rows", "")
	}
	if more {
		next := mark.next(all)
		begin = "; they begin at " + clockIn(next.start, st)
		if next.shown > maxSameStart {
			begin += ", where too many start in the same nanosecond for all to be listed"
		}
		m.Older = st.With("before", next.String(), "rows", "")
	}
	m.Notice = "These are " + which + begin + ". "
}

// noOlder says that nothing is behind a mark.
func noOlder(st *State, mark traceMark) *screens.TraceEmpty {
	return &screens.TraceEmpty{
		Title: "No older traces in this time range", Text: "None that match start before " + clockIn(mark.start, st) + ".",
		Actions: []ui.Button{{Text: "Back to the newest", Href: st.With("before", "", "rows", ""), Small: true}},
	}
}
