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
}

// sameStart is how many traces that start in the very ns of a mark may have been
// in the list already.
const sameStart = 16

func (m traceMark) String() string { return strconv.FormatInt(m.start, 10) + "-" + m.id.String() }

// markOf reads the mark of an address; one outside of the range is dropped.
func markOf(st *State) (m traceMark, ok bool) {
	start, id, ok := strings.Cut(st.Values.Get("before"), "-")
	at, err := strconv.ParseInt(start, 10, 64)
	trace, err2 := store.ParseTraceID(id)
	if ok = ok && err == nil && err2 == nil && st.Range.Has(at); !ok {
		st.Values.Del("before")
		return traceMark{}, false
	}
	return traceMark{at, trace}, true
}

// narrow makes a search one for what comes behind the mark.
func (m traceMark) narrow(q *store.TraceQuery) {
	q.Range.To, q.Limit = m.start+1, maxTraces+sameStart
}

// behind are the traces that were not in the list before.
func (m traceMark) behind(found []store.TraceSummary) []store.TraceSummary {
	found = slices.DeleteFunc(found, func(t store.TraceSummary) bool {
		return t.Start == m.start && slices.Compare(t.ID[:], m.id[:]) <= 0
	})
	return found[:min(len(found), maxTraces)]
}

// traceParts says which part of the traces these are, and leads to the others.
func traceParts(st *State, all []store.TraceSummary, m *screens.Traces) {
	more := len(all) >= maxTraces
	mark, later := markOf(st)
	if !more && !later {
		return
	}
	oldest := &all[len(all)-1]
	which, begin := "the newest "+counted(len(all), "trace"), ""
	if later {
		which = counted(len(all), "trace") + " before " + clockIn(mark.start, st)
		m.Newest = st.With("before", "", "rows", "")
	}
	if more {
		begin = "; they begin at " + clockIn(oldest.Start, st)
		m.Older = st.With("before", traceMark{oldest.Start, oldest.ID}.String(), "rows", "")
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
