package pages

import (
	"encoding/json"
	"slices"
	"strconv"

	"tripod/store"
	"tripod/ui/screens"
)

// traceRow is one row of the waterfall.
type traceRow struct {
	kind    rowKind
	n       *node // of rowSpan and rowLost
	depth   int
	name    string
	service string
	start   int64 // ns after the start of the trace
	dur     int64 // ns; of rowAbsent what it usually takes
	usual   int64 // ns that such a span usually takes, -1 when that is not known
	line    *store.Record
}

type rowKind uint8

const (
	rowSpan   rowKind = iota
	rowLost           // a parent that was not received
	rowAbsent         // a span that the typical trace has
	rowLine           // a log line, at its time
)

// waterfallRows are the rows of some nodes, which stand together in the tree. The
// lines of a span stand between it and what it called.
func waterfallRows(a *traceAsk, nodes []*node, lines bool) []traceRow {
	out := make([]traceRow, 0, len(nodes))
	of := a.linesOf(nodes, lines)
	base := nodes[0].depth
	for i, n := range nodes {
		r := traceRow{n: n, depth: n.depth - base, start: n.start - a.t.start, dur: n.end - n.start, usual: -1}
		if n.span == nil {
			r.kind, r.name = rowLost, "span "+n.id.String()[:8]
		} else {
			r.name, r.service = orDash(n.span.Name), n.span.Service
			if usually := a.usually(n.span); usually >= 0 && a.muchLonger(r.dur, usually) {
				r.usual = usually
			}
		}
		out = append(out, r)
		for _, rec := range of[i] {
			out = append(out, traceRow{
				kind: rowLine, depth: r.depth + 1, name: cut(oneLine(rec.Message()), rowMessage), service: rec.Service,
				start: rec.Time - a.t.start, usual: -1, line: rec,
			})
		}
	}
	return out
}

// linesOf are the log lines by the place of their span among some nodes; a line
// of a span that is not in the trace goes to the root, when that is drawn.
func (a *traceAsk) linesOf(nodes []*node, want bool) map[int][]*store.Record {
	if !want || len(a.logs) == 0 {
		return nil
	}
	byID := make(map[store.SpanID]int, len(nodes))
	for i, n := range slices.Backward(nodes) {
		byID[n.id] = i
	}
	whole := len(nodes) == len(a.t.nodes)
	out := map[int][]*store.Record{}
	for i := range a.logs {
		at, ok := byID[a.logs[i].SpanID]
		if ok || whole {
			out[at] = append(out[at], &a.logs[i])
		}
	}
	return out
}

// Flags of a row in rowsJSON.
const (
	flagError = 1 << iota
	flagLost
	flagCritical
	flagAbsent
	flagLine
)

// rowsJSON is what the island draws rows from, as short as it can be: a trace
// may have a hundred thousand. Each row is
// [depth, name, service, start, duration, flags, usual, critical start,
// critical duration, span id], names and services by their place in lists, times
// in ns; of a line "usual" is its level, by its place among the names.
func (p *Pages) rowsJSON(a *traceAsk, rows []traceRow) json.RawMessage {
	names, services := newWords(), newWords()
	b := make([]byte, 0, 64*len(rows)+256)
	b = append(b, `{"width":`...)
	b = strconv.AppendInt(b, a.t.end-a.t.start, 10)
	b = append(b, `,"rows":[`...)
	for i := range rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendRow(b, a, &rows[i], names, services)
	}
	b = append(b, `],"names":`...)
	b = appendJSON(b, names.list)
	slots := make([]int, len(services.list))
	for i, s := range services.list {
		slots[i] = p.o.Slots(s)
		services.list[i] = orDash(s)
	}
	b = append(b, `,"services":`...)
	b = appendJSON(b, services.list)
	b = append(b, `,"slots":`...)
	b = appendJSON(b, slots)
	return append(b, '}')
}

