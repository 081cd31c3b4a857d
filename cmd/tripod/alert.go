package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"

	"tripod/cmd/tripod/terminal"
)

const alertHelp = `Usage: tripod alert test [NAME=VALUE …] [--annotation NAME=VALUE] [--addr URL]
       tripod alert backtest FILE [--since 7d] [--max-fired N] [-o json] [--addr URL]
       tripod alert why NAME [flags]

alert test sends a test alert of these labels through the routes of a running appliance to
the real receivers, firing and at once resolved, and says for each whether it
took it. Groups and their waits, silences and time intervals are passed by; what
would have held a real alert back is named. Without an alertname the alert is
called TripodTest.

  tripod alert test severity=critical service=db

alert backtest runs the alerting rules of a Prometheus rule file over what is
stored, with the routes and silences of the appliance, and says when each would
have fired and who would have been told. Above a limit it ends with 1, for CI.

  tripod alert backtest rules.yml --since 7d --max-night 0

alert why says of each alert of a rule why people were told of it, or were not,
with every step on its way: pending, firing, route, silences, attempts.

  tripod alert why HighErrorRate --since 7d

  --annotation NAME=VALUE   as often as wanted
  --since TIME              how long ago to begin (7d; alert why: all that is kept)
  --max-fired N             times that a rule may fire
  --max-notifications N     notifications that a rule may cause
  --max-night N             those of them from 22:00 to 07:00 UTC
  --fingerprint F           one alert alone; NAME may be left out then
  --limit N                 alerts, newest first (20)
  -o json                   the whole reports, or episodes
  --addr URL                of the appliance (http://127.0.0.1:7333)

Exit code
  0  every receiver took it      1  one did not, or there is none
     no rule above a limit          a rule is above a limit
     there was such an alert        there was none
  2  wrong usage                 3  no connection
`

// alert sends tests of alerts, and says why people were told of one or not.
func alert(args, env []string, stdout, stderr io.Writer) int {
	if asksHelp(args) {
		fmt.Fprint(stdout, alertHelp)
		return 0
	}
	if len(args) > 0 && args[0] == "backtest" {
		return backtest(args[1:], env, stdout, stderr)
	}
	if len(args) > 0 && args[0] == "why" {
		return alertWhy(args[1:], env, stdout, stderr)
	}
	if len(args) == 0 || args[0] != "test" {
		return fail(stderr, fmt.Errorf("want tripod alert test, backtest or why; tripod help alert says more"), exitWrong)
	}
	labels, annotations := map[string]string{}, map[string]string{}
	a := asking{}
	fs := flag.NewFlagSet("tripod alert test", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.StringVar(&a.addr, "addr", defaultAddr, "")
	fs.Func("annotation", "", func(v string) error { return pair(annotations, v) })
	words, err := interspersed(fs, args[1:])
	for _, word := range words {
		if err == nil {
			err = pair(labels, word)
		}
	}
	if err != nil {
		return fail(stderr, err, exitWrong)
	}
	return a.run(env, stdout, stderr, func(ctx context.Context, c *terminal.Client) (bool, error) {
		return c.TestAlert(ctx, labels, annotations)
	})
}

func pair(into map[string]string, s string) error {
	name, value, ok := strings.Cut(s, "=")
	if !ok || name == "" {
		return fmt.Errorf("%q: want NAME=VALUE", s)
	}
	into[name] = value
	return nil
}
