package rulebook

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"tripod/alerting"
)

// Rule is an alerting rule, or one that records, with the settings of its
// group, as it is typed: durations are Prometheus's ("5m", "1h30m"), empty where they are not given.
// The JSON is that of the API and of what is kept; its names are those of
// Prometheus's rule files.
type Rule struct {
	Name          string            `json:"alert,omitempty"`
	Record        string            `json:"record,omitempty"` // the metric that it writes, in place of Name
	Expr          string            `json:"expr"`
	For           string            `json:"for,omitempty"`
	KeepFiringFor string            `json:"keep_firing_for,omitempty"`
	Labels        map[string]string `json:"labels,omitempty"`      // values are templates, but not of one that records
	Annotations   map[string]string `json:"annotations,omitempty"` // values are templates

	// Of the group: those of its rule that was saved last hold for all.
	Group       string `json:"group"`
	Interval    string `json:"interval,omitempty"`
	QueryOffset string `json:"query_offset,omitempty"`
	Limit       int    `json:"limit,omitempty"` // of alerts, 0 means none
}

// Title is what the rule is called by.
func (r *Rule) Title() string { return cmp.Or(r.Name, r.Record) }

// Kept is a rule as it is kept.
type Kept struct {
	ID      string    `json:"id"`
	Version int       `json:"version"` // of its history, 1 and more
	Saved   time.Time `json:"saved"`
	Note    string    `json:"note,omitempty"` // why this version was saved
	Rule
}

// Edition is one line of a rule's history.
type Edition struct {
	Version int
	Saved   time.Time
	Note    string
}

// What keeping rules can fail of; test with errors.Is. Others are
// alerting.ErrNotFound and alerting.ErrInvalid.
var (
	ErrConflict = errors.New("the rule was changed meanwhile")
	ErrFull     = fmt.Errorf("there are %d rules already: delete some", MaxRules)
)

// MaxRules bounds the rules of a book: each is evaluated every few seconds.
const MaxRules = 2000

// Fault is one thing that is wrong with a rule.
type Fault struct {
	Field    string `json:"field"` // in the words of rule files: "for", "labels.severity"; empty for the whole
	Text     string `json:"text"`
	From, To int    `json:"-"` // bytes of Expr, equal where there is no place
}

// Faults are all that is wrong with a rule; as an error they are alerting.ErrInvalid.
type Faults []Fault

func (f Faults) Error() string {
	s := ""
	for i, one := range f {
		if i > 0 {
			s += "; "
		}
		if one.Field != "" {
			s += one.Field + ": "
		}
		s += one.Text
	}
	return s
}

func (f Faults) Unwrap() error { return alerting.ErrInvalid }

// Of are those of a field.
func (f Faults) Of(field string) (out []Fault) {
	for _, one := range f {
		if one.Field == field {
			out = append(out, one)
		}
	}
	return out
}
