package alertapi

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"tripod/alerting"
)

// filter is what the parameters of /api/v1/rules leave of all rules.
type filter struct {
	kind                 alerting.Kind // empty means both
	names, groups, files []string      // empty means all
	matchers             [][]*labels.Matcher
	withoutAlerts        bool
	limit                int // groups, 0 means all
	token                string
}

func parseFilter(r *http.Request) (f filter, err error) {
	if err := r.ParseForm(); err != nil {
		return f, fmt.Errorf("error parsing form values: %w", err)
	}
	q := r.Form
	f.names, f.groups, f.files = q["rule_name[]"], q["rule_group[]"], q["file[]"]
	if f.matchers, err = parseMatchers(q["match[]"]); err != nil {
		return f, err
	}
	switch kind := strings.ToLower(q.Get("type")); kind {
	case "":
	case "alert":
		f.kind = alerting.Alerting
	case "record":
		f.kind = alerting.Recording
	default:
		return f, invalid("type", "not supported value %q", kind)
	}
	if s := strings.ToLower(q.Get("exclude_alerts")); s != "" {
		if f.withoutAlerts, err = strconv.ParseBool(s); err != nil {
			return f, invalid("exclude_alerts", "error converting exclude_alerts: %v", err)
		}
	}
	limit := q.Get("group_limit")
	f.token = q.Get("group_next_token")
	switch n, err := strconv.ParseInt(limit, 10, 32); {
	case limit == "" && f.token != "":
		return f, invalid("group_next_token", "group_limit needs to be present in order to paginate over the groups")
	case limit == "":
	case err != nil:
		return f, invalid("group_limit", "group_limit needs to be a valid number: %v", err)
	case n <= 0:
		return f, invalid("group_limit", "group_limit needs to be greater than 0")
	default:
		f.limit = int(n)
	}
	return f, nil
}

func invalid(param, format string, args ...any) error {
	return fmt.Errorf("invalid parameter %q: %w", param, fmt.Errorf(format, args...))
}

func parseMatchers(selectors []string) ([][]*labels.Matcher, error) {
	sets, err := parser.NewParser(parser.Options{}).ParseMetricSelectors(selectors)
	if err != nil {
		return nil, err
	}
	for _, set := range sets {
		if !slices.ContainsFunc(set, func(m *labels.Matcher) bool { return !m.Matches("") }) {
			return nil, errors.New("match[] must contain at least one non-empty matcher")
		}
	}
	return sets, nil
}

// discover pages over the groups of which something is left.
func (f *filter) discover(groups []alerting.Group) (ruleDiscovery, error) {
	out := ruleDiscovery{Groups: []ruleGroup{}}
	found := f.token == ""
	for _, g := range groups {
		if found = found || token(g) == f.token; !found {
			continue
		}
		form, any := f.group(g)
		if !any {
			continue
		}
		if f.limit > 0 && len(out.Groups) == f.limit {
			out.NextToken = token(g)
			break
		}
		out.Groups = append(out.Groups, form)
	}
	if !found {
		return out, invalid("group_next_token", "invalid group_next_token '%v'. were rule groups changed?", f.token)
	}
	return out, nil
}

func (f *filter) group(g alerting.Group) (ruleGroup, bool) {
	form := groupForm(g)
	if !among(g.Name, f.groups) || !among(g.File, f.files) {
		return form, false
	}
	for _, r := range g.Rules {
		if f.takes(r) {
			form.Rules = append(form.Rules, ruleForm(r, !f.withoutAlerts))
		}
	}
	return form, len(form.Rules) > 0
}

func (f *filter) takes(r alerting.Rule) bool {
	return (f.kind == "" || f.kind == r.Kind) && among(r.Name, f.names) && f.matches(r.Labels)
}

// matches is true when all matchers of at least one selector fit.
func (f *filter) matches(of map[string]string) bool {
	return len(f.matchers) == 0 || slices.ContainsFunc(f.matchers, func(set []*labels.Matcher) bool {
		return !slices.ContainsFunc(set, func(m *labels.Matcher) bool { return !m.Matches(of[m.Name]) })
	})
}

func among(s string, wanted []string) bool { return len(wanted) == 0 || slices.Contains(wanted, s) }

// token names a group to continue at, as Prometheus does.
func token(g alerting.Group) string {
	h := sha256.Sum256([]byte(g.File + ";" + g.Name))
	return hex.EncodeToString(h[:])
}
