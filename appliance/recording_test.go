package appliance

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// recordAs writes a rule file that records under a name.
func recordAs(t *testing.T, dir, name string) {
	t.Helper()
	text := "groups:\n- name: recorded\n  rules:\n  - record: " + name + "\n    expr: sum(up{job=\"planner\"})\n    labels: {team: web}\n"
	if err := os.WriteFile(filepath.Join(dir, "record.yml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// rulesRecord: what a rule file records can be asked for, is shown, and follows
// the file when it is read again; a bad file changes nothing.
func rulesRecord(t *testing.T, r *running, dir string) {
	recorded := func(name string) bool {
		var answer struct {
			Data struct{ Result []struct{ Value [2]any } }
		}
		r.call("GET", "/api/v1/query?query="+url.QueryEscape(name+`{team="web"}`), "", nil, &answer)
		return len(answer.Data.Result) == 1 && answer.Data.Result[0].Value[1] == "1"
	}
	r.eventually("the recorded series", func() bool { return recorded("planner:up:sum") })
	_, page := r.try("GET", "/alerts", "", nil)
	if !strings.Contains(string(page), "planner:up:sum") {
		t.Error("Alerts does not show the recording rule")
	}
	if err := os.WriteFile(filepath.Join(dir, "bad.yml"), []byte("groups:\n- name: bad\n  rules:\n  - record: a b\n    expr: sum(\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if resp, b := r.try("POST", "/-/reload", "", nil); resp.StatusCode != 400 || !strings.Contains(string(b), "bad.yml:5") {
		t.Errorf("a bad rule file: %d %s", resp.StatusCode, b)
	}
	if err := os.Remove(filepath.Join(dir, "bad.yml")); err != nil {
		t.Fatal(err)
	}
	recordAs(t, dir, "planner:up:other")
	r.want("POST", "/-/reload", "", nil, 200, nil)
	r.eventually("the series under its new name", func() bool { return recorded("planner:up:other") })
	r.eventually("the end of the old one", func() bool { return !recorded("planner:up:sum") })
}
