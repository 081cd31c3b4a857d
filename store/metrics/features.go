package metrics

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"tripod/store"
)

// Features are parts of PromQL that Prometheus calls experimental.
type Features struct {
	Syntax parser.Options
	// DelayedNames drops the metric's name behind all operations, not behind
	// each of them.
	DelayedNames bool
}

// switches are the names that Prometheus's --enable-feature has for them.
var switches = map[string]func(*Features){
	"promql-experimental-functions":   func(f *Features) { f.Syntax.EnableExperimentalFunctions = true },
	"promql-duration-expr":            func(f *Features) { f.Syntax.ExperimentalDurationExpr = true },
	"promql-extended-range-selectors": func(f *Features) { f.Syntax.EnableExtendedRangeSelectors = true },
	"promql-binop-fill-modifiers":     func(f *Features) { f.Syntax.EnableBinopFillModifiers = true },
	"promql-delayed-name-removal":     func(f *Features) { f.DelayedNames = true },
}

// ParseFeatures turns on what is named as Prometheus's --enable-feature names
// it.
func ParseFeatures(names []string) (Features, error) {
	var f Features
	for _, name := range names {
		on, ok := switches[name]
		if !ok {
			return f, fmt.Errorf("%.80q: want some of %s: %w", name, strings.Join(slices.Sorted(maps.Keys(switches)), ", "), store.ErrInvalid)
		}
		on(&f)
	}
	return f, nil
}

// Parser reads expressions as the store does.
func (s *Store) Parser() parser.Parser { return s.parser }
