package traces

import (
	"cmp"
	"slices"

	"tripod/store"
	"tripod/store/events"
)

// brief is what a summary needs of a span.
type brief struct {
	span   store.Span // ids, service, name, kind, status, start and end, and what SharesID asks for
	status string     // HTTP status code
	kids   []interval
}

type interval struct{ from, to int64 }

// briefly decodes little.
func (d *decoder) briefly(e *events.Event) brief {
	b := brief{span: store.Span{Start: e.Time, End: e.Time}}
	for i := range e.Fields {
		switch f := &e.Fields[i]; f.Name {
		case fSpanID, fParentID, fService, fName, fKind, fDuration, fStatus:
			d.own(&b.span, f.Name, f.Value)
		case attrPrefix + "http.response.status_code", attrPrefix + "http.status_code":
			b.status = d.word(f.Value.Text())
		case attrPrefix + store.ZipkinShared:
			b.span.Attrs = store.Attrs{{Key: store.ZipkinShared}}
		}
	}
	return b
}

// summarize makes the row of a trace out of all of its spans, of which there is
// at least one, in order of start.
func summarize(id store.TraceID, spans []brief) store.TraceSummary {
	kin := kinship(spans)
	if kin.Twins {
		spans = withoutTwins(spans)
		kin = kinship(spans)
	}
	t := store.TraceSummary{ID: id, Start: spans[0].span.Start, End: spans[0].span.Start, Spans: len(spans)}
	root := -1
	for i := range spans {
		s := &spans[i].span
		t.Start, t.End = min(t.Start, s.Start), max(t.End, s.End, s.Start) // a clock may say that it ended before it began
		p := kin.Parent(i)
		if p < 0 && root < 0 {
			root = i
		}
		if p >= 0 && p != i {
			spans[p].kids = append(spans[p].kids, interval{s.Start, s.End})
		}
	}
	r := &spans[max(root, 0)] // a circle has no root: its first span will do
	t.RootService, t.RootName, t.Status = r.span.Service, r.span.Name, rootStatus(r)
	for i := range spans {
		share(&t, &spans[i])
	}
	return t
}

func kinship(spans []brief) *store.Kinship {
	return store.NewKinship(len(spans), func(i int) *store.Span { return &spans[i].span })
}

func rootStatus(b *brief) string {
	switch {
	case b.status != "":
		return b.status
	case b.span.Status == store.StatusError:
		return "error"
	}
	return "ok"
}

// withoutTwins drops spans that came twice.
func withoutTwins(spans []brief) []brief {
	type key struct {
		id         store.SpanID
		kind       store.SpanKind
		start, end int64
		service    string
	}
	seen := make(map[key]bool, len(spans))
	return slices.DeleteFunc(spans, func(b brief) bool {
		k := key{b.span.SpanID, b.span.Kind, b.span.Start, b.span.End, b.span.Service}
		twice := seen[k]
		seen[k] = true
		return twice
	})
}

func share(t *store.TraceSummary, b *brief) {
	i := slices.IndexFunc(t.Services, func(s store.ServiceShare) bool { return s.Service == b.span.Service })
	if i < 0 {
		i = len(t.Services)
		t.Services = append(t.Services, store.ServiceShare{Service: b.span.Service})
	}
	s := &t.Services[i]
	s.Spans++
	s.Self += selfTime(b)
	if b.span.Status == store.StatusError {
		s.Errors++
		t.Errors++
	}
}

// selfTime is a span's duration less what its children cover of it.
func selfTime(b *brief) int64 {
	slices.SortFunc(b.kids, func(x, y interval) int { return cmp.Compare(x.from, y.from) })
	self, at := b.span.Duration(), b.span.Start
	for _, k := range b.kids {
		from, to := max(k.from, at), min(k.to, b.span.End)
		if to > from {
			self -= to - from
			at = to
		}
	}
	return self
}
