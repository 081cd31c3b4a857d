package catalog

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"tripod/store"
)

func TestSavedQueriesStay(t *testing.T) {
	c, path := openCatalog(t)
	ctx := t.Context()
	for _, q := range []store.SavedQuery{{Name: "slow", Text: "took:>500ms"}, {Name: "Größe", Text: "{}"}, {Name: "slow", Text: "took:>1s"}} {
		if err := c.SaveQuery(ctx, "logs", q); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.SaveQuery(ctx, "metrics", store.SavedQuery{Name: "slow", Text: "up"}); err != nil {
		t.Fatal(err)
	}
	c.Close()
	c, err := Open(path) // as after a restart
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	list, err := c.SavedQueries(ctx, "logs")
	if err != nil || len(list) != 2 || list[0].Name != "Größe" || list[1].Text != "took:>1s" || list[1].Saved.IsZero() {
		t.Errorf("%+v, %v", list, err)
	}
	if err := c.DropQuery(ctx, "logs", "slow"); err != nil {
		t.Fatal(err)
	}
	if err := c.DropQuery(ctx, "logs", "slow"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("removed twice: %v", err)
	}
	if list, err := c.SavedQueries(ctx, "metrics"); err != nil || len(list) != 1 {
		t.Errorf("of another kind: %+v, %v", list, err)
	}
}

func TestWhatCannotBeSaved(t *testing.T) {
	c, _ := openCatalog(t)
	for name, q := range map[string]store.SavedQuery{
		"no name": {Name: " ", Text: "x"}, "no query": {Name: "a", Text: "\n"},
		"long name": {Name: strings.Repeat("é", 101), Text: "x"}, "long query": {Name: "a", Text: strings.Repeat("x", 8<<10+1)},
	} {
		if err := c.SaveQuery(t.Context(), "logs", q); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for i := range store.MaxSavedQueries {
		if err := c.SaveQuery(t.Context(), "logs", store.SavedQuery{Name: fmt.Sprint(i), Text: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.SaveQuery(t.Context(), "logs", store.SavedQuery{Name: "more", Text: "x"}); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("one too many: %v", err)
	}
	if err := c.SaveQuery(t.Context(), "logs", store.SavedQuery{Name: "7", Text: "y"}); err != nil {
		t.Errorf("in place of another: %v", err)
	}
}

// What fails at a later row names what was asked, too.
func TestFailedListOfSavedQueriesIsNamed(t *testing.T) {
	c, _ := openCatalog(t)
	if _, err := c.db.ExecContext(t.Context(), `DROP TABLE queries;
		CREATE TABLE numbers (kind, name, n, PRIMARY KEY (kind, name)) WITHOUT ROWID;
		INSERT INTO numbers VALUES ('logs', 'a', 1), ('logs', 'b', -9223372036854775807 - 1);
		CREATE VIEW queries AS SELECT kind, name, 'x' AS text, abs(n) AS saved FROM numbers`); err != nil {
		t.Fatal(err)
	}
	list, err := c.SavedQueries(t.Context(), "logs")
	if err == nil || !strings.HasPrefix(err.Error(), "list saved queries: ") || list != nil {
		t.Errorf("got %+v, %v", list, err)
	}
}
