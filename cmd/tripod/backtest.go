package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"

	"tripod/cmd/tripod/terminal"
)

// backtest runs the rules of a file over what an appliance has stored.
func backtest(args, env []string, stdout, stderr io.Writer) int {
	a, o := asking{}, terminal.Backtest{}
	form := ""
	fs := flag.NewFlagSet("tripod alert backtest", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.StringVar(&a.addr, "addr", defaultAddr, "")
	fs.StringVar(&o.Since, "since", "", "")
	fs.StringVar(&form, "o", "text", "")
	fs.IntVar(&o.MaxFired, "max-fired", -1, "")
	fs.IntVar(&o.MaxNotifications, "max-notifications", -1, "")
	fs.IntVar(&o.MaxNight, "max-night", -1, "")
	files, err := interspersed(fs, args)
	switch {
	case err != nil:
	case len(files) != 1:
		err = fmt.Errorf("want one rule file: tripod alert backtest FILE")
	case form != "text" && form != "json":
		err = fmt.Errorf("-o %q: want text or json", form)
	}
	if err != nil {
		return fail(stderr, err, exitWrong)
	}
	rules, err := os.ReadFile(files[0])
	if err != nil {
		return fail(stderr, err, exitWrong)
	}
	o.JSON = form == "json"
	return a.run(env, stdout, stderr, func(ctx context.Context, c *terminal.Client) (bool, error) { return c.Backtest(ctx, rules, o) })
}
