package terminal

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Why asks what happened about the alerts of a rule, or about one alert.
type Why struct {
	Name, Fingerprint string    // one of them at least
	Since             time.Time // zero for all
	Limit             int       // 0 for the appliance's own
	Output            string    // text or json
}

// maxWhy bounds an answer, in bytes.
const maxWhy = 256 << 20

type whyEpisode struct {
	Fingerprint, Name, Outcome, Sentence string
	Evidence                             string // path of its page, or empty
	Labels                               map[string]string
	Start                                time.Time
	End                                  *time.Time
	Cut                                  int
	Steps                                []struct {
		Time       time.Time
		Kind, Text string
	}
}

// AlertWhy writes the chain of each alert, newest first, under the sentence
// that says why people were told of it or not; it is true when there is one.
func (c *Client) AlertWhy(ctx context.Context, q Why) (bool, error) {
	v := url.Values{}
	for name, s := range map[string]string{"name": q.Name, "fingerprint": q.Fingerprint} {
		if s != "" {
			v.Set(name, s)
		}
	}
	if !q.Since.IsZero() {
		v.Set("start", q.Since.UTC().Format(time.RFC3339Nano))
	}
	if q.Limit > 0 {
		v.Set("limit", strconv.Itoa(q.Limit))
	}
	resp, err := c.get(ctx, "api/v1/alerts/why", v)
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	var answer struct{ Data json.RawMessage }
	var episodes []whyEpisode
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxWhy)).Decode(&answer); err != nil {
		return false, failed(ErrUnreachable, "no whole answer from %s: %w", c.base, err)
	}
	if err := json.Unmarshal(answer.Data, &episodes); err != nil {
		return false, failed(ErrUnreachable, "%s sent an answer that cannot be read: %w", c.base, err)
	}
	out := bufio.NewWriter(c.o.Stdout)
	if q.Output == "json" {
		fmt.Fprintf(out, "%s\n", answer.Data)
	} else {
		c.showEpisodes(out, episodes)
	}
	if err := out.Flush(); err != nil {
		return false, failed(ErrOutput, "%w", err)
	}
	if len(episodes) == 0 {
		fmt.Fprintln(c.o.Stderr, "nothing is known of such an alert in this time: it was not even pending")
	}
	return len(episodes) > 0, nil
}

func (c *Client) showEpisodes(out *bufio.Writer, episodes []whyEpisode) {
	p := paint(c.o.Color)
	for i, e := range episodes {
		if i > 0 {
			fmt.Fprintln(out)
		}
		name := printable(e.Name)
		if labels := otherLabels(e.Labels); labels != "" {
			name += " {" + printable(labels) + "}"
		}
		until := "goes on"
		if e.End != nil {
			until = "to " + e.End.UTC().Format(timeText)
		}
		fmt.Fprintf(out, "%s  %s\n", name, p.in(dim, e.Start.UTC().Format(timeText)+" "+until))
		fmt.Fprintln(out, p.in(toneOf(e.Outcome), printable(e.Sentence)))
		for _, s := range e.Steps {
			fmt.Fprintf(out, "  %s  %s\n", p.in(dim, s.Time.UTC().Format(timeText)), p.in(stepTone(s.Kind), printable(s.Text)))
		}
		if e.Cut > 0 {
			fmt.Fprintf(out, "  %d further steps are not shown\n", e.Cut)
		}
		if e.Evidence != "" {
			fmt.Fprintf(out, "  evidence: %s\n", printable(c.base.JoinPath(e.Evidence).String()))
		}
	}
}

func otherLabels(labels map[string]string) string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		if name != "alertname" {
			out = append(out, name+"="+strconv.Quote(labels[name]))
		}
	}
	return strings.Join(out, ", ")
}

func toneOf(outcome string) string {
	switch outcome {
	case "told":
		return green
	case "not delivered", "rule failed":
		return red
	}
	return yellow
}

func stepTone(kind string) string {
	switch kind {
	case "firing", "retried", "gave up", "failing":
		return red
	case "pending", "silenced", "inhibited", "muted":
		return yellow
	case "sent", "over", "resolved":
		return green
	}
	return ""
}
