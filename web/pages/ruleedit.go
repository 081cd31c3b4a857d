package pages

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"tripod/alerting"
	"tripod/alerting/rulebook"
	"tripod/store"
	"tripod/ui"
	"tripod/ui/chart"
	"tripod/ui/screens"
	"tripod/web"
)

// RuleBook gives the rules that were made on the page, in the order in which
// they stand in their file.
type RuleBook interface {
	Rules(ctx context.Context) ([]rulebook.Kept, error)
	Rule(ctx context.Context, id string, version int) (*rulebook.Kept, error) // the newest version when 0
	RuleEditions(ctx context.Context, id string) ([]rulebook.Edition, error)  // newest first
}

// RuleDesk changes them, and has them run at once. Every save is a version; a
// save over another's is a rulebook.ErrConflict.
type RuleDesk interface {
	SaveRule(ctx context.Context, id string, base int, note string, r rulebook.Rule) (string, error)
	DeleteRule(ctx context.Context, id string) error
	UndeleteRule(ctx context.Context, id string) error
}

// RuleNow gives what a rule would make of the answer of this moment: the
// number of series, and the alerts of the first ones.
type RuleNow interface {
	Now(ctx context.Context, r rulebook.Rule) (series int, first []rulebook.Sample, err error)
}

func (p *Pages) ruleEdit(mux *http.ServeMux) {
	p.get(mux, "GET /alerts/new", p.ruleNew)
	p.get(mux, "POST /alerts/new", p.ruleSave)
	p.get(mux, "GET /alerts/edit/{id}", p.ruleOpen)
	p.get(mux, "POST /alerts/edit/{id}", p.ruleSave)
	p.get(mux, "POST /alerts/edit/{id}/delete", p.ruleDelete)
	p.get(mux, "POST /alerts/edit/{id}/undelete", p.ruleUndelete)
	p.get(mux, "POST /alerts/edit/{id}/restore", p.ruleRestore)
	p.get(mux, "GET /alerts/edit/{id}/export", p.ruleExport)
	p.get(mux, "GET /alerts/rules.yml", p.ruleExport)
	p.get(mux, "POST /alerts/preview", p.rulePreviewPart)
	mux.HandleFunc("GET /alerts/check", p.ruleCheck)
}

// ruleFault is an error of keeping in the words that doors share.
func ruleFault(err error) error {
	switch {
	case errors.Is(err, alerting.ErrNotFound):
		return fmt.Errorf("%w: %w", err, store.ErrNotFound)
	case errors.Is(err, alerting.ErrInvalid):
		return fmt.Errorf("%w: %w", err, store.ErrInvalid)
	}
	return err
}

// ruleNew is the form of a new rule: an empty one, one that the address
// describes, or a copy of a rule that runs.
func (p *Pages) ruleNew(w http.ResponseWriter, r *http.Request) error {
	f := freshRule(r.URL.Query())
	if key := r.URL.Query().Get("copy"); key != "" {
		if p.o.Alerts.Rules == nil {
			return errNoDoor
		}
		entries := alertEntries(p.o.Alerts.Rules.Groups())
		i := slices.IndexFunc(entries, func(e alertEntry) bool { return e.key == key })
		if i < 0 {
			return fmt.Errorf("there is no rule %.80q: %w", key, store.ErrNotFound)
		}
		f = formOf(rulebook.FromFile(entries[i].group, entries[i].rule))
	}
	return p.ruleForm(w, r, http.StatusOK, nil, f, nil)
}

// ruleOpen is the form of a rule that was made here, or of an old version of it.
func (p *Pages) ruleOpen(w http.ResponseWriter, r *http.Request) error {
	kept, err := p.keptRule(r)
	if err != nil {
		return err
	}
	f := formOf(kept.Rule)
	f.base = kept.Version
	return p.ruleForm(w, r, http.StatusOK, kept, f, nil)
}

func (p *Pages) keptRule(r *http.Request) (*rulebook.Kept, error) {
	if p.o.Alerts.Book == nil {
		return nil, errNoDoor
	}
	version := 0
	if text := r.URL.Query().Get("version"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("version is no number from 1 on: %w", store.ErrInvalid)
		}
		version = n
	}
	kept, err := p.o.Alerts.Book.Rule(r.Context(), r.PathValue("id"), version)
	return kept, ruleFault(err)
}

// ruleForm shows the form with its preview; kept is nil for a new rule. What
// takes long is asked for once the page is there: the back-test, and the look
// of what logs and traces are asked.
func (p *Pages) ruleForm(w http.ResponseWriter, r *http.Request, status int, kept *rulebook.Kept, f ruleForm, faults rulebook.Faults) error {
	ctx := r.Context()
	st := p.state(r)
	m := p.ruleModel(ctx, kept, &f, faults)
	waits := r.PostFormValue("do") != "preview" // a browser without scripts asks for all at once
	if m.Preview = (screens.RulePreview{Waiting: true}); !waits || labelOf(f.query.lang) == "" {
		m.Preview = p.rulePreview(ctx, st, &f)
	}
	m.Test = p.ruleTest(ctx, st, &f, !waits)
	pg := p.page(ctx, st, "alerts", m.Title, "plot.css", "alerts.css", "rule.css", "rule.js", "promql.js")
	pg.Crumbs = []ui.Crumb{{Text: "Alerts", Href: st.Carry().Href("/alerts")}, {Text: m.Title}}
	pg.Time, pg.Scope, pg.Refresh, pg.Flush = nil, nil, 0, true
	return p.send(w, r, status, ui.Shell(pg), screens.RulePage(m))
}

