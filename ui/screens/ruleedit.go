package screens

import (
	"encoding/json"

	"github.com/a-h/templ"

	"tripod/ui"
)

// RuleEdit is the form of a rule, with what it would do.
type RuleEdit struct {
	Title  string
	Action string // of the form, and the start of the addresses of what else can be done
	Cancel string
	Base   int  // the version that the change began with, 0 for a new rule
	Can    bool // it can be saved
	Old    int  // the version that is shown, when it is not the newest

	Record                  bool // it is one that records; Name is the metric
	Name                    string
	Query                   ui.Query
	Languages               RuleLanguages
	For, Keep               string
	Labels, Annotations     []RulePair
	Group                   string
	Groups                  []string // that there are
	Interval, Offset, Limit string
	Shared                  string // who else is in the group
	Note                    string
	Errors                  map[string]string // by field, in the words of rule files; "" is of the whole

	Preview RulePreview
	Test    AlertTest
	History []RuleEdition
}

// RuleLanguages is the choice of the language of a rule, with the fields of
// those in which the comparison stands beside the query.
type RuleLanguages struct {
	List           []RuleSpan // PromQL first
	LogQL, TraceQL ui.Query
	Over           string // how long before each moment spans count
	Op             string
	Ops            []string
	Limit          string
}

// RulePair is a label or an annotation.
type RulePair struct{ Name, Value string }

// RuleEdition is one version of a rule.
type RuleEdition struct {
	Version            int
	Note, Saved, Exact string
	Href               string
	On                 bool
}

// RulePreview is how a rule does now and did lately.
type RulePreview struct {
	Expr      string // what is asked, in PromQL
	Waiting   bool   // nothing is known yet; the page asks for it
	None      string // why there is nothing to show
	Failed    string // why nothing is known of now
	Hint      string // unit of the threshold
	Compare   string // what makes an alert of an expression that compares with nothing: "> 0.5"
	Spans     []RuleSpan
	Chart     AlertChart
	Threshold *RuleThreshold // nil when the expression has none that the axis can show
	Say       string
	AsIf      bool // the samples are not alerts: only how one would read
	Samples   []RuleSample
	More      string
	Errors    map[string]string // by field
}

// RuleSpan is how much of the past is shown.
type RuleSpan struct {
	Value, Text string
	On          bool
}

// RuleThreshold is the number that the expression compares with; From and To
// are where it stands in the expression, in UTF-16 units.
type RuleThreshold struct {
	Value, Op, Max, Step string
	From, To             int
	Percent              bool // it is a share, and said in percent
	Beside               bool // it stands in a field of its own, not in the expression
}

// RuleSample is one alert as it would be.
type RuleSample struct {
	Value       string
	Service     *ui.Service
	Labels      []string // name=value
	Annotations []RulePair
	Fault       string // of a template
}

func (m RuleEdit) kind() string {
	if m.Record {
		return "record"
	}
	return "alert"
}

func (m RuleEdit) labelHint() string {
	if m.Record {
		return "added to what is recorded"
	}
	return "routes and silences match them"
}

func (m RuleEdit) err(field string) string { return m.Errors[field] }

// errOf is the fault of a list, or of the first of its entries that has one.
func (m RuleEdit) errOf(field string, pairs []RulePair) string {
	if e := m.Errors[field]; e != "" {
		return e
	}
	for _, p := range pairs {
		if e := m.Errors[field+"."+p.Name]; e != "" {
			return p.Name + ": " + e
		}
	}
	return ""
}

// errorsJSON is what the island puts beside the fields.
func errorsJSON(errors map[string]string) string {
	b, err := json.Marshal(errors)
	if err != nil {
		return "{}"
	}
	return string(b)
}

func invalid(e string) templ.Attributes {
	if e == "" {
		return nil
	}
	return templ.Attributes{"aria-invalid": "true"}
}
