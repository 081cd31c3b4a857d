// Command profile merges CPU profiles into one by which the compiler optimizes
// (see https://go.dev/doc/pgo). What the compiler does not use is left out:
// addresses, names of files, and times.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/pprof/profile"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: profile DIR OUT")
		os.Exit(2)
	}
	if err := merge(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "profile:", err)
		os.Exit(1)
	}
}

// merge writes what all *.prof in dir and in its directories say together, each
// directory's as much as any other's: they are of loads that weigh the same.
func merge(dir, out string) error {
	loads, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		return err
	}
	var all []*profile.Profile
	for _, load := range loads {
		p, err := read(load)
		if err != nil {
			return fmt.Errorf("%s: %w", load, err)
		}
		all = append(all, p)
	}
	if len(all) == 0 {
		return errors.New("no profiles in " + dir)
	}
	p, err := profile.Merge(all)
	if err != nil {
		return err
	}
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	if err := p.Write(f); err != nil {
		return errors.Join(err, f.Close())
	}
	return f.Close()
}

// weight is what the samples of one load come to, in ns of CPU.
const weight = 100e9

// read merges the profiles of one load, and makes them weigh what all do.
func read(dir string) (*profile.Profile, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.prof"))
	if err != nil {
		return nil, err
	}
	var all []*profile.Profile
	for _, name := range names {
		p, err := open(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, p)
	}
	if len(all) == 0 {
		return nil, errors.New("no profiles")
	}
	p, err := profile.Merge(all)
	if err != nil {
		return nil, err
	}
	sum := int64(0)
	for _, s := range p.Sample {
		sum += s.Value[1]
	}
	if sum == 0 {
		return nil, errors.New("no samples")
	}
	p.Scale(weight / float64(sum))
	return p, nil
}

func open(name string) (*profile.Profile, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	p, err := profile.Parse(f)
	if err != nil {
		return nil, err
	}
	strip(p)
	return p, p.CheckValid()
}

// strip leaves functions and lines.
func strip(p *profile.Profile) {
	p.TimeNanos, p.DurationNanos, p.Comments = 0, 0, nil
	for _, m := range p.Mapping {
		*m = profile.Mapping{ID: m.ID, HasFunctions: true, HasLineNumbers: true}
	}
	for _, f := range p.Function {
		f.Filename = ""
	}
	for _, l := range p.Location {
		l.Address = 0
	}
	for _, s := range p.Sample {
		s.Label, s.NumLabel, s.NumUnit = nil, nil, nil
	}
}
