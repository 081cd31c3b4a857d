package pages

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"tripod/store"
	"tripod/ui/screens"
)

// maxDrawer bounds each list of the drawer.
const maxDrawer = 100

func (p *Pages) drawer(ctx context.Context, a *traceAsk, n *node) *screens.SpanDrawer {
	s := n.span
	d := &screens.SpanDrawer{
		ID: s.SpanID.String(), Service: p.service(a.st, orDash(s.Service), ""), Name: orDash(s.Name), Kind: s.Kind.String(),
		Duration: dur(n.end - n.start), Message: cut(s.StatusMessage, detailValue),
		Link: a.st.With("sel", s.SpanID.String(), "view", "") + "#s" + s.SpanID.String(), Close: a.st.Without("sel"),
		Attrs: p.spanAttrs(a, s.Attrs, true), LogsHref: a.logsHref("trace_id:" + a.id.String() + " span_id:" + s.SpanID.String()),
	}
	if s.Status == store.StatusError {
		d.Result = resultOf(s)
	}
	d.Usual = a.usualDrawer(s)
	d.JSON = spanText(s)
	d.Facts = []screens.Fact{{N: offset(n.start - a.t.start), Text: "after start"}, {N: dur(ownTime(n)), Text: "own time"}, {N: d.Kind, Text: "kind"}}
	if len(n.children) > 0 && a.st.Values.Get("below") != d.ID {
		d.Subtree = a.st.With("below", d.ID, "view", "")
	}
	for _, e := range s.Events[:min(len(s.Events), maxDrawer)] {
		d.Events = append(d.Events, spanEvent(e, n.start))
	}
	for i := range a.logs {
		if a.logs[i].SpanID == s.SpanID && len(d.Logs) < maxDrawer {
			d.Logs = append(d.Logs, p.traceLog(&a.logs[i], n.start))
		}
	}
	for i, l := range s.Links[:min(len(s.Links), maxDrawer)] {
		d.Links = append(d.Links, p.spanLink(ctx, a, l, i < maxNamedLinks))
	}
	if s.Resource != nil {
		d.Resource = p.spanAttrs(a, s.Resource.Attrs, false)
	}
	if s.Scope != nil && s.Scope.Name != "" {
		d.Scope = strings.TrimSpace("Written by " + s.Scope.Name + " " + s.Scope.Version)
	}
	if n := s.Dropped + s.DroppedEvents + s.DroppedLinks; n > 0 {
		d.Dropped = fmt.Sprintf("The sender dropped %d attributes, %d events and %d links.", s.Dropped, s.DroppedEvents, s.DroppedLinks)
	}
	return d
}

// spanAttrs lists attributes by name; find adds links to traces that have the
// same value.
func (p *Pages) spanAttrs(a *traceAsk, attrs store.Attrs, find bool) []screens.SpanAttr {
	out := make([]screens.SpanAttr, 0, min(len(attrs), maxDrawer))
	for _, at := range attrs[:min(len(attrs), maxDrawer)] {
		v := at.Value.Text()
		sa := screens.SpanAttr{Key: at.Key, Value: cut(v, detailValue)}
		if find && len(v) <= rowValue {
			sa.Find = a.st.Carry().Href("/traces", "tags", tagText(at.Key, v))
			if n, ok := at.Value.Number(); ok && n > 0 && plainField(at.Key) && (at.Value.Kind == store.KindInt || at.Value.Kind == store.KindFloat) {
				sa.AtLeast = a.st.Carry().Href("/traces", "tags", "{ span."+at.Key+" >= "+v+" }")
			}
		}
		out = append(out, sa)
	}
	slices.SortStableFunc(out, func(x, y screens.SpanAttr) int { return cmp.Compare(x.Key, y.Key) })
	return out
}

func spanEvent(e store.SpanEvent, start int64) screens.SpanEvent {
	out := screens.SpanEvent{At: offset(e.Time - start), Name: orDash(e.Name)}
	var rest []string
	for _, at := range e.Attrs[:min(len(e.Attrs), 20)] {
		switch at.Key {
		case "exception.stacktrace":
			out.Stack = cut(at.Value.Text(), detailBody)
		case "exception.message":
			out.Name = "exception: " + cut(at.Value.Text(), rowMessage)
		case "exception.type", "exception.escaped":
		default:
			rest = append(rest, at.Key+"="+cut(oneLine(at.Value.Text()), rowValue))
		}
	}
	out.Bad = strings.HasPrefix(out.Name, "exception")
	out.Text = strings.Join(rest, " ")
	return out
}