func appendRow(b []byte, a *traceAsk, r *traceRow, names, services *words) []byte {
	flags, usual := 0, r.usual
	var critStart, critDur int64
	id := ""
	switch r.kind {
	case rowLost:
		flags, id = flagLost, r.n.id.String()
	case rowAbsent:
		flags = flagAbsent
	case rowLine:
		flags, usual = flagLine, int64(names.of(r.line.Level.Word()))
		id = r.line.SpanID.String()
	default:
		id = r.n.id.String()
		if r.n.span.Status == store.StatusError {
			flags |= flagError
		}
		if r.n.critical {
			flags |= flagCritical
			critStart, critDur = r.n.critStart-a.t.start, r.n.critEnd-r.n.critStart
		}
	}
	b = append(b, '[')
	for _, v := range [...]int64{int64(r.depth), int64(names.of(r.name)), int64(services.of(r.service)), r.start, r.dur, int64(flags), usual, critStart, critDur} {
		b = strconv.AppendInt(b, v, 10)
		b = append(b, ',')
	}
	b = append(b, '"')
	b = append(b, id...)
	return append(b, '"', ']')
}

func appendJSON(b []byte, v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic("pages: " + err.Error()) // strings and numbers always have a JSON
	}
	return append(b, text...)
}

// words numbers texts by first appearance.
type words struct {
	list []string
	at   map[string]int
}

func newWords() *words { return &words{list: []string{}, at: map[string]int{}} }

func (w *words) of(s string) int {
	i, ok := w.at[s]
	if !ok {
		i = len(w.list)
		w.at[s] = i
		w.list = append(w.list, s)
	}
	return i
}

// rowKids are the rows below each row.
func rowKids(rows []traceRow) []int {
	out := make([]int, len(rows))
	var open []int // places of the ancestors
	for i := range rows {
		for len(open) > 0 && rows[open[len(open)-1]].depth >= rows[i].depth {
			last := open[len(open)-1]
			open = open[:len(open)-1]
			out[last] = i - last - 1
		}
		open = append(open, i)
	}
	for _, at := range open {
		out[at] = len(rows) - at - 1
	}
	return out
}

// parentService is the service of the row above the one at i in the tree.
func parentService(rows []traceRow, i int) (string, bool) {
	for j := i - 1; j >= 0 && i-j < 512; j-- {
		if rows[j].depth < rows[i].depth {
			return rows[j].service, rows[j].kind != rowLost
		}
	}
	return "", false
}

// spanRow is a row in words and shares of the trace's time.
func (p *Pages) spanRow(a *traceAsk, rows []traceRow, i, kids int) screens.SpanRow {
	r := &rows[i]
	left := a.t.share(a.t.start + r.start)
	s := screens.SpanRow{
		Depth: r.depth, Kids: kids, Slot: p.o.Slots(r.service), Name: r.name, Duration: dur(r.dur),
		Left: left, Width: a.t.share(a.t.start+r.start+r.dur) - left,
	}
	if r.usual >= 0 {
		s.Usual = dur(r.usual)
	}
	switch r.kind {
	case rowLost:
		s.ID, s.Slot, s.Kind = "missing-"+r.n.id.String(), 8, screens.RowLost
		return s
	case rowAbsent:
		s.Kind = screens.RowAbsent
		return s
	case rowLine:
		s.Kind, s.Level, s.Title = screens.RowLine, r.line.Level.Word(), offset(r.start)
		return s
	}
	n := r.n
	s.ID, s.Error = n.id.String(), n.span.Status == store.StatusError
	s.Href, s.Selected = a.st.With("sel", s.ID)+"#s"+s.ID, s.ID == a.sel
	s.Title = orDash(r.service) + ": " + s.Name + ", " + s.Duration
	if up, ok := parentService(rows, i); !ok || up != r.service {
		s.Note = orDash(r.service)
	}
	if n.critical {
		s.Critical, s.CritLeft = true, a.t.share(n.critStart)
		s.CritWidth = a.t.share(n.critEnd) - s.CritLeft
	}
	return s
}
