package dispatch

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/pkg/labels"

	"tripod/alerting/config"
)

// inhibition is one rule: while a source fires, its targets are held back.
type inhibition struct {
	name           string
	source, target labels.Matchers
	equal          []string
	// sources finds the alerts that match source by the values of equal.
	sources map[string]map[string]*Alert
}

func newInhibition(r config.InhibitRule) *inhibition {
	return &inhibition{
		name:    r.Name,
		source:  matchers(r.SourceMatch, r.SourceMatchRE, r.SourceMatchers),
		target:  matchers(r.TargetMatch, r.TargetMatchRE, r.TargetMatchers),
		equal:   r.Equal,
		sources: map[string]map[string]*Alert{},
	}
}

// key is the values of the labels that must be equal; absent is empty.
func (i *inhibition) key(set map[string]string) string {
	var b strings.Builder
	for _, name := range i.equal {
		b.WriteString(strconv.Quote(set[name]))
	}
	return b.String()
}

func (i *inhibition) learn(a *Alert) {
	if !matches(i.source, a.Labels) {
		return
	}
	key := i.key(a.Labels)
	if i.sources[key] == nil {
		i.sources[key] = map[string]*Alert{}
	}
	i.sources[key][a.fingerprint] = a
}

func (i *inhibition) forget(a *Alert) {
	key := i.key(a.Labels)
	delete(i.sources[key], a.fingerprint)
	if len(i.sources[key]) == 0 {
		delete(i.sources, key)
	}
}

// by is the first source, by fingerprint, that holds the labels back, or
// empty. An alert that is a source and a target cannot be held back by another
// that is both.
func (i *inhibition) by(set map[string]string, now time.Time) string {
	if !matches(i.target, set) {
		return ""
	}
	both := matches(i.source, set)
	found := i.sources[i.key(set)]
	for _, fingerprint := range slices.Sorted(maps.Keys(found)) {
		a := found[fingerprint]
		if !a.ResolvedAt(now) && (!both || !matches(i.target, a.Labels)) {
			return fingerprint
		}
	}
	return ""
}

// inhibitedBy names the alerts that hold the labels back now, one per rule.
func (c *Core) inhibitedBy(set map[string]string, now time.Time) (alerts []string) {
	for _, i := range c.inhibitions {
		if by := i.by(set, now); by != "" && !slices.Contains(alerts, by) {
			alerts = append(alerts, by)
		}
	}
	return alerts
}
