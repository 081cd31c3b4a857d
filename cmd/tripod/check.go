package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"text/tabwriter"

	"tripod/appliance"
)

// Exit codes of check.
const (
	exitSound   = 0
	exitDamaged = 1 // or faulty
	exitUnknown = 2 // usage, or nothing that can be checked
)

func check(args, env []string, stdout, stderr io.Writer) int {
	if asksHelp(args) {
		fmt.Fprint(stdout, checkHelp)
		return 0
	}
	src := appliance.Sources{Flags: map[string]string{}, Env: env}
	fs := settingFlags(&src)
	repair := fs.Bool("repair", false, "")
	words, err := interspersed(fs, args)
	switch {
	case err != nil:
		return fail(stderr, err, exitUnknown)
	case len(words) > 1:
		return fail(stderr, fmt.Errorf("check: want one file or directory, got %s", strings.Join(words, ", ")), exitUnknown)
	case len(words) == 0 && *repair:
		return fail(stderr, errors.New("check: --repair goes with a directory"), exitUnknown)
	case len(words) == 0:
		return checkConfig(src, stdout, stderr)
	case len(src.Flags) > 0:
		return fail(stderr, fmt.Errorf("check %s: settings go with check alone, which checks what serve would use", words[0]), exitUnknown)
	}
	return checkPath(words[0], *repair, stdout, stderr)
}

func checkConfig(src appliance.Sources, stdout, stderr io.Writer) int {
	path, asked := src.ConfigPath()
	if _, err := os.Stat(path); asked && err != nil {
		return fail(stderr, err, exitUnknown)
	}
	r, err := appliance.CheckConfig(src)
	if r.File == "" && err == nil {
		fmt.Fprintln(stdout, "There is no tripod.yaml here; serve uses its defaults.")
	}
	return tellConfig(r, err, stdout)
}

func checkPath(path string, repair bool, stdout, stderr io.Writer) int {
	st, err := os.Stat(path)
	if err != nil {
		return fail(stderr, err, exitUnknown)
	}
	if st.IsDir() {
		return checkData(path, repair, stdout, stderr)
	}
	if repair {
		return fail(stderr, fmt.Errorf("check %s: --repair goes with a directory", path), exitUnknown)
	}
	r, err := appliance.CheckFile(path)
	if pe := (*os.PathError)(nil); errors.As(err, &pe) && pe.Path == path {
		return fail(stderr, err, exitUnknown)
	}
	return tellConfig(r, err, stdout)
}

// tellConfig prints what was found, which is what check is asked for.
func tellConfig(r appliance.ConfigReport, err error, stdout io.Writer) int {
	for _, n := range r.Notes {
		fmt.Fprintf(stdout, "note: %s\n", n)
	}
	if err != nil {
		fmt.Fprintln(stdout, err)
		return exitDamaged
	}
	if r.File != "" {
		found := []string{count(r.Jobs, "scrape job"), count(r.RuleFiles, "rule file")}
		if r.Receivers > 0 {
			found = append(found, count(r.Receivers, "receiver"))
		}
		fmt.Fprintf(stdout, "%s is sound: %s.\n", r.File, strings.Join(found, ", "))
	}
	return exitSound
}

func checkData(dir string, repair bool, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop() // an interrupted check removes its copies
	reports, err := appliance.CheckData(ctx, dir, repair)
	damage, repaired := tellFolders(reports, stdout)
	if err != nil {
		return fail(stderr, err, exitUnknown)
	}
	switch {
	case damage == 0:
		fmt.Fprintf(stdout, "\n%s is sound.\n", dir)
		return exitSound
	case repaired > 0:
		fmt.Fprintf(stdout, "\n%s was damaged: %s, %d of them repaired.\n", dir, count(damage, "fault"), repaired)
	case repair:
		fmt.Fprintf(stdout, "\n%s is damaged: %s, and nothing that could be repaired.\n", dir, count(damage, "fault"))
	default:
		fmt.Fprintf(stdout, "\n%s is damaged: %s. Nothing was changed; --repair keeps what is sound and sets the rest aside.\n", dir, count(damage, "fault"))
	}
	return exitDamaged
}

// tellFolders prints what each folder holds, and what is wrong with it below.
func tellFolders(reports []appliance.FolderReport, stdout io.Writer) (damage, repaired int) {
	for _, r := range reports {
		fmt.Fprintf(stdout, "%-9s %s\n", r.Name, strings.Join(r.Holds, ", "))
		w := tabwriter.NewWriter(stdout, 0, 8, 3, ' ', 0)
		for _, part := range r.Parts {
			fmt.Fprintf(w, "  %s\n", strings.Join(part, "\t"))
		}
		w.Flush()
		if len(r.Largest) > 0 {
			fmt.Fprintf(stdout, "  largest columns: %s\n", strings.Join(r.Largest, ", "))
		}
		for _, n := range r.Notes {
			fmt.Fprintf(stdout, "  note: %s\n", n)
		}
		for _, d := range r.Damage {
			fmt.Fprintf(stdout, "  DAMAGE: %s\n", d)
		}
		for _, d := range r.Repaired {
			fmt.Fprintf(stdout, "  repaired: %s\n", d)
		}
		damage, repaired = damage+len(r.Damage), repaired+len(r.Repaired)
	}
	return damage, repaired
}

// count is a number of things in words.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
