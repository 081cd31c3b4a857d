package pages

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"tripod/ui"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

const (
	maxTries  = 8   // questions asked to find out why there is nothing
	maxBetter = 500 // series counted for one of them
)

// metricsNothing finds out which kind of nothing this is.
func (p *Pages) metricsNothing(ctx context.Context, a *metricsAsk, m *screens.Metrics, host string) *screens.MetricsNothing {
	asked := func(an metricAnswer) bool { return an.asked }
	switch {
	case slices.ContainsFunc(a.answers, func(an metricAnswer) bool { return an.problem != nil }):
		return &screens.MetricsNothing{Title: "The query cannot be answered", Text: "Nothing was drawn."}
	case m.Browser.Nothing && p.everything(ctx, a) == 0:
		return &screens.MetricsNothing{Title: "No metric has been received yet", Text: "Scrapes come every " + chart.Long(p.o.Scrape) + "; OTLP and remote-write are taken at once. Send the first one:", Snippet: snippet(host, "promclient")}
	case m.NotHeat:
		return &screens.MetricsNothing{Title: "These series are no histogram", Text: "A heat map needs series with the label le, a native histogram, or histogram_quantile() of one.",
			Actions: []ui.Button{{Text: "Show lines", Href: a.st.Without("view"), Small: true}}}
	case !slices.ContainsFunc(a.answers, asked) && len(a.queries) > 1:
		return &screens.MetricsNothing{Title: "All queries are hidden", Text: "The eye beside a query shows it again.", Actions: []ui.Button{{Text: "Show all", Href: a.st.Without("hide"), Small: true}}}
	case !slices.ContainsFunc(a.answers, asked):
		return &screens.MetricsNothing{Title: "Nothing has been asked", Text: "Choose a metric, or write PromQL."}
	}
	return p.noSeries(ctx, a)
}

// everything counts a few series of any time.
func (p *Pages) everything(ctx context.Context, a *metricsAsk) int {
	sets, err := p.o.Metrics.Series(ctx, []string{`{__name__!=""}`}, time.Unix(0, 0), a.st.Now, 1)
	if err != nil {
		return 1 // not known is not none
	}
	return len(sets)
}

// noSeries looks at the selectors of the first query without an answer: which
// condition to drop, or which time has data.
func (p *Pages) noSeries(ctx context.Context, a *metricsAsk) *screens.MetricsNothing {
	out := &screens.MetricsNothing{Title: "No series in this time range", Text: "Another time range or another query may have some."}
	for i := range a.answers {
		if !a.answers[i].asked {
			continue
		}
		e, err := parsePromQL(p.o.Alerts.Parser, a.answers[i].expr)
		if err != nil {
			continue
		}
		for _, matchers := range parser.ExtractSelectors(e) {
			if n := p.countSeries(ctx, a, matchers); n == 0 {
				return p.whyNone(ctx, a, i, matchers)
			}
		}
	}
	out.Text = "The selectors have series, but the query leaves none of them: a comparison, or labels that do not match on both sides."
	return out
}

func (p *Pages) whyNone(ctx context.Context, a *metricsAsk, i int, matchers []*labels.Matcher) *screens.MetricsNothing {
	if best, n := p.bestDrop(ctx, a, matchers); n > 0 {
		return a.dropModel(i, matchers[best], n)
	}
	shown := selectorText(matchers)
	for _, back := range [...]struct {
		text, from string
		d          time.Duration
	}{{"Last 24 hours", "now-24h", 24 * time.Hour}, {"Last 7 days", "now-7d", 7 * 24 * time.Hour}, {"Last 30 days", "now-30d", 30 * 24 * time.Hour}} {
		sets, err := p.o.Metrics.Series(ctx, []string{shown}, a.st.Now.Add(-back.d), a.st.Now, 1)
		if err == nil && len(sets) > 0 {
			return &screens.MetricsNothing{Title: "Nothing in this time range", Text: shown + " has samples at another time.",
				Actions: []ui.Button{{Text: back.text, Href: a.st.With("from", back.from, "to", ""), Small: true}}}
		}
	}
	return &screens.MetricsNothing{Title: "Nothing was ever received for this", Text: shown + " has no series. The metric browser lists what there is."}
}

// bestDrop is the condition whose removal gives most series.
func (p *Pages) bestDrop(ctx context.Context, a *metricsAsk, matchers []*labels.Matcher) (best, n int) {
	for k, m := range matchers {
		if m.Name == labels.MetricName || k >= maxTries {
			continue
		}
		left := slices.Delete(slices.Clone(matchers), k, k+1)
		if got := p.countSeries(ctx, a, left); got > n {
			best, n = k, got
		}
	}
	return best, n
}

// dropModel offers the query without a condition; that of the scope is dropped
// by leaving the scope.
func (a *metricsAsk) dropModel(i int, m *labels.Matcher, n int) *screens.MetricsNothing {
	count := countSeries(n)
	if n >= maxBetter {
		count = chart.Count(maxBetter) + " series or more"
	}
	out := &screens.MetricsNothing{Title: "Nothing matches", Text: "Without " + m.String() + " there would be " + count + "."}
	if typed, ok := withoutMatcher(a.p.o.Alerts.Parser, a.queries[i], m); ok {
		q := slices.Clone(a.queries)
		q[i] = typed
		out.Actions = []ui.Button{{Text: "Drop " + m.Name, Href: metricsHref(a.st, q), Small: true}}
	} else if m.Name == "service_name" && len(a.st.Services) > 0 {
		out.Actions = []ui.Button{{Text: "All services", Href: a.st.Without("service"), Small: true}}
	}
	return out
}

// countSeries counts those of a selector in the range, up to a bound.
func (p *Pages) countSeries(ctx context.Context, a *metricsAsk, matchers []*labels.Matcher) int {
	if !slices.ContainsFunc(matchers, func(m *labels.Matcher) bool { return !m.Matches("") }) {
		return 0
	}
	sets, err := p.o.Metrics.Series(ctx, []string{selectorText(matchers)}, a.from.Add(-5*time.Minute), a.to, maxBetter)
	if err != nil {
		return 0
	}
	return len(sets)
}

func selectorText(matchers []*labels.Matcher) string {
	v := parser.VectorSelector{}
	for _, m := range matchers {
		if m.Name == labels.MetricName && m.Type == labels.MatchEqual {
			v.Name = m.Value
		}
		v.LabelMatchers = append(v.LabelMatchers, m)
	}
	return v.String()
}

// withoutMatcher is a query as typed without a condition, if it has it.
func withoutMatcher(read parser.Parser, typed string, drop *labels.Matcher) (string, bool) {
	const window = "7919s" // a time that nobody writes stands for $__rate
	e, err := parsePromQL(read, rateName.ReplaceAllString(typed, window))
	if err != nil {
		return "", false
	}
	found := false
	parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
		if v, ok := n.(*parser.VectorSelector); ok {
			v.LabelMatchers = slices.DeleteFunc(v.LabelMatchers, func(m *labels.Matcher) bool {
				same := m.Name == drop.Name && m.Type == drop.Type && m.Value == drop.Value
				found = found || same
				return same
			})
		}
		return nil
	})
	return strings.NewReplacer("2h11m59s", "$__rate", window, "$__rate").Replace(e.String()), found
}
