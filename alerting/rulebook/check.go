package rulebook

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// Bounds on what a rule may hold.
const (
	maxName  = 300
	maxText  = 16 << 10 // bytes of an expression or a template
	maxPairs = 60       // labels or annotations
)

// Check gives everything that is wrong with a rule, in the order of its
// fields, or nil. The parser reads expressions; nil is stock PromQL's.
func (r *Rule) Check(read parser.Parser) error {
	if read == nil {
		read = parser.NewParser(parser.Options{})
	}
	var f Faults
	if r.Record == "" {
		f.name("alert", r.Name)
	} else {
		f.record(r)
	}
	f.expr(read, r.Expr)
	f.duration("for", r.For)
	f.duration("keep_firing_for", r.KeepFiringFor)
	f.pairs("labels", r.Labels, r.Record == "")
	f.pairs("annotations", r.Annotations, true)
	f.name("group", r.Group)
	f.duration("interval", r.Interval)
	f.duration("query_offset", r.QueryOffset)
	if r.Limit < 0 || r.Limit > 1_000_000 {
		f.add("limit", "want a number of alerts from 0, which means any, to 1,000,000")
	}
	if len(f) == 0 {
		return nil
	}
	return f
}

func (f *Faults) add(field, format string, args ...any) {
	*f = append(*f, Fault{Field: field, Text: fmt.Sprintf(format, args...)})
}

func (f *Faults) name(field, s string) {
	switch {
	case strings.TrimSpace(s) == "":
		f.add(field, "is missing")
	case len(s) > maxName:
		f.add(field, "%d bytes, at most %d", len(s), maxName)
	case !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' }):
		f.add(field, "has characters that are no text")
	}
}

// record checks what only a rule that records has, and what it cannot have.
func (f *Faults) record(r *Rule) {
	f.name("record", r.Record)
	switch {
	case r.Name != "":
		f.add("alert", "a rule makes alerts or it records, not both")
	case !model.UTF8Validation.IsValidMetricName(r.Record):
		f.add("record", "%.60q is no name of a metric", r.Record)
	case strings.ContainsAny(r.Record, "{}"):
		f.add("record", "%.60q has braces: labels have their own place", r.Record)
	}
	for field, given := range map[string]bool{"for": r.For != "", "keep_firing_for": r.KeepFiringFor != "", "annotations": len(r.Annotations) > 0} {
		if given {
			f.add(field, "a rule that records has none")
		}
	}
}

func (f *Faults) expr(read parser.Parser, s string) {
	if strings.TrimSpace(s) == "" {
		f.add("expr", "is missing: any PromQL; each series of its answer is an alert, or is recorded")
		return
	}
	if len(s) > maxText {
		f.add("expr", "%d bytes, at most %d", len(s), maxText)
		return
	}
	e, err := read.ParseExpr(s)
	var list parser.ParseErrors
	switch {
	case errors.As(err, &list) && len(list) > 0:
		from, to := int(list[0].PositionRange.Start), int(list[0].PositionRange.End)
		*f = append(*f, Fault{"expr", place(s, from) + list[0].Err.Error(), from, max(from, to)})
	case err != nil:
		f.add("expr", "%s", err)
	case e.Type() != parser.ValueTypeVector && e.Type() != parser.ValueTypeScalar:
		f.add("expr", "a rule wants an instant vector or a scalar, this is a %s", parser.DocumentedType(e.Type()))
	}
}

// place is where a byte of an expression is, in the words of people.
func place(s string, at int) string {
	at = min(max(at, 0), len(s))
	before := s[:at]
	column := utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
	if line := strings.Count(before, "\n") + 1; strings.Contains(s, "\n") {
		return fmt.Sprintf("line %d, column %d: ", line, column)
	}
	return fmt.Sprintf("column %d: ", column)
}

func (f *Faults) duration(field, s string) {
	if _, err := duration(s); err != nil {
		f.add(field, "%.40q: want a duration like 30s, 5m or 1h30m", s)
	}
}

// duration reads an empty text as 0.
func duration(s string) (time.Duration, error) {
	if s = strings.TrimSpace(s); s == "" || s == "0" {
		return 0, nil
	}
	d, err := model.ParseDuration(s)
	return time.Duration(d), err
}

func (f *Faults) pairs(field string, m map[string]string, templates bool) {
	if len(m) > maxPairs {
		f.add(field, "%d of them, at most %d", len(m), maxPairs)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		at, value := field+"."+name, m[name]
		switch {
		case !model.UTF8Validation.IsValidLabelName(name):
			f.add(field, "%.60q is no name", name)
			continue
		case field == "labels" && name == labels.MetricName:
			f.add(at, "is the name of the metric, which no rule sets")
			continue
		case field == "labels" && templates && name == labels.AlertName:
			f.add(at, "is the name of the rule: change that")
			continue
		case len(value) > maxText:
			f.add(at, "%d bytes, at most %d", len(value), maxText)
			continue
		case field == "labels" && !utf8.ValidString(value):
			f.add(at, "is no text")
			continue
		}
		if !templates {
			continue
		}
		if err := newTemplate(context.Background(), at, value, series{}, Surroundings{}).ParseTest(); err != nil {
			f.add(at, "%s", templateFault(at, err))
		}
	}
}
