// Command tripod runs the appliance.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"tripod/appliance"
)

// version is set by the build: -ldflags "-X main.version=…".
var version = "dev"

// stopBound ends a process whose stop hangs.
const stopBound = 10 * time.Second

func main() {
	// a reader of standard output that goes away must not take the process along
	signal.Ignore(syscall.SIGPIPE)
	os.Exit(run(os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
}

func run(args, env []string, stdout, stderr io.Writer) int {
	command := "serve"
	if len(args) > 0 && args[0] != "" && args[0][0] != '-' {
		command, args = args[0], args[1:]
	}
	switch command {
	case "serve", "demo":
		return serve(command == "demo", args, env, stdout, stderr)
	case "version":
		fmt.Fprintf(stdout, "tripod %s %s %s/%s\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
		return 0
	case "query":
		return query(args, env, stdout, stderr)
	case "tail":
		return tail(args, env, stdout, stderr)
	case "alert":
		return alert(args, env, stdout, stderr)
	case "check":
		return check(args, env, stdout, stderr)
	case "help":
		return help(args, stdout, stderr)
	}
	fmt.Fprintf(stderr, "tripod: no command %q; tripod help lists them\n", command)
	return 2
}

func serve(demo bool, args, env []string, stdout, stderr io.Writer) int {
	src := appliance.Sources{Flags: map[string]string{}, Env: env, Demo: demo}
	if err := parseFlags(&src, args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			usage(stdout)
			return 0
		}
		fmt.Fprintln(stderr, "tripod:", err)
		return 2
	}
	o, err := appliance.Load(src)
	if err != nil {
		return fail(stderr, err, 2)
	}
	o.Version, o.Stdout, o.Stderr = version, stdout, stderr
	o.Reread = func() (appliance.Options, error) { return appliance.Load(src) }

	// caught before anything is opened, so that an early Ctrl-C closes too
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	hangups := make(chan os.Signal, 1) // one that comes during the start is taken after it
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	a, err := appliance.New(o)
	if err != nil {
		return fail(stderr, err, 1)
	}
	fmt.Fprintf(stderr, "Tripod is ready: %s\n", a.URL())
	go func() {
		<-ctx.Done()
		stop() // a second signal ends the process at once
		time.AfterFunc(stopBound, func() {
			fmt.Fprintf(stderr, "tripod: not stopped after %s, giving up\n", stopBound)
			os.Exit(1)
		})
	}()
	reloads := make(chan struct{})
	go func() { defer close(reloads); reloadOnHangup(ctx, hangups, a, stderr) }()
	err = errors.Join(a.Run(ctx), a.Close())
	stop()
	<-reloads
	if err != nil {
		return fail(stderr, err, 1)
	}
	return 0
}

// reloadOnHangup reads the configuration again at each SIGHUP until ctx ends.
// The scraper sends this process one more when its part has changed; nothing
// has changed by then, and it ends there.
func reloadOnHangup(ctx context.Context, hangups <-chan os.Signal, a *appliance.Appliance, stderr io.Writer) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangups:
			if err := a.Reload(); err != nil {
				fail(stderr, err, 0)
			}
		}
	}
}

func fail(stderr io.Writer, err error, code int) int {
	fmt.Fprintln(stderr, "tripod:", err)
	return code
}

// settingFlags makes a flag of every setting.
func settingFlags(src *appliance.Sources) *flag.FlagSet {
	fs := flag.NewFlagSet("tripod", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	for _, s := range appliance.Settings() {
		if !s.Demo || src.Demo {
			fs.Func(s.Name, s.Help, func(v string) error { src.Flags[s.Name] = v; return nil })
		}
	}
	return fs
}

func parseFlags(src *appliance.Sources, args []string) error {
	fs := settingFlags(src)
	if err := fs.Parse(args); err != nil {
		return err
	}
	if fs.NArg() > 0 {
		return fmt.Errorf("unexpected %q; flags look like --listen HOST:PORT", fs.Arg(0))
	}
	return nil
}