// plainField says whether TraceQL takes the name of an attribute without quotes.
func plainField(key string) bool {
	return key != "" && !strings.ContainsFunc(key, func(r rune) bool {
		return r != '_' && r != '.' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}

// Bounds on looking up what links lead to, to name it.
const (
	maxNamedLinks = 4
	namedLinkTime = 100 * time.Millisecond
)

// spanLink is a link; look asks for the span that it leads to, which may be gone.
func (p *Pages) spanLink(ctx context.Context, a *traceAsk, l store.SpanLink, look bool) screens.SpanLink {
	out := screens.SpanLink{
		Text: "follows a span of another trace", ID: l.TraceID.String()[:8],
		Href: a.st.Carry().Href("/traces/"+l.TraceID.String(), "sel", l.SpanID.String()),
	}
	if l.TraceID == a.id {
		out.Text, out.Href = "follows a span of this trace", a.st.With("sel", l.SpanID.String())+"#s"+l.SpanID.String()
	}
	if s := p.linked(ctx, a, l, look); s != nil {
		service := p.service(a.st, orDash(s.Service), "")
		out.Text, out.Service, out.Name = "follows", &service, orDash(s.Name)
	}
	if v := l.Attrs.Text("link.kind"); v != "" {
		out.Text = cut(v, 60)
	}
	return out
}

// linked is the span that a link leads to, nil when it is not to be had soon.
func (p *Pages) linked(ctx context.Context, a *traceAsk, l store.SpanLink, look bool) *store.Span {
	if l.TraceID == a.id {
		for _, n := range a.t.nodes {
			if n.span != nil && n.id == l.SpanID {
				return n.span
			}
		}
		return nil
	}
	if !look {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, namedLinkTime)
	defer cancel()
	tr, err := p.o.Traces.Trace(ctx, l.TraceID)
	if err != nil {
		return nil
	}
	for i := range tr.Spans {
		if tr.Spans[i].SpanID == l.SpanID {
			return &tr.Spans[i]
		}
	}
	return nil
}

// ownTime is the time in a span during which none of its children ran, in ns.
func ownTime(n *node) int64 {
	at, self := n.start, int64(0)
	for _, c := range n.children { // by start
		if c.start > at {
			self += min(c.start, n.end) - min(at, n.end)
		}
		at = max(at, c.end)
	}
	return max(0, self+max(0, n.end-max(at, n.start)))
}

// tagText writes one condition of the search form: key=value, the value quoted
// where it has spaces or quotes.
func tagText(key, value string) string {
	if strings.ContainsAny(value, " \t\"\\") || value == "" {
		value = forceQuote(value)
	}
	return key + "=" + value
}

// parseTags reads key=value words; words without "=" are returned as wrong.
func parseTags(s string) (tags map[string]string, wrong []string) {
	tags = map[string]string{}
	for i := skipSpace(s, 0); i < len(s) && len(tags) < 32; i = skipSpace(s, i) {
		start := i
		for i < len(s) && s[i] != '=' && !isSpace(s[i]) {
			i++
		}
		key := s[start:i]
		if i >= len(s) || s[i] != '=' || key == "" {
			for i < len(s) && !isSpace(s[i]) {
				i++
			}
			wrong = append(wrong, s[start:i])
			continue
		}
		i++
		if i < len(s) && s[i] == '"' {
			tags[key], i = unquote(s, i)
			continue
		}
		start = i
		for i < len(s) && !isSpace(s[i]) {
			i++
		}
		tags[key] = s[start:i]
	}
	return tags, wrong
}

// parseBound reads a duration the way people give bounds: 50ms, 1.5s.
func parseBound(s string) (time.Duration, bool) {
	s = strings.ReplaceAll(strings.TrimSpace(s), " ", "")
	if s == "" {
		return 0, true
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		if d, err = time.ParseDuration(s + "ms"); err != nil {
			return 0, false
		}
	}
	return d, d >= 0
}
