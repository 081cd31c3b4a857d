package terminal

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"
)

// Backtest says what the rules of a file would have done.
type Backtest struct {
	Since string // duration in Prometheus's form; empty means the server's default
	JSON  bool
	// The most that each rule may do; negative means no bound.
	MaxFired, MaxNotifications, MaxNight int
}

// Backtest sends a rule file and prints a table; it is true when no rule is
// above a bound.
func (c *Client) Backtest(ctx context.Context, rules []byte, o Backtest) (bool, error) {
	params := url.Values{}
	if o.Since != "" {
		params.Set("since", o.Since)
	}
	resp, err := c.ask(ctx, http.MethodPost, "api/v1/alerts/backtest", params, bytes.NewReader(rules))
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return false, failed(ErrUnreachable, "no whole answer from %s: %w", c.base, err)
	}
	var answer struct{ Data []testedRule }
	if err := json.Unmarshal(body, &answer); err != nil {
		return false, failed(ErrUnreachable, "no whole answer from %s: %w", c.base, err)
	}
	if o.JSON {
		if _, err := c.o.Stdout.Write(append(body, '\n')); err != nil {
			return false, failed(ErrOutput, "%w", err)
		}
	} else if err := c.printBacktest(answer.Data); err != nil {
		return false, err
	}
	fine := true
	for _, r := range answer.Data {
		for _, b := range []struct {
			what      string
			got, most int
		}{{"fired", r.Fired, o.MaxFired}, {"notified", r.Notifications, o.MaxNotifications}, {"notified at night", r.Night, o.MaxNight}} {
			if b.most >= 0 && b.got > b.most {
				fine = false
				fmt.Fprintf(c.o.Stderr, "%s: %s %d times, at most %d\n", printable(r.Name), b.what, b.got, b.most)
			}
		}
	}
	return fine, nil
}

type testedRule struct {
	Name                        string
	From, To                    time.Time
	Fired, Notifications, Night int
	FiringSeconds               float64
	Strip                       []bool
	Notices                     []struct{ Receiver string }
	Held                        []struct {
		Why   string
		Times int
	}
}

func (c *Client) printBacktest(rules []testedRule) error {
	w := tabwriter.NewWriter(c.o.Stdout, 0, 0, 2, ' ', 0)
	if len(rules) > 0 {
		fmt.Fprintf(w, "%s to %s\n", rules[0].From.UTC().Format(time.DateTime), rules[0].To.UTC().Format(time.DateTime))
	}
	fmt.Fprint(w, "RULE\tFIRED\tFIRING\tNOTIFIED\tAT NIGHT (22-7 UTC)\tWHOM\tWHEN\n")
	for _, r := range rules {
		firing := time.Duration(r.FiringSeconds * float64(time.Second)).Round(time.Second)
		fmt.Fprintf(w, "%s\t%d\t%s\t%d\t%d\t%s\t%s\n", printable(r.Name), r.Fired, firing, r.Notifications, r.Night, r.whom(), strip(r.Strip))
	}
	if err := w.Flush(); err != nil {
		return failed(ErrOutput, "%w", err)
	}
	for _, r := range rules {
		for _, h := range r.Held {
			if _, err := fmt.Fprintf(c.o.Stdout, "%s: held back %d times: %s\n", printable(r.Name), h.Times, printable(h.Why)); err != nil {
				return failed(ErrOutput, "%w", err)
			}
		}
	}
	return nil
}

// whom are the receivers, each once.
func (r *testedRule) whom() string {
	var names []string
	seen := map[string]bool{}
	for _, n := range r.Notices {
		if !seen[n.Receiver] {
			seen[n.Receiver] = true
			names = append(names, printable(n.Receiver))
		}
	}
	if len(names) == 0 {
		return "nobody"
	}
	return strings.Join(names, ", ")
}

// strip draws 42 parts of the time: a block where anything fired.
func strip(parts []bool) string {
	const width = 42
	out := []rune(strings.Repeat("·", width))
	for i, fired := range parts {
		if fired {
			out[i*width/len(parts)] = '█'
		}
	}
	return string(out)
}
