package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"tripod/appliance"
	"tripod/cmd/tripod/terminal"
)

// alertWhy asks what happened about the alerts of a rule.
func alertWhy(args, env []string, stdout, stderr io.Writer) int {
	a, q, err := parseAlertWhy(args)
	if err != nil {
		return fail(stderr, err, exitWrong)
	}
	return a.run(env, stdout, stderr, func(ctx context.Context, c *terminal.Client) (bool, error) { return c.AlertWhy(ctx, q) })
}

func parseAlertWhy(args []string) (*asking, terminal.Why, error) {
	a, q := &asking{}, terminal.Why{}
	fs := flag.NewFlagSet("tripod alert why", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.StringVar(&a.addr, "addr", defaultAddr, "")
	fs.StringVar(&q.Fingerprint, "fingerprint", "", "")
	fs.StringVar(&q.Output, "o", "text", "")
	fs.IntVar(&q.Limit, "limit", 0, "")
	fs.Func("since", "", func(v string) (err error) { q.Since, err = parseSince(v, time.Now()); return err })
	words, err := interspersed(fs, args)
	if err != nil {
		return nil, q, err
	}
	q.Name = strings.Join(words, " ")
	switch {
	case len(words) > 1:
		return nil, q, fmt.Errorf("%q: want the name of one rule", words)
	case q.Name == "" && q.Fingerprint == "":
		return nil, q, fmt.Errorf("want tripod alert why NAME, the name of a rule")
	case q.Limit < 0:
		return nil, q, fmt.Errorf("--limit %d: want 1 or more", q.Limit)
	case !slices.Contains([]string{"text", "json"}, q.Output):
		return nil, q, fmt.Errorf("-o %q: want text or json", q.Output)
	}
	return a, q, nil
}

// parseSince reads a moment, or how long it is ago.
func parseSince(v string, now time.Time) (time.Time, error) {
	if d, err := appliance.ParseDuration(v); err == nil {
		return now.Add(-d), nil
	}
	t, err := parseMoment(v)
	if err != nil {
		return t, errors.New("want a time ago such as 7d, RFC 3339 or Unix seconds")
	}
	return t, nil
}
