package dispatch

import (
	"github.com/prometheus/alertmanager/pkg/labels"

	"tripod/alerting"
)

// Sources are the matchers, a set for each inhibition rule, of alerts that
// would hold back one with these labels.
func (c *Core) Sources(set map[string]string) (out [][]alerting.Matcher) {
	for _, i := range c.inhibitions {
		if !matches(i.target, set) {
			continue
		}
		var source []alerting.Matcher
		for _, m := range i.source {
			source = append(source, alerting.Matcher{
				Name: m.Name, Value: m.Value, IsRegex: m.Type == labels.MatchRegexp || m.Type == labels.MatchNotRegexp,
				IsEqual: m.Type == labels.MatchEqual || m.Type == labels.MatchRegexp,
			})
		}
		out = append(out, source)
	}
	return out
}
