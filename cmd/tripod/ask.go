package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/term"

	"tripod/appliance"
	"tripod/cmd/tripod/terminal"
)

// Exit codes of query and tail, as grep has them, and one for what grep has
// not: a connection.
const (
	exitFound   = 0
	exitNothing = 1
	exitWrong   = 2 // usage, or the query
	exitNoReply = 3 // no connection, or one that ended before the answer did
)

const defaultAddr = "http://127.0.0.1:7333"

// asking are the flags of query and tail.
type asking struct {
	addr, since string
	query       terminal.Query
}

// parseAsk reads flags and words in any order; words are the query. Behind
// "--" everything is.
func parseAsk(command string, args []string) (*asking, error) {
	a := &asking{}
	fs := flag.NewFlagSet("tripod "+command, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.StringVar(&a.addr, "addr", defaultAddr, "")
	fs.StringVar(&a.query.Syntax, "syntax", "", "")
	fs.StringVar(&a.query.Output, "o", "text", "")
	outputs := []string{"text", "json"}
	if command == "query logs" {
		outputs = append(outputs, "csv")
		fs.StringVar(&a.since, "since", "", "")
		fs.StringVar(&a.query.From, "from", "", "")
		fs.StringVar(&a.query.To, "to", "", "")
		fs.StringVar(&a.query.Order, "order", "", "")
		fs.IntVar(&a.query.Limit, "limit", 0, "")
		fs.StringVar(&a.query.Step, "step", "", "")
		fs.StringVar(&a.query.Columns, "cols", "", "")
		fs.BoolVar(&a.query.Explain, "explain", false, "")
	}
	words, err := interspersed(fs, args)
	if err != nil {
		return nil, err
	}
	a.query.Text = strings.Join(words, " ")
	return a, a.check(outputs)
}

// interspersed parses flags that may stand between words, and gives the words.
func interspersed(fs *flag.FlagSet, args []string) (words []string, err error) {
	var last []string
	if i := slices.Index(args, "--"); i >= 0 {
		args, last = args[:i], args[i+1:]
	}
	for {
		if err := fs.Parse(args); err != nil {
			return nil, err
		}
		if fs.NArg() == 0 {
			return append(words, last...), nil
		}
		words = append(words, fs.Arg(0))
		args = fs.Args()[1:]
	}
}

// check names every fault at once.
func (a *asking) check(outputs []string) error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if !slices.Contains(outputs, a.query.Output) {
		fault("-o %q: want %s", a.query.Output, strings.Join(outputs, ", "))
	}
	if a.since != "" && a.query.From != "" {
		fault("--since %s and --from %s: want one of them", a.since, a.query.From)
	}
	if a.since != "" {
		a.query.From = a.since // the same, said in another way
	}
	if a.query.Limit < 0 {
		fault("--limit %d: want 0, for no limit, or more", a.query.Limit)
	}
	if a.query.Columns != "" && a.query.Output != "csv" {
		fault("--cols goes with -o csv")
	}
	if a.query.Explain && a.query.Output == "csv" {
		fault("--explain goes with -o text and -o json")
	}
	return errors.Join(faults...)
}

func query(args, env []string, stdout, stderr io.Writer) int {
	if asksHelp(args) {
		fmt.Fprint(stdout, queryHelp)
		return 0
	}
	pillar := ""
	if len(args) > 0 {
		pillar = args[0]
	}
	switch pillar {
	case "logs":
	case "metrics", "traces":
		return querySpan(pillar, args[1:], env, stdout, stderr)
	default:
		fmt.Fprintln(stderr, "tripod: want tripod query logs 'QUERY', or metrics or traces; tripod help query says more")
		return exitWrong
	}
	a, err := parseAsk("query logs", args[1:])
	if err != nil {
		return fail(stderr, err, exitWrong)
	}
	return a.run(env, stdout, stderr, func(ctx context.Context, c *terminal.Client) (bool, error) { return c.Query(ctx, a.query) })
}

