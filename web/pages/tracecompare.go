package pages

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"tripod/store"
	"tripod/ui"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// maxPairs bounds the rows of a comparison.
const maxPairs = 1000

// comparePage puts two traces side by side: a and b, or the first two of t,
// which the list of traces sends.
func (p *Pages) comparePage(w http.ResponseWriter, r *http.Request) error {
	if p.o.Traces == nil {
		return errNoDoor
	}
	ctx, cancel := context.WithTimeout(r.Context(), logTime)
	defer cancel()
	st := p.state(r)
	asked := st.Values["t"]
	if v := st.Values; v.Has("a") && v.Has("b") {
		asked = []string{v.Get("a"), v.Get("b")}
	}
	if len(asked) != 2 {
		return fmt.Errorf("%d traces were chosen, and two can be compared: %w", len(asked), store.ErrInvalid)
	}
	var two [2]store.Trace
	for i, text := range asked {
		id, err := store.ParseTraceID(text)
		if err != nil {
			return fmt.Errorf("%w: %w", err, store.ErrInvalid)
		}
		if two[i], _, err = p.lookUp(ctx, &st, id); err != nil {
			return err
		}
	}
	pg := p.page(ctx, st, "traces", "Compare", "trace.css", "trace.js")
	pg.Flush = true
	pg.Crumbs = []ui.Crumb{{Text: "Traces", Href: st.Carry().Href("/traces")}, {Text: "Compare"}}
	return p.show(w, r, pg, screens.ComparePage(p.compareView(st, two[0], two[1])))
}

func (p *Pages) compareView(st State, a, b store.Trace) screens.Compare {
	ta, tb := growTree(a.Spans), growTree(b.Spans)
	m := screens.Compare{A: p.compareHead(st, a, ta), B: p.compareHead(st, b, tb)}
	pairs := pairUp(shapesOf(ta), shapesOf(tb))
	width := max(ta.end-ta.start, tb.end-tb.start, 1)
	diffOnly := st.Values.Get("show") == "different"
	drawn := 0
	for _, pr := range pairs {
		switch {
		case pr.a == nil:
			m.OnlyB++
		case pr.b == nil:
			m.OnlyA++
		}
		different := !pr.same() || farApart(pr.a.time, pr.b.time, width)
		if different {
			m.Different++
		}
		if diffOnly && !different {
			continue
		}
		if drawn++; drawn <= maxPairs {
			m.Rows = append(m.Rows, p.compareRow(pr, width))
		}
	}
	if drawn > maxPairs {
		m.Note = fmt.Sprintf("These are the first %s of %s operations.", chart.Count(maxPairs), chart.Count(int64(drawn)))
	}
	m.Shows = []ui.Tab{
		{Text: "All " + chart.Count(int64(len(pairs))), Href: st.Without("show"), On: !diffOnly},
		{Text: "Different " + chart.Count(int64(m.Different)), Href: st.With("show", "different"), On: diffOnly},
	}
	m.Swap = st.With("t", "", "a", b.ID.String(), "b", a.ID.String())
	m.Longer = longerWords(ta.end-ta.start, tb.end-tb.start)
	return m
}

// farApart says whether two durations differ by a third, and by enough to be
// seen in a drawing so wide.
func farApart(a, b, width int64) bool {
	least, most := min(a, b), max(a, b)
	return most-least > most/3 && most-least >= width/100
}

func longerWords(a, b int64) string {
	switch {
	case a == b:
		return "Both took " + dur(a) + "."
	case a > b:
		return "The first took " + dur(a-b) + " longer."
	}
	return "The second took " + dur(b-a) + " longer."
}

func (p *Pages) compareHead(st State, tr store.Trace, t *tree) screens.CompareHead {
	root := t.root().span
	h := screens.CompareHead{
		ID: tr.ID.String()[:8], Href: st.Carry().Href("/traces/"+tr.ID.String(), "file", st.Values.Get("file")), Service: p.service(st, orDash(root.Service), ""), Name: orDash(root.Name),
		Duration: dur(t.end - t.start), Started: chart.When(time.Unix(0, t.start).UTC(), st.Now), Spans: counted(t.spans, "span"),
	}
	if root.Status == store.StatusError {
		h.Result = resultOf(root)
	}
	return h
}

func (p *Pages) compareRow(pr pair, width int64) screens.CompareRow {
	s := pr.any()
	r := screens.CompareRow{Depth: s.depth, Service: p.service(State{}, orDash(s.service), ""), Name: orDash(s.name)}
	side := func(s *shape) screens.CompareSide {
		if s == nil {
			return screens.CompareSide{}
		}
		out := screens.CompareSide{
			There: true, Duration: dur(s.time), Left: float64(max(s.at, 0)) / float64(width), Width: float64(s.time) / float64(width), Error: s.errors > 0,
		}
		out.Left = min(out.Left, 1)
		out.Width = min(out.Width, 1-out.Left)
		if s.calls > 1 {
			out.Calls = "× " + chart.Count(int64(s.calls))
		}
		return out
	}
	r.A, r.B = side(pr.a), side(pr.b)
	switch {
	case pr.a == nil:
		r.Word, r.Only = "only in the second", "b"
	case pr.b == nil:
		r.Word, r.Only = "only in the first", "a"
	default:
		r.Word = changeWord(pr.b.time - pr.a.time)
		r.Much = farApart(pr.a.time, pr.b.time, width)
	}
	return r
}

func changeWord(by int64) string {
	switch {
	case by > 0:
		return "+" + dur(by)
	case by < 0:
		return dur(by)
	}
	return "same"
}
