package dispatch

import (
	"maps"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"

	"tripod/alerting/config"
)

// Route is a node of the routing tree with everything inherited.
type Route struct {
	ID       string // unique in the tree; the same after a restart with the same configuration
	Receiver string
	GroupBy  []string // sorted; nil with All
	All      bool     // group by every label
	Matchers labels.Matchers
	Continue bool
	Routes   []*Route
	Labels   map[string]string

	GroupWait, GroupInterval, RepeatInterval time.Duration
	MuteIntervals, ActiveIntervals           []string

	key string // as Alertmanager writes it
}

func newRoute(r *config.Route, parent *Route, index int) *Route {
	out := &Route{GroupWait: 30 * time.Second, GroupInterval: 5 * time.Minute, RepeatInterval: 4 * time.Hour}
	if parent != nil {
		*out = *parent
	}
	out.Routes, out.Continue = nil, r.Continue
	out.MuteIntervals, out.ActiveIntervals = r.MuteTimeIntervals, r.ActiveTimeIntervals
	if r.Receiver != "" {
		out.Receiver = r.Receiver
	}
	switch {
	case r.GroupByAll():
		out.All = true // beside what is inherited, as Alertmanager has it
	case r.GroupBy != nil:
		out.GroupBy, out.All = slices.Sorted(slices.Values(r.GroupBy)), false
	}
	set := func(to *time.Duration, from *model.Duration) {
		if from != nil {
			*to = time.Duration(*from)
		}
	}
	set(&out.GroupWait, r.GroupWait)
	set(&out.GroupInterval, r.GroupInterval)
	set(&out.RepeatInterval, r.RepeatInterval)
	if len(r.Labels) > 0 {
		out.Labels = maps.Clone(out.Labels)
		if out.Labels == nil {
			out.Labels = map[string]string{}
		}
		maps.Copy(out.Labels, r.Labels)
	}
	out.Matchers = matchers(r.Match, r.MatchRE, r.Matchers)
	sort.Sort(out.Matchers)
	out.key = out.Matchers.String()
	out.ID = out.key
	if parent != nil {
		out.key = parent.key + "/" + out.key
		out.ID = parent.ID + "/" + out.ID + "/" + strconv.Itoa(index)
	}
	for i, child := range r.Routes {
		out.Routes = append(out.Routes, newRoute(child, out, i))
	}
	return out
}

// matchers joins the older forms with the newer one; config has checked them.
func matchers(equal map[string]string, re map[string]config.Regexp, more config.Matchers) labels.Matchers {
	var out labels.Matchers
	add := func(t labels.MatchType, name, value string) {
		m, err := labels.NewMatcher(t, name, value)
		if err != nil {
			panic("dispatch: " + err.Error())
		}
		out = append(out, m)
	}
	for _, name := range slices.Sorted(maps.Keys(equal)) {
		add(labels.MatchEqual, name, equal[name])
	}
	for _, name := range slices.Sorted(maps.Keys(re)) {
		add(labels.MatchRegexp, name, re[name].Original)
	}
	return append(out, more...)
}

// matches says that every matcher fits the labels.
func matches(ms labels.Matchers, set map[string]string) bool {
	for _, m := range ms {
		if !m.Matches(set[m.Name]) {
			return false
		}
	}
	return true
}

// Match is depth first, left to right: the routes that take an alert.
func (r *Route) Match(set map[string]string) []*Route {
	if !matches(r.Matchers, set) {
		return nil
	}
	var all []*Route
	for _, child := range r.Routes {
		found := child.Match(set)
		all = append(all, found...)
		if found != nil && !child.Continue {
			break
		}
	}
	if len(all) == 0 {
		all = append(all, r)
	}
	return all
}

// walk calls f with the route and all below it.
func (r *Route) walk(f func(*Route)) {
	f(r)
	for _, child := range r.Routes {
		child.walk(f)
	}
}

// groupLabels are those of an alert's labels that make its group.
func (r *Route) groupLabels(set map[string]string) map[string]string {
	if r.All {
		return maps.Clone(set)
	}
	out := map[string]string{}
	for _, name := range r.GroupBy {
		if v, ok := set[name]; ok {
			out[name] = v
		}
	}
	return out
}

// groupID is the ID of an alert's group.
func (r *Route) groupID(set map[string]string) string {
	return r.Receiver + r.ID + ":" + labelText(r.groupLabels(set))
}

// groupKey is Alertmanager's: route, colon, labels.
func (r *Route) groupKey(set map[string]string) string { return r.key + ":" + labelText(set) }

func labelText(set map[string]string) string {
	names := slices.Sorted(maps.Keys(set))
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = name + "=" + strconv.Quote(set[name])
	}
	return "{" + strings.Join(parts, ", ") + "}"
}