// querySpan asks for metrics or traces of a time.
func querySpan(pillar string, args, env []string, stdout, stderr io.Writer) int {
	a := &asking{}
	q := terminal.Span{}
	outputs := []string{"text", "json"}
	fs := flag.NewFlagSet("tripod query "+pillar, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.StringVar(&a.addr, "addr", defaultAddr, "")
	fs.StringVar(&q.Output, "o", "text", "")
	timeFlag(fs, "since", &q.Since)
	fs.Func("to", "", func(v string) (err error) { q.To, err = parseMoment(v); return err })
	if pillar == "metrics" {
		timeFlag(fs, "step", &q.Step)
		fs.BoolVar(&q.Table, "table", false, "")
		outputs = append(outputs, "csv")
	} else {
		fs.IntVar(&q.Limit, "limit", 0, "")
	}
	words, err := interspersed(fs, args)
	q.Text, a.query.Output, a.query.Limit = strings.Join(words, " "), q.Output, q.Limit
	if err == nil && q.Text == "" {
		err = fmt.Errorf("want a query behind tripod query %s", pillar)
	}
	if q.Table && q.Output != "text" {
		err = errors.Join(err, fmt.Errorf("--table goes with -o text, not %s", q.Output))
	}
	if err = errors.Join(err, a.check(outputs)); err != nil {
		return fail(stderr, err, exitWrong)
	}
	return a.run(env, stdout, stderr, func(ctx context.Context, c *terminal.Client) (bool, error) {
		if pillar == "metrics" {
			return c.Metrics(ctx, q)
		}
		return c.Traces(ctx, q)
	})
}

func timeFlag(fs *flag.FlagSet, name string, to *time.Duration) {
	fs.Func(name, "", func(v string) (err error) {
		if *to, err = appliance.ParseDuration(v); err != nil {
			return err
		}
		return nil
	})
}

// parseMoment reads RFC 3339 or Unix seconds.
func parseMoment(v string) (time.Time, error) {
	if seconds, err := strconv.ParseFloat(v, 64); err == nil && math.Abs(seconds) < 1e11 {
		return time.UnixMilli(int64(seconds * 1e3)), nil
	}
	t, err := time.Parse(time.RFC3339Nano, v)
	if err != nil {
		return t, errors.New("want RFC 3339 or Unix seconds")
	}
	return t, nil
}

func tail(args, env []string, stdout, stderr io.Writer) int {
	if asksHelp(args) {
		fmt.Fprint(stdout, tailHelp)
		return 0
	}
	a, err := parseAsk("tail", args)
	if err != nil {
		return fail(stderr, err, exitWrong)
	}
	return a.run(env, stdout, stderr, func(ctx context.Context, c *terminal.Client) (bool, error) { return true, c.Tail(ctx, a.query) })
}

// asksHelp looks for -h and --help in front of "--".
func asksHelp(args []string) bool {
	for _, arg := range args {
		switch arg {
		case "--":
			return false
		case "-h", "-help", "--help":
			return true
		}
	}
	return false
}

func (a *asking) run(env []string, stdout, stderr io.Writer, ask func(context.Context, *terminal.Client) (bool, error)) int {
	c, err := terminal.New(terminal.Options{Addr: a.addr, Stdout: stdout, Stderr: stderr, Color: wantsColor(stdout, env)})
	if err != nil {
		return fail(stderr, err, exitWrong)
	}
	found, err := ask(context.Background(), c)
	switch {
	case terminal.Closed(err):
		return exitFound // its reader has seen enough
	case errors.Is(err, terminal.ErrRefused):
		return fail(stderr, err, exitWrong)
	case err != nil:
		return fail(stderr, err, exitNoReply)
	case !found:
		return exitNothing
	}
	return exitFound
}

// wantsColor holds for a terminal that can show colours, to a person who has
// not asked for none.
func wantsColor(w io.Writer, env []string) bool {
	for _, kv := range env {
		if name, v, _ := strings.Cut(kv, "="); name == "NO_COLOR" && v != "" || name == "TERM" && v == "dumb" {
			return false
		}
	}
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
