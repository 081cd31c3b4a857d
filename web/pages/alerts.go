package pages

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/util/annotations"

	"tripod/alerting"
	"tripod/ui"
	"tripod/ui/screens"
)

// Alerts are the doors of the Alerts screen; Rules alone is needed.
type Alerts struct {
	Rules   AlertRules
	Notices AlertNotices
	Series  AlertSeries

	Chronicle AlertChronicle
	Evidence  AlertEvidence
	Trial     AlertTrial

	Book     RuleBook
	BookFile string        // under which the running rules have it
	Desk     RuleDesk      // nil: then nothing can be changed
	Parser   parser.Parser // of PromQL, on the other screens too; stock when nil
	Now      RuleNow

	Silences Silences
	Muted    Muted
	Outlook  AlertOutlook
	Tester   AlertTester
}

// AlertRules gives the rules with their state, ordered by file and group.
type AlertRules interface {
	Groups() []alerting.Group
}

// AlertNotices says who is told, and what became of the last notifications,
// newest first.
type AlertNotices interface {
	Receivers() []string
	Deliveries() []alerting.Delivery
}

// AlertSeries evaluates the expression of a rule over time.
type AlertSeries interface {
	Range(ctx context.Context, expr string, from, to time.Time, step time.Duration) (promql.Matrix, annotations.Annotations, error)
}

func (p *Pages) alerts(mux *http.ServeMux) {
	p.get(mux, "GET /alerts", p.alertsPage)
	p.ruleEdit(mux)
	p.silences(mux)
	p.get(mux, "GET /alerts/values", p.alertValues)
	p.get(mux, "GET "+testPath, p.alertTestPart)
	p.get(mux, "POST /alerts/test", p.alertSendTest)
	p.get(mux, "GET /alerts/evidence", p.evidenceListPage)
	p.get(mux, "GET "+evidencePath+"{id}", p.evidencePage)
}

func (p *Pages) alertsPage(w http.ResponseWriter, r *http.Request) error {
	st := p.state(r)
	st.refreshDefault(15 * time.Second)
	model := p.alertsModel(r.Context(), st)
	pg := p.page(r.Context(), st, "alerts", "Alerts", "alerts.css", "silence.css", "evidence.css", "alerts.js")
	pg.Flush = true
	if model.Sel != nil {
		pg.Crumbs = append(pg.Crumbs, ui.Crumb{Text: model.Sel.Name})
	}
	return p.show(w, r, pg, screens.AlertsScreen(model))
}

// alertEntry is one rule with its group and the key by which sel names it.
type alertEntry struct {
	key   string
	group alerting.Group
	rule  alerting.Rule
}

// alertEntries gives each rule its name as key; a further rule of the same
// name gets its number behind it.
func alertEntries(groups []alerting.Group) []alertEntry {
	var out []alertEntry
	seen := map[string]int{}
	for _, g := range groups {
		for _, r := range g.Rules {
			seen[r.Name]++
			key := r.Name
			if n := seen[r.Name]; n > 1 {
				key += "~" + strconv.Itoa(n)
			}
			out = append(out, alertEntry{key, g, r})
		}
	}
	return out
}
