package pages

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"tripod/alerting"
	"tripod/ui"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// alertSections are the parts of the list in their order, with the kind of
// their badge; the list can be limited to one of them.
var alertSections = [...]struct {
	title, kind string
	always      bool // it can be chosen even when it is empty
}{
	{"Firing", "err", true}, {"Pending", "warn", true}, {"Silenced", "", true}, {"Failing", "warn", false}, {"Quiet", "", true}, {"Recording", "", false},
}

// alertList are the rules in their sections.
type alertList struct {
	p       *Pages
	st      State
	entries []alertEntry
	held    map[string]alerting.Silence // rules that are silenced, by name
	only    string                      // the section that is shown alone; empty for all
}

func (p *Pages) alertList(entries []alertEntry, st State) *alertList {
	l := &alertList{p: p, st: st, entries: entries, held: p.heldRules()}
	for _, s := range alertSections {
		if strings.EqualFold(s.title, st.Values.Get("state")) {
			l.only = s.title
		}
	}
	return l
}

// section is where a rule stands in the list.
func (l *alertList) section(r alerting.Rule) string {
	if _, held := l.held[r.Name]; held && r.State == alerting.Firing {
		return "Silenced"
	}
	return alertSection(r)
}

// choose finds the rule that the address names, or without a name the one of
// those shown that needs attention most. It says false when there is none.
func (l *alertList) choose(key string) (int, bool) {
	if key != "" {
		i := slices.IndexFunc(l.entries, func(e alertEntry) bool { return e.key == key })
		return max(i, 0), i >= 0
	}
	best := -1
	for i, e := range l.entries {
		if l.only != "" && l.section(e.rule) != l.only {
			continue
		}
		if best < 0 || alertRank(e.rule) < alertRank(l.entries[best].rule) {
			best = i
		}
	}
	return max(best, 0), best >= 0
}

var alertRanks = map[string]int{"Firing": 0, "Pending": 1, "Failing": 2, "Quiet": 3, "Recording": 4}

func alertRank(r alerting.Rule) int { return alertRanks[alertSection(r)] }

func alertSection(r alerting.Rule) string {
	switch {
	case r.State == alerting.Firing:
		return "Firing"
	case r.State == alerting.Pending:
		return "Pending"
	case r.Health == alerting.HealthErr:
		return "Failing"
	case r.Kind == alerting.Recording:
		return "Recording"
	}
	return "Quiet"
}

// model is the list as it is shown; sel counts only when found.
func (l *alertList) model(found bool, sel int) screens.AlertList {
	var out screens.AlertList
	for _, section := range alertSections {
		part := screens.AlertSection{Title: section.title, Kind: section.kind}
		for i, e := range l.entries {
			if l.section(e.rule) == section.title {
				part.Items = append(part.Items, l.item(e, found && i == sel))
			}
		}
		n := len(part.Items)
		if n > 0 || section.always {
			tab := screens.AlertTab{Text: section.title, Kind: section.kind, Count: chart.Count(int64(n)), None: n == 0, On: section.title == l.only}
			tab.Href = l.st.With("state", strings.ToLower(section.title))
			if tab.On {
				tab.Href = l.st.Without("state")
			}
			out.Tabs = append(out.Tabs, tab)
		}
		if n > 0 && (l.only == "" || l.only == section.title) {
			out.Sections = append(out.Sections, part)
		}
	}
	if len(out.Sections) == 0 && l.only != "" {
		out.None = "No rule is " + strings.ToLower(l.only)
		out.All = l.st.Without("state")
	}
	return out
}

func (l *alertList) item(e alertEntry, on bool) screens.AlertItem {
	it := screens.AlertItem{ID: "rule-" + e.key, Name: e.rule.Name, Href: l.st.With("sel", e.key, "threshold", "", "for", "", "run", "", "saved", "", "deleted", ""), On: on}
	it.Tone, it.Word = alertTone(e.rule)
	it.Note = alertNote(e.rule, l.st.Now)
	switch n := len(e.rule.Alerts); {
	case n == 1:
		it.Value = l.p.alertValue(e.rule, e.rule.Alerts[0])
	case n > 1:
		it.Value = chart.Count(int64(n)) + " alerts"
	case it.Note == "" && e.rule.Kind == alerting.Alerting:
		l.p.quietItem(&it, e.rule, l.st.Now)
	}
	if len(e.rule.Alerts) > 0 {
		if name := alerting.ServiceOf(e.rule.Alerts[0].Labels); name != "" {
			it.Service = &ui.Service{Name: name, Slot: l.p.o.Slots(name)}
		}
	}
	if l.section(e.rule) == "Silenced" {
		it.Tone, it.Word, it.Note = "idle", "silenced", silenceNote(l.held[e.rule.Name], l.st.Now)
	}
	return it
}

// alertNote says how long, or when it fires; nothing of a quiet rule.
func alertNote(r alerting.Rule, now time.Time) string {
	switch {
	case r.Health == alerting.HealthErr:
		return "evaluation fails"
	case len(r.Alerts) > 0 && r.State == alerting.Firing:
		return brief(now.Sub(r.Alerts[0].FiredAt))
	case len(r.Alerts) > 0:
		if left := r.Alerts[0].ActiveAt.Add(r.For).Sub(now); left > 0 {
			return "fires in " + brief(left)
		}
		return "fires next"
	case r.Health == alerting.HealthUnknown:
		return "not evaluated yet"
	}
	return ""
}

// alertValues is the list once more, with the values that were not known yet
// when it was shown.
func (p *Pages) alertValues(w http.ResponseWriter, r *http.Request) error {
	if p.o.Alerts.Rules == nil {
		return errNoDoor
	}
	st := p.state(r)
	st.Path = "/alerts"
	entries := alertEntries(p.o.Alerts.Rules.Groups())
	p.measureQuiet(r.Context(), entries, st.Now, valuesLater)
	list := p.alertList(entries, st)
	sel, found := list.choose(st.Sel)
	return p.fragment(w, r, http.StatusOK, screens.AlertItems(list.model(found, sel)))
}
