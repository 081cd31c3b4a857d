package alertapi

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"tripod/alerting/rulebook"
	"tripod/appliance/catalog"
)

type testDesk struct{ *catalog.Catalog }

func agree([]rulebook.Kept) error { return nil }

func (d testDesk) SaveRule(ctx context.Context, id string, base int, note string, r rulebook.Rule) (string, error) {
	if err := r.Check(nil); err != nil {
		return "", err
	}
	return d.ChangeRule(ctx, catalog.RuleChange{ID: id, Base: base, Note: note, Rule: &r}, agree)
}

func (d testDesk) DeleteRule(ctx context.Context, id string) error {
	_, err := d.ChangeRule(ctx, catalog.RuleChange{ID: id}, agree)
	return err
}

func (d testDesk) UndeleteRule(ctx context.Context, id string) error {
	_, err := d.ChangeRule(ctx, catalog.RuleChange{ID: id, Back: true}, agree)
	return err
}

func ownRules(t *testing.T) func(method, path, body string) (int, string) {
	t.Helper()
	c, err := catalog.Open(filepath.Join(t.TempDir(), "catalog.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	mux := http.NewServeMux()
	NewOwnRules(c, testDesk{c}).Register(mux)
	return func(method, path, body string) (int, string) {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(method, "/api/v1/alerts/rules"+path, strings.NewReader(body)))
		return w.Code, w.Body.String()
	}
}

func TestOwnRulesByJSON(t *testing.T) {
	ask := ownRules(t)
	if code, said := ask("GET", "", ""); code != 200 || said != `{"status":"success","data":[]}` {
		t.Errorf("none: %d %s", code, said)
	}
	code, said := ask("POST", "", `{"alert":"Down","expr":"up == 0","for":"5m","labels":{"severity":"page"},"group":"own","note":"first"}`)
	var made struct{ Data rulebook.Kept }
	if err := json.Unmarshal([]byte(said), &made); err != nil || code != 200 || made.Data.Version != 1 || made.Data.For != "5m" || made.Data.ID == "" {
		t.Fatalf("made: %d %s, %v", code, said, err)
	}
	at := "/" + made.Data.ID
	if code, said := ask("PUT", at, `{"alert":"Down","expr":"up == 0","group":"own","version":1}`); code != 200 || !strings.Contains(said, `"version":2`) {
		t.Errorf("changed: %d %s", code, said)
	}
	if code, said := ask("PUT", at, `{"alert":"Down","expr":"up == 0","group":"own","version":1}`); code != 409 || !strings.Contains(said, `"errorType":"conflict"`) {
		t.Errorf("over another's: %d %s", code, said)
	}
	if code, _ := ask("DELETE", at, ""); code != 200 {
		t.Errorf("deleted: %d", code)
	}
	if code, said := ask("GET", at, ""); code != 404 || !strings.Contains(said, "not_found") {
		t.Errorf("a deleted one: %d %s", code, said)
	}
	if code, said := ask("POST", at+"/undelete", ""); code != 200 || !strings.Contains(said, `"alert":"Down"`) {
		t.Errorf("back: %d %s", code, said)
	}
}

func TestOwnRulesRefuse(t *testing.T) {
	ask := ownRules(t)
	for name, c := range map[string]struct {
		body, want string
		code       int
	}{
		"no JSON":           {`{`, "the rule: unexpected EOF", 400},
		"two of them":       {`{"alert":"A","expr":"up","group":"g"} {}`, "more follows its end", 400},
		"an unknown member": {`{"alert":"A","expr":"up","group":"g","fro":"5m"}`, `unknown field`, 400},
		"faulty fields":     {`{"alert":"A","expr":"sum(","for":"x"}`, `"faults":[{"field":"expr"`, 400},
		"too much":          {`{"alert":"` + strings.Repeat("a", maxRuleJSON) + `"}`, "too large", 413},
	} {
		t.Run(name, func(t *testing.T) {
			if code, said := ask("POST", "", c.body); code != c.code || !strings.Contains(said, c.want) {
				t.Errorf("got %d %.300s, want %d %s", code, said, c.code, c.want)
			}
		})
	}
	if _, said := ask("GET", "", ""); !strings.Contains(said, `[]`) {
		t.Errorf("kept %s", said)
	}
}
