package catalog

import (
	"os"
	"testing"

	"tripod/store"
)

func TestCheckCountsAndFindsDamage(t *testing.T) {
	c, path := openCatalog(t)
	for _, title := range []string{"One", "Two"} {
		if _, err := c.Save(t.Context(), "", 0, "", titled(title)); err != nil {
			t.Fatal(err)
		}
	}
	saved(t, c, RuleChange{}, "Down")
	if err := c.SaveQuery(t.Context(), "logs", store.SavedQuery{Name: "slow", Text: "took:>1s"}); err != nil {
		t.Fatal(err)
	}
	if n, err := Check(t.Context(), path); err != nil || n != (Held{Dashboards: 2, Rules: 1, Queries: 1}) {
		t.Errorf("%+v and %v, want 2 dashboards, a rule and a query", n, err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 4096; i < 8192; i++ { // the second page
		b[i] = 0xff
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Check(t.Context(), path); err == nil {
		t.Error("a file with a broken page is called sound")
	}
}
