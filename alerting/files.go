package alerting

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

// Builtin stands in the place of a path for the rules that every appliance has.
const Builtin = "built-in"

// maxFile bounds a rule file in bytes, and maxFiles their number: far above
// what Prometheus is run with, far below what would hurt.
const (
	maxFile  = 4 << 20
	maxFiles = 1000
)

//go:embed builtin.yml
var builtin []byte

// ruleSet is what was read from files, by path; the rule manager loads its
// groups from here, so that it sees just what was checked.
type ruleSet struct {
	parser parser.Parser
	log    *slog.Logger
	groups map[string]*rulefmt.RuleGroups
}

// loader fits rules.GroupLoader: it gives the manager the set of the moment,
// while update holds mu.
type loader struct{ r *Rules }

func (l loader) Load(path string, _ bool, _ model.ValidationScheme) (*rulefmt.RuleGroups, []error) {
	g, ok := l.r.set.groups[path]
	if !ok {
		return nil, []error{fmt.Errorf("%s: %w", path, ErrInvalid)}
	}
	return g, nil
}

func (l loader) Parse(query string) (parser.Expr, error) { return l.r.set.parser.ParseExpr(query) }

func (s *ruleSet) paths() []string {
	paths := make([]string, 0, len(s.groups))
	for p := range s.groups {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	return paths
}

// Check reads and validates rule files, given as paths or globs, without using
// them. The error names file, line and reason of every fault.
func Check(p parser.Parser, patterns ...string) error {
	_, err := readRules(p, patterns, false, slog.New(slog.DiscardHandler))
	return err
}

// readRules returns all faults of all files at once.
func readRules(p parser.Parser, patterns []string, withBuiltin bool, log *slog.Logger) (*ruleSet, error) {
	s := &ruleSet{parser: p, log: log, groups: map[string]*rulefmt.RuleGroups{}}
	paths, err := expand(patterns)
	faults := []error{err}
	for _, path := range paths {
		text, err := readBounded(path)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		faults = append(faults, s.add(path, text))
	}
	if withBuiltin {
		faults = append(faults, s.add(Builtin, builtin))
	}
	return s, errors.Join(faults...)
}

func (s *ruleSet) add(path string, text []byte) error {
	groups, errs := rulefmt.Parse(text, false, model.UTF8Validation, s.parser, s.log)
	if len(errs) > 0 {
		return fileErrors(path, text, errs)
	}
	s.groups[path] = groups
	return nil
}

// expand resolves globs. One that matches nothing is fine, a plain path that
// does not exist is not.
func expand(patterns []string) ([]string, error) {
	var paths []string
	var faults []error
	for _, pattern := range patterns {
		found, err := filepath.Glob(pattern)
		switch {
		case err != nil:
			faults = append(faults, fmt.Errorf("%s: %w: %w", pattern, err, ErrInvalid))
		case len(found) == 0 && !strings.ContainsAny(pattern, `*?[\`):
			faults = append(faults, fmt.Errorf("%s: no such rule file: %w", pattern, ErrInvalid))
		}
		for _, path := range found {
			if abs, err := filepath.Abs(path); err == nil {
				path = abs
			}
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	paths = slices.Compact(paths)
	if len(paths) > maxFiles {
		faults = append(faults, fmt.Errorf("%d rule files, at most %d: %w", len(paths), maxFiles, ErrInvalid))
		paths = nil
	}
	return paths, errors.Join(faults...)
}

func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxFile {
		return nil, fmt.Errorf("%s: more than %d bytes: %w", path, maxFile, ErrInvalid)
	}
	return b, nil
}
