package appliance

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql/parser"

	"tripod/alerting"
	"tripod/alerting/rulebook"
	"tripod/appliance/catalog"
	"tripod/store/metrics"
)

// rulesAreMadeOnThePage makes a rule that fires, changes it and deletes it.
func rulesAreMadeOnThePage(t *testing.T, r *running) {
	state := func() (alerting.State, bool) {
		for _, g := range r.rules.Groups() {
			for _, rule := range g.Rules {
				if rule.Name == "MadeHere" {
					return rule.State, true
				}
			}
		}
		return "", false
	}
	fields := url.Values{"alert": {"MadeHere"}, "expr": {"vector(1) > 0"}, "group": {"own"}, "annotation.name": {"summary"}, "annotation.value": {"it is {{ $value }}"}}
	if code := r.post("/alerts/new", "application/x-www-form-urlencoded", fields.Encode()); code != 200 {
		t.Fatalf("made: %d", code)
	}
	r.eventually("the rule fires", func() bool { s, _ := state(); return s == alerting.Firing })
	text, err := os.ReadFile(filepath.Join(r.o.Data, "state", rulesFile))
	if err != nil || !strings.Contains(string(text), "- alert: MadeHere") {
		t.Errorf("the file: %s, %v", text, err)
	}
	all, err := r.catalog.Rules(t.Context())
	if err != nil || len(all) != 1 {
		t.Fatalf("kept %+v, %v", all, err)
	}
	if err := r.Reload(); err != nil {
		t.Error(err)
	}
	if s, _ := state(); s != alerting.Firing {
		t.Errorf("after reading the configuration again it is %q", s)
	}
	fields.Set("expr", "vector(1) > 2")
	if code := r.post("/alerts/edit/"+all[0].ID, "application/x-www-form-urlencoded", fields.Encode()); code != 200 {
		t.Fatalf("changed: %d", code)
	}
	r.eventually("it is quiet", func() bool { s, _ := state(); return s == alerting.Inactive })
	if code := r.post("/alerts/edit/"+all[0].ID+"/delete", "application/x-www-form-urlencoded", ""); code != 200 {
		t.Fatalf("deleted: %d", code)
	}
	if _, there := state(); there {
		t.Error("a deleted rule runs")
	}
	if _, err := r.backtestOptions(time.Now(), time.Now()).Parser.ParseExpr(`{__logql__="{"}`); err == nil {
		t.Error("a faulty LogQL query can be tried")
	}
}

func deskIn(t *testing.T, dir string) *ruleDesk {
	t.Helper()
	c, err := catalog.Open(filepath.Join(dir, catalogFile))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &ruleDesk{catalog: c, path: filepath.Join(dir, rulesFile), parser: ruleParser(parser.Options{})}
}

func opened(t *testing.T, d *ruleDesk) string {
	t.Helper()
	book, err := d.open(context.Background(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return string(book.Text)
}

func keep(t *testing.T, d *ruleDesk, name string) string {
	t.Helper()
	rule := &rulebook.Rule{Name: name, Expr: "up == 0", Group: "own"}
	id, err := d.catalog.ChangeRule(t.Context(), catalog.RuleChange{Rule: rule}, func([]rulebook.Kept) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// A file that does not fit the catalog, as after a crash between the two, is
// written anew at the start.
func TestTheCatalogOfRulesCounts(t *testing.T) {
	d := deskIn(t, t.TempDir())
	if text := opened(t, d); text != "" {
		t.Errorf("no rules make %q", text)
	}
	if _, err := os.Stat(d.path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no rules make a file: %v", err)
	}
	keep(t, d, "Kept")
	if err := os.WriteFile(d.path, []byte("groups: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	text := opened(t, d)
	file, err := os.ReadFile(d.path)
	if err != nil || string(file) != text || !strings.Contains(text, "- alert: Kept") || !strings.HasPrefix(text, "# The rules made on") {
		t.Errorf("file %s, %v; used %s", file, err, text)
	}
	if left, _ := filepath.Glob(d.path + ".new-*"); len(left) > 0 {
		t.Errorf("left behind: %s", left)
	}
}

// A disk that takes no more writes refuses the change as a whole.
func TestAChangeOfRulesIsWholeOrNot(t *testing.T) {
	d := deskIn(t, t.TempDir())
	id := keep(t, d, "A")
	opened(t, d)
	d.path = filepath.Join(t.TempDir(), "gone", rulesFile)
	if _, err := d.SaveRule(t.Context(), id, 1, "", rulebook.Rule{Name: "B", Expr: "up", Group: "own"}); err == nil {
		t.Fatal("it was saved without a file")
	}
	if k, err := d.catalog.Rule(t.Context(), id, 0); err != nil || k.Name != "A" || k.Version != 1 {
		t.Errorf("kept %+v, %v", k, err)
	}
}

// TestFaultyRulesAreNotKept tells what is wrong, within a query of another
// language too.
func TestFaultyRulesAreNotKept(t *testing.T) {
	d := deskIn(t, t.TempDir())
	for want, rule := range map[string]rulebook.Rule{
		"alert: is missing":            {Group: "g", Expr: "up == 0"},
		"gives lines, not numbers":     {Name: "A", Group: "g", Expr: `{__logql__="{a=\"b\"}"} > 1`},
		"column 6: __traceql__":        {Name: "A", Group: "g", Expr: `up + {__traceql__="{"}`},
		"cannot stand in a range":      {Name: "A", Group: "g", Expr: `rate({__logql__="rate({a=\"b\"}[5m])"}[5m])`},
		"want a duration like 30s, 5m": {Name: "A", Group: "g", Expr: "up == 0", For: "soon"},
	} {
		if _, err := d.SaveRule(t.Context(), "", 0, "", rule); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", want, err)
		}
	}
	if text := opened(t, d); text != "" {
		t.Errorf("kept %s", text)
	}
}

// TestRulesThatCannotBeUsedAreNotInTheWay of the others: such rules stay when
// the program is started without the feature that they need.
func TestRulesThatCannotBeUsedAreNotInTheWay(t *testing.T) {
	d := deskIn(t, t.TempDir())
	var unsound []string
	for _, name := range []string{"First", "Second"} {
		rule := &rulebook.Rule{Name: name, Expr: `sort_by_label(up, "job")`, Group: "own"}
		id, err := d.catalog.ChangeRule(t.Context(), catalog.RuleChange{Rule: rule}, func([]rulebook.Kept) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		unsound = append(unsound, id)
	}
	s, err := metrics.Open(t.TempDir(), metrics.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	opened(t, d)
	d.rules, err = alerting.Open(alerting.Options{Book: alerting.Book{Path: d.path}, NoBuiltin: true, Query: s.QueryFunc(), Parser: d.parser, Appendable: s, Queryable: s})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.rules.Close() })
	if err := d.DeleteRule(t.Context(), unsound[0]); err != nil {
		t.Errorf("deleted: %v", err)
	}
	if _, err := d.SaveRule(t.Context(), "", 0, "", rulebook.Rule{Name: "Third", Expr: "up == 0", Group: "own"}); err != nil {
		t.Errorf("saved: %v", err)
	}
	if err := d.UndeleteRule(t.Context(), unsound[0]); err != nil {
		t.Errorf("brought back: %v", err)
	}
	file, err := os.ReadFile(d.path)
	if err != nil || !strings.Contains(string(file), "- alert: Third") || strings.Contains(string(file), "sort_by_label") {
		t.Errorf("file %s, %v", file, err)
	}
	if all, err := d.catalog.Rules(t.Context()); err != nil || len(all) != 3 {
		t.Errorf("kept %+v, %v", all, err)
	}
}
