package grafana

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"tripod/dashboard"
	"tripod/dashboard/frames"
)

// expression is a target that is computed of others: math, reduce and threshold.
func (im *importer) expression(at string, t node, of refs, q *dashboard.Query) bool {
	switch typ := t.str("type"); typ {
	case "math":
		q.Text = strings.TrimSpace(t.str("expression"))
	case "reduce":
		q.Text = im.reduceOf(at, t)
	case "threshold":
		q.Text = im.thresholdOf(at, t)
	default:
		im.lost(at, "an expression of the kind "+strconv.Quote(cut(typ, 60)), "math, reduce and threshold are computed here")
		return false
	}
	if q.Text == "" {
		return false
	}
	q.Text = of.rename(q.Text)
	if _, err := frames.ParseMath(q.Text); err != nil {
		im.lost(at, "the expression "+cut(q.Text, 100), strings.TrimPrefix(err.Error(), dashboard.ErrInvalid.Error()+": "))
		return false
	}
	return true
}

var letterOf = regexp.MustCompile(`^\$?\{?([^${}]+)\}?$`)

// over is the query that an expression is over, as math names it.
func (im *importer) over(at string, t node) string {
	m := letterOf.FindStringSubmatch(strings.TrimSpace(t.str("expression")))
	if m == nil {
		im.lost(at, "an expression over "+strconv.Quote(cut(t.str("expression"), 60)), "it names no query")
		return ""
	}
	return "${" + m[1] + "}"
}

func (im *importer) reduceOf(at string, t node) string {
	how := im.reducer(at+".reducer", t.str("reducer"))
	of := im.over(at, t)
	if how == "" || of == "" {
		return ""
	}
	if how == "last" {
		how = "lastnotnull" // the newest of those there are
	}
	if mode := t.str("settings", "mode"); mode == "replaceNN" {
		im.lost(at+".settings", "a number in place of none", "those without a value are left out")
	}
	return how + "(" + of + ")"
}

// comparisons are of the conditions of a threshold; the number of their values.
var comparisons = map[string]struct {
	text   string
	values int
}{
	"gt": {"%[1]s > %[2]s", 1}, "lt": {"%[1]s < %[2]s", 1}, "gte": {"%[1]s >= %[2]s", 1}, "lte": {"%[1]s <= %[2]s", 1}, "eq": {"%[1]s == %[2]s", 1}, "ne": {"%[1]s != %[2]s", 1},
	"within_range": {"%[1]s > %[2]s && %[1]s < %[3]s", 2}, "outside_range": {"%[1]s < %[2]s || %[1]s > %[3]s", 2},
}

func (im *importer) thresholdOf(at string, t node) string {
	of := im.over(at, t)
	conditions := t.nodes("conditions")
	if of == "" || len(conditions) == 0 {
		return ""
	}
	how := conditions[0].str("evaluator", "type")
	params := conditions[0].strs("evaluator", "params")
	c, ok := comparisons[how]
	if !ok || len(params) < c.values {
		im.lost(at+".conditions[0]", "the condition "+strconv.Quote(cut(how, 60)), "it is not known here")
		return ""
	}
	args := []any{of}
	for _, p := range params[:c.values] {
		args = append(args, "("+p+")") // which may be below 0
	}
	return fmt.Sprintf(c.text, args...)
}
