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

Sends a test alert of these labels through the routes of a running appliance to
the real receivers, firing and at once resolved, and says for each whether it
took it. Groups and their waits, silences and time intervals are passed by; what
would have held a real alert back is named. Without an alertname the alert is
called TripodTest.

  tripod alert test severity=critical service=db

  --annotation NAME=VALUE   as often as wanted
  --addr URL                of the appliance (http://127.0.0.1:7333)

Exit code
  0  every receiver took it      1  one did not, or there is none
  2  wrong usage                 3  no connection
`

// alert sends tests of alerts.
func alert(args, env []string, stdout, stderr io.Writer) int {
	if asksHelp(args) {
		fmt.Fprint(stdout, alertHelp)
		return 0
	}
	if len(args) == 0 || args[0] != "test" {
		return fail(stderr, fmt.Errorf("want tripod alert test; tripod help alert says more"), exitWrong)
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
