package notify

import (
	"cmp"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tripod/alerting"
)

// shownItems is the number of alerts that a message spells out.
const shownItems = 10

// margin is what a link shows of the time before an alert began to fire; a
// rule's for and the window of its expression lie there.
const margin = 15 * time.Minute

// news is a notification as people are told of it.
type news struct {
	ID      string
	What    What
	Name    string // of the rule, or of the first among several
	Service string // may be empty
	At      time.Time
	Items   []item // at least one; firing ones first
	Runbook string // URL, or empty
}

// item is one alert of the news.
type item struct {
	alerting.Alert
	Resolved bool
	Detail   Detail
}

func newsOf(n *Notification) news {
	out := news{ID: n.ID, What: whatOf(n.Notification), At: n.At, Name: n.Alerts[0].Name(), Service: n.Alerts[0].Service()}
	for _, resolved := range [...]bool{false, true} {
		for _, a := range n.Alerts {
			if a.Resolved != resolved {
				continue
			}
			out.Items = append(out.Items, item{a.Alert, a.Resolved, n.Details[a.Fingerprint]})
			if a.Service() != out.Service {
				out.Service = ""
			}
			out.Runbook = cmp.Or(out.Runbook, link(a.Annotations["runbook_url"]), link(a.Annotations["runbook"]))
		}
	}
	if name := n.GroupLabels["alertname"]; name == "" && len(out.Items) > 1 {
		for _, i := range out.Items {
			if i.Name() != out.Name {
				out.Name += " and others"
				break
			}
		}
	}
	return out
}

// link is a URL that a button can lead to, or empty.
func link(s string) string {
	if u, err := url.Parse(s); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || len(s) > maxURL {
		return ""
	}
	return s
}

// message says it in a sentence, then gives the figures, then the ways to go
// on. external is where the links lead, nil leaves them out.
func message(n news, external *url.URL) post {
	p := post{Text: escape(sentence(n), maxText)}
	p.Blocks = append(p.Blocks, headerBlock(n.ID, word(n.What)+": "+n.Name))
	for i, item := range n.Items {
		if i == shownItems {
			break
		}
		p.Blocks = append(p.Blocks, itemBlocks(n, item)...)
		if i == standsOut(n.Items) {
			p.Blocks = append(p.Blocks, standoutBlock(item.Detail.standout()))
		}
	}
	if more := len(n.Items) - shownItems; more > 0 {
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
func sentence(n news) string {
	s := word(n.What) + ": " + n.Name
	if n.Service != "" {
		s += ", " + n.Service
	}
	if count := len(n.Items); count > 1 {
		s += ", " + strconv.Itoa(count) + " alerts"
		if ended := n.ended(); ended > 0 && n.What != Resolved {
			s += ", " + strconv.Itoa(ended) + " of them resolved"
		}
		return s
	}
	item := n.Items[0]
	if n.What == Resolved {
		return s + " after " + duration(item.EndsAt.Sub(item.StartsAt))
	}
	if summary := item.summary(); summary != "" {
		return s + ": " + summary
	}
	return s
}

// ended counts the alerts that do not fire any more.
func (n *news) ended() (count int) {
	for _, i := range n.Items {
		if i.Resolved {
			count++
		}
	}
	return count
}

func (i *item) summary() string {
	return cmp.Or(i.Annotations["summary"], i.Annotations["description"], i.Annotations["message"])
}

// itemBlocks are the text and figures of one alert.
func itemBlocks(n news, item item) []block {
	var out []block
	if t := item.prose(); t != "" {
		out = append(out, section(t))
	}
	if c := sparkline(item.Detail.Chart); c != "" {
		out = append(out, section("`"+c+"`"))
	}
	fields := []text{field("Service", cmp.Or(item.Service(), "–")), field("Severity", cmp.Or(item.Labels["severity"], "–"))}
	if item.Resolved {
		fields = append(fields, field("Fired for", duration(item.EndsAt.Sub(item.StartsAt))),
			since("Resolved", item.EndsAt))
	} else {
		fields = append(fields, field("Value", cmp.Or(item.Annotations["value"], "–")), since("Since", item.StartsAt))
	}
	fields = append(fields, otherLabels(item.Labels, maxFields-len(fields))...)
	return append(out, block{Type: "section", Fields: fields})
}

func (i *item) prose() string {
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
func links(n news, external *url.URL) block {
	b := block{Type: "actions"}
	b.add("Evidence", link(n.Items[0].Detail.Evidence))
	b.add("Trace", firstTrace(n.Items))
	if external == nil {
		b.add("Runbook", n.Runbook)
		return b
	}
	from, to := n.At, n.At
	for _, item := range n.Items {
		from = earliest(from, item.StartsAt)
	}
	if n.What == Resolved {
		to = n.Items[0].EndsAt
		for _, item := range n.Items {
			to = latest(to, item.EndsAt)
		}
	}
	window := url.Values{
		"from": {strconv.FormatInt(from.Add(-margin).UnixMilli(), 10)},
		"to":   {strconv.FormatInt(to.Add(time.Minute).UnixMilli(), 10)},
	}
	alert, signals := clone(window), clone(window)
	alert.Set("sel", n.Items[0].Name())
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
		b.add(l.label, u.String())
	}
	b.add("Runbook", n.Runbook)
	return b
}

func (b *block) add(label, address string) {
	if address != "" && len(address) <= maxURL {
		b.Elements = append(b.Elements, button{Type: "button", Text: plain(label, maxButton), URL: address})
	}
}

func clone(v url.Values) url.Values {
	out := make(url.Values, len(v))
	for k := range v {
		out.Set(k, v.Get(k))
	}
	return out
}
