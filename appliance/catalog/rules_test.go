package catalog

import (
	"errors"
	"testing"

	"tripod/alerting"
	"tripod/alerting/rulebook"
)

func agree([]rulebook.Kept) error { return nil }

func saved(t *testing.T, c *Catalog, change RuleChange, name string) string {
	t.Helper()
	change.Rule = &rulebook.Rule{Name: name, Expr: "up == 0", Group: "own"}
	id, err := c.ChangeRule(t.Context(), change, agree)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestRulesHaveAHistory(t *testing.T) {
	c, path := openCatalog(t)
	ctx := t.Context()
	first := saved(t, c, RuleChange{Note: "made"}, "First")
	saved(t, c, RuleChange{}, "Second")
	saved(t, c, RuleChange{ID: first, Base: 1, Note: "renamed"}, "Changed")
	c.Close()
	c, err := Open(path) // as after a restart
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	all, err := c.Rules(ctx)
	if err != nil || len(all) != 2 || all[0].Name != "Changed" || all[0].Version != 2 || all[0].Note != "renamed" || all[0].Saved.IsZero() || all[1].Name != "Second" {
		t.Errorf("rules %+v, %v", all, err)
	}
	old, err := c.Rule(ctx, first, 1)
	if err != nil || old.Name != "First" || old.Note != "made" {
		t.Errorf("version 1: %+v, %v", old, err)
	}
	past, err := c.RuleEditions(ctx, first)
	if err != nil || len(past) != 2 || past[0].Version != 2 {
		t.Errorf("history %+v, %v", past, err)
	}
}

func TestRulesThatAreRefused(t *testing.T) {
	c, _ := openCatalog(t)
	ctx := t.Context()
	id := saved(t, c, RuleChange{}, "A")
	saved(t, c, RuleChange{ID: id}, "B")
	rule := func(name string) *rulebook.Rule { return &rulebook.Rule{Name: name, Expr: "up == 0", Group: "own"} }
	if _, err := c.ChangeRule(ctx, RuleChange{ID: id, Base: 1, Rule: rule("C")}, agree); !errors.Is(err, rulebook.ErrConflict) {
		t.Errorf("over another's: %v", err)
	}
	if _, err := c.ChangeRule(ctx, RuleChange{ID: "nowhere", Rule: rule("C")}, agree); !errors.Is(err, alerting.ErrNotFound) {
		t.Errorf("of nowhere: %v", err)
	}
	full := errors.New("disk full")
	if _, err := c.ChangeRule(ctx, RuleChange{ID: id, Rule: rule("C")}, func(all []rulebook.Kept) error {
		if len(all) != 1 || all[0].Name != "C" {
			t.Errorf("asked about %+v", all)
		}
		return full
	}); !errors.Is(err, full) {
		t.Errorf("not agreed: %v", err)
	}
	if k, err := c.Rule(ctx, id, 0); err != nil || k.Name != "B" || k.Version != 2 {
		t.Errorf("what was refused was kept: %+v, %v", k, err)
	}
}

func TestADeletedRuleComesBack(t *testing.T) {
	c, _ := openCatalog(t)
	ctx := t.Context()
	id := saved(t, c, RuleChange{}, "A")
	saved(t, c, RuleChange{}, "B")
	if _, err := c.ChangeRule(ctx, RuleChange{ID: id}, agree); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Rule(ctx, id, 0); !errors.Is(err, alerting.ErrNotFound) {
		t.Errorf("a deleted one: %v", err)
	}
	if _, err := c.ChangeRule(ctx, RuleChange{ID: id}, agree); !errors.Is(err, alerting.ErrNotFound) {
		t.Errorf("deleted twice: %v", err)
	}
	if _, err := c.ChangeRule(ctx, RuleChange{ID: id, Back: true}, agree); err != nil {
		t.Fatal(err)
	}
	if all, err := c.Rules(ctx); err != nil || len(all) != 2 || all[0].Name != "A" {
		t.Errorf("back, in its old place: %+v, %v", all, err)
	}
}
