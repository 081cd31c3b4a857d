package scrape

import (
	"errors"
	"flag"
	"os"
)

// theirs are the 99 flags that promscrape and what it stands on put on
// flag.CommandLine when they were loaded. They are taken off it before main
// runs, so that --help shows only ours; that needs a package variable.
var theirs = takeFlags()

func takeFlags() *flag.FlagSet {
	fs := flag.CommandLine
	flag.CommandLine = flag.NewFlagSet(os.Args[0], flag.ExitOnError)
	flag.CommandLine.Usage = func() { flag.Usage() }
	return fs
}

// setFlags is what their command line would say.
func setFlags() error {
	if !flag.Parsed() { // they panic at a command line that nobody has parsed
		if err := flag.CommandLine.Parse(nil); err != nil {
			return err
		}
	}
	said.listen()
	var errs []error
	for name, value := range map[string]string{
		"promscrape.suppressScrapeErrors": "true", // Targets shows them
		"promscrape.maxDroppedTargets":    "1000",
		"promscrape.fileSDCheckInterval":  "4s", // of the copies in files.go; Prometheus watches files and sees a change at once
		"loggerLevel":                     "ERROR",
		"loggerDisableTimestamps":         "true",
	} {
		errs = append(errs, theirs.Set(name, value))
	}
	return errors.Join(errs...)
}
