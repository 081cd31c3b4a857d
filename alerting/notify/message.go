package notify

import (
	"cmp"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// shownItems is the number of alerts that a message spells out.
const shownItems = 10

// margin is what a link shows of the time before an alert began to fire; a
// rule's for and the window of its expression lie there.
const margin = 15 * time.Minute

// message says it in a sentence, then gives the figures, then the ways to go
// on. external is where the links lead, nil leaves them out.
func message(n Notification, external *url.URL) post {
	p := post{Text: escape(sentence(n), maxText)}
	p.Blocks = append(p.Blocks, header(n.ID, word(n.What)+": "+n.Name))
	for i, item := range n.Items {
		if i == shownItems {
			break
		}
		p.Blocks = append(p.Blocks, itemBlocks(n, item)...)
	}
	if more := len(n.Items) + n.More - shownItems; more > 0 {
		p.Blocks = append(p.Blocks, section(fmt.Sprintf("and %d more", more)))
	}
	if b := links(n, external); len(b.Elements) > 0 {
		p.Blocks = append(p.Blocks, b)
	}
	return p
}

func word(w What) string {
	switch w {
	case Resolved:
		return "Resolved"
	case Repeat:
		return "Still firing"
	}
	return "Firing"
}

// sentence is the whole message for those who see only one line of it.
func sentence(n Notification) string {
	s := word(n.What) + ": " + n.Name
	if n.Service != "" {
		s += ", " + n.Service
	}
	if count := len(n.Items) + n.More; count > 1 {
		return s + ", " + strconv.Itoa(count) + " alerts"
	}
	item := n.Items[0]
	if n.What == Resolved {
		return s + " after " + duration(item.ResolvedAt.Sub(item.StartsAt))
	}
	if summary := item.summary(); summary != "" {
		return s + ": " + summary
	}
	return s
}

func (i *Item) summary() string {
	return cmp.Or(i.Annotations["summary"], i.Annotations["description"], i.Annotations["message"])
}

// itemBlocks are the text and figures of one alert.
func itemBlocks(n Notification, item Item) []block {
	var out []block
	if t := item.prose(); t != "" {
		out = append(out, section(t))
	}
	fields := []text{field("Service", cmp.Or(n.Service, "–")), field("Severity", cmp.Or(item.Labels["severity"], "–"))}
	if n.What == Resolved {
		fields = append(fields, field("Fired for", duration(item.ResolvedAt.Sub(item.StartsAt))),
			since("Resolved", item.ResolvedAt))
	} else {
		fields = append(fields, field("Value", cmp.Or(item.Annotations["value"], "–")), since("Since", item.StartsAt))
	}
	fields = append(fields, otherLabels(item.Labels, maxFields-len(fields))...)
	return append(out, block{Type: "section", Fields: fields})
}

func (i *Item) prose() string {
	var parts []string
	for _, name := range [...]string{"summary", "description"} {
		if s := strings.TrimSpace(i.Annotations[name]); s != "" {
			// Half the room for each keeps both.
			parts = append(parts, escape(s, maxText/2-10))
		}
	}
	return strings.Join(parts, "\n")
}

// since shows a time in the reader's own zone, and in UTC where that fails.
func since(name string, at time.Time) text {
	at = at.UTC()
	return mrkdwn(fmt.Sprintf("*%s*\n<!date^%d^{date_short_pretty} {time_secs}|%s>",
		name, at.Unix(), at.Format("2006-01-02 15:04:05 UTC")))
}

// links lead to the alert, and to the logs and traces of its time.
func links(n Notification, external *url.URL) block {
	b := block{Type: "actions"}
	if external == nil {
		return b
	}
	from, to := n.At, n.At
	for _, item := range n.Items {
		from = earliest(from, item.StartsAt)
	}
	if n.What == Resolved {
		to = n.Items[0].ResolvedAt
		for _, item := range n.Items {
			to = latest(to, item.ResolvedAt)
		}
	}
	window := url.Values{
		"from": {strconv.FormatInt(from.Add(-margin).UnixMilli(), 10)},
		"to":   {strconv.FormatInt(to.Add(time.Minute).UnixMilli(), 10)},
	}
	alert, signals := clone(window), clone(window)
	alert.Set("sel", n.Name)
	if n.Service != "" {
		signals.Set("service", n.Service)
	}
	for _, l := range [...]struct {
		label, path string
		query       url.Values
	}{
		{"Alert", "/alerts", alert},
		{"Logs", "/logs", signals},
		{"Traces", "/traces", signals},
	} {
		u := *external
		u.Path = strings.TrimSuffix(u.Path, "/") + l.path
		u.RawQuery = l.query.Encode()
		if s := u.String(); len(s) <= maxURL {
			b.Elements = append(b.Elements, button{Type: "button", Text: plain(l.label, maxButton), URL: s})
		}
	}
	return b
}

func clone(v url.Values) url.Values {
	out := make(url.Values, len(v))
	for k := range v {
		out.Set(k, v.Get(k))
	}
	return out
}