func (p *Pages) ruleModel(ctx context.Context, kept *rulebook.Kept, f *ruleForm, faults rulebook.Faults) screens.RuleEdit {
	rule := &f.rule
	m := screens.RuleEdit{
		Title: "New rule", Action: "/alerts/new", Cancel: "/alerts", Base: f.base, Can: p.o.Alerts.Desk != nil, Note: f.note,
		Query: ui.Query{ID: "rule-expr", Name: "expr", Value: rule.Expr, Lines: 3, Editor: true, Label: "Expression in PromQL",
			Placeholder: "any PromQL: each series of its answer is an alert, such as a / b > 0.05"},
		Name: rule.Title(), Record: f.record, For: rule.For, Keep: rule.KeepFiringFor, Group: rule.Group, Interval: rule.Interval, Offset: rule.QueryOffset, Limit: f.limit,
		Errors: ruleErrors(faults),
	}
	m.Languages = f.query.model()
	for _, pair := range append(slices.Clone(f.labels), [2]string{}) {
		m.Labels = append(m.Labels, screens.RulePair{Name: pair[0], Value: pair[1]})
	}
	for _, pair := range append(slices.Clone(f.notes), [2]string{}) {
		m.Annotations = append(m.Annotations, screens.RulePair{Name: pair[0], Value: pair[1]})
	}
	p.ruleGroups(ctx, kept, rule, &m)
	if kept == nil {
		return m
	}
	m.Title, m.Action = kept.Title(), "/alerts/edit/"+pathPart(kept.ID)
	if key := p.ruleKey(ctx, kept.ID); key != "" {
		m.Cancel = "/alerts?sel=" + urlQuery(key)
	}
	editions, err := p.o.Alerts.Book.RuleEditions(ctx, kept.ID)
	if err != nil {
		p.o.Log.Warn("history of a rule", "err", err)
	}
	now := p.o.Now().UTC()
	for i, e := range editions {
		m.History = append(m.History, screens.RuleEdition{
			Version: e.Version, Note: e.Note, Saved: chart.When(e.Saved, now), Exact: chart.Exact(e.Saved), On: e.Version == kept.Version,
			Href: m.Action + "?version=" + strconv.Itoa(e.Version),
		})
		if i == 0 && e.Version != kept.Version {
			m.Old = kept.Version
		}
	}
	return m
}

// ruleGroups names the groups that there are, and who else is in the rule's.
func (p *Pages) ruleGroups(ctx context.Context, kept *rulebook.Kept, rule *rulebook.Rule, m *screens.RuleEdit) {
	if p.o.Alerts.Book == nil {
		return
	}
	all, err := p.o.Alerts.Book.Rules(ctx)
	if err != nil {
		p.o.Log.Warn("rules", "err", err)
	}
	others := 0
	for _, r := range all {
		if !slices.Contains(m.Groups, r.Group) {
			m.Groups = append(m.Groups, r.Group)
		}
		if r.Group == rule.Group && (kept == nil || r.ID != kept.ID) {
			others++
		}
	}
	if others > 0 {
		m.Shared = "They hold for the whole group, with " + plural(others, "other rule") + "."
	}
}

// alertTools leads from a rule to its form, or to that of a copy.
func (p *Pages) alertTools(ctx context.Context, entries []alertEntry, at int, d *screens.AlertDetail) {
	if p.o.Alerts.Desk == nil {
		return
	}
	if own := p.ownRules(ctx, entries)[at]; own != nil {
		d.Edit = "/alerts/edit/" + pathPart(own.ID)
		return
	}
	d.Copy = "/alerts/new?copy=" + urlQuery(entries[at].key)
}

// ruleErrors are the faults by the name of their field.
func ruleErrors(faults rulebook.Faults) map[string]string {
	out := map[string]string{}
	for _, f := range faults {
		field := f.Field
		if field == "record" {
			field = "alert" // they have one field
		}
		if _, ok := out[field]; !ok {
			out[field] = sentence(f.Text)
		}
	}
	return out
}

// ruleCheck says what is wrong with an expression, for the editor.
func (p *Pages) ruleCheck(w http.ResponseWriter, r *http.Request) {
	expr := r.URL.Query().Get("q")
	faults := []metricFault{}
	found, _ := (&rulebook.Rule{Name: "a", Group: "a", Expr: expr}).Check(p.o.Alerts.Parser).(rulebook.Faults)
	if expr != "" && len(expr) <= maxValue {
		for _, f := range found.Of("expr") {
			from := units16(expr, f.From)
			faults = append(faults, metricFault{0, from, max(units16(expr, f.To), from), sentence(f.Text)})
		}
	}
	p.Headers(w.Header())
	web.JSON(w, http.StatusOK, faults)
}
