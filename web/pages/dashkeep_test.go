package pages

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tripod/appliance/catalog"
)

func deskOf(t *testing.T) (http.Handler, *catalog.Catalog) {
	t.Helper()
	c, err := catalog.Open(filepath.Join(t.TempDir(), "catalog.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return newPages(t, Options{Metrics: &fakeMetrics{}, Labels: fakeLabels{"go_goroutines"}, Dashboards: c, DashboardDesk: c}), c
}

// sendTo sends a body and gives the answer.
func sendTo(h http.Handler, method, target, kind, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Content-Type", kind)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

const form = "application/x-www-form-urlencoded"

func TestDashboardIsCopiedChangedAndRestored(t *testing.T) {
	h, c := deskOf(t)
	w := sendTo(h, "POST", "/dashboards/auto-go/copy", form, "")
	at, _, _ := strings.Cut(w.Header().Get("Location"), "?")
	if w.Code != 303 || !strings.HasPrefix(at, "/dashboards/go-programs-") {
		t.Fatalf("copy: %d to %q", w.Code, at)
	}
	_, _, page := pageOf(t, h, at)
	wants(t, page, `id="dash-file"`, "version 1", "!Copy to edit")
	file := `{"version":1,"title":"Mine","rows":[{"panels":[{"id":1,"kind":"stat","title":"n","place":{"x":0,"y":0,"w":4,"h":3},"queries":[{"text":"go_goroutines"}]}]}]}`
	if w := sendTo(h, "PUT", at, "application/json", `{"base":1,"note":"edited","dashboard":`+file+`}`); w.Code != 200 || !strings.Contains(w.Body.String(), `"version":2`) {
		t.Fatalf("save: %d %s", w.Code, w.Body)
	}
	if w := sendTo(h, "PUT", at, "application/json", `{"base":1,"dashboard":`+file+`}`); w.Code != 409 {
		t.Errorf("a save over another's: %d %s, want 409", w.Code, w.Body)
	}
	if w := sendTo(h, "PUT", at, "application/json", `{"base":2,"dashboard":{"version":1}}`); w.Code != 400 || !strings.Contains(w.Body.String(), "title") {
		t.Errorf("a bad one: %d %s", w.Code, w.Body)
	}
	_, _, old := pageOf(t, h, at+"?version=1")
	wants(t, old, "Restore this version", "!dash-file")
	if w := sendTo(h, "POST", at+"/restore", form, "version=1"); w.Code != 303 {
		t.Fatalf("restore: %d %s", w.Code, w.Body)
	}
	now, err := c.Get(t.Context(), strings.TrimPrefix(at, "/dashboards/"), 0)
	if err != nil || now.Version != 3 || now.Title != "Go programs" || now.Note != "version 1 restored" {
		t.Errorf("after restoring: %+v, %v", now, err)
	}
}

func TestDashboardIsDeletedAndComesBack(t *testing.T) {
	h, _ := deskOf(t)
	at, _, _ := strings.Cut(sendTo(h, "POST", "/dashboards", form, "").Header().Get("Location"), "?")
	w := sendTo(h, "POST", at+"/delete", form, "")
	_, _, list := pageOf(t, h, w.Header().Get("Location"))
	wants(t, list, "The dashboard was deleted.", at+"/undelete", "None yet")
	if code, _, _ := pageOf(t, h, at); code != 404 {
		t.Errorf("a deleted one: %d, want 404", code)
	}
	sendTo(h, "POST", at+"/undelete", form, "")
	if code, _, _ := pageOf(t, h, at); code != 200 {
		t.Errorf("after undo: %d", code)
	}
}

func TestDashboardIsExportedAndImported(t *testing.T) {
	h, _ := deskOf(t)
	for _, as := range []string{"json", "yaml"} {
		_, head, file := pageOf(t, h, "/dashboards/auto-go/export?as="+as)
		if !strings.Contains(head.Get("Content-Disposition"), "auto-go."+as) {
			t.Errorf("%s: %v", as, head)
		}
		w := sendTo(h, "POST", "/dashboards/import", form, url.Values{"text": {file}}.Encode())
		if w.Code != 303 {
			t.Fatalf("%s: import: %d %s", as, w.Code, w.Body)
		}
		_, _, back := pageOf(t, h, w.Header().Get("Location")+"/export?as="+as)
		if back != file {
			t.Errorf("%s: came back as\n%s\nwant\n%s", as, back, file)
		}
	}
	if w := sendTo(h, "POST", "/dashboards/import", form, "text=hello"); w.Code != 400 {
		t.Errorf("no dashboard: %d", w.Code)
	}
}

// Every sample of Grafana becomes a page that is whole, and says what it lacks.
func TestGrafanaSamplesBecomePages(t *testing.T) {
	h, _ := deskOf(t)
	files, err := filepath.Glob("../../dashboard/grafana/testdata/*.json")
	if err != nil || len(files) < 20 {
		t.Fatal(len(files), err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		w := sendTo(h, "POST", "/dashboards/import", "application/json", string(data))
		if w.Code != 303 {
			t.Errorf("%s: %d %s", f, w.Code, w.Body)
			continue
		}
		code, _, page := pageOf(t, h, w.Header().Get("Location"))
		if code != 200 {
			t.Errorf("%s: page: %d", f, code)
		}
		wants(t, page, "</html>", "!<script>alert", "!onclick", "!wiki.example/logo.png\" alt", "!<img")
		if strings.Contains(f, "library-panels") {
			wants(t, page, "Here was the library panel &#34;Shared CPU&#34;", "of the imported file could not be carried over", "acme-fancy-panel")
		}
	}
}

func TestDashboardPreview(t *testing.T) {
	h, _ := deskOf(t)
	ask, err := json.Marshal(map[string]any{"panel": "2", "dashboard": json.RawMessage(`{"version":1,"title":"x","rows":[{"panels":[{"id":2,"kind":"text","text":"# Hello","place":{"x":0,"y":0,"w":4,"h":3}}]}]}`)})
	if err != nil {
		t.Fatal(err)
	}
	w := sendTo(h, "POST", "/dashboards/anything/preview", "application/json", string(ask))
	wants(t, w.Body.String(), "<h3>Hello</h3>", `data-panel="2"`)
	if w := sendTo(h, "POST", "/dashboards/anything/preview", "application/json", `{"panel":"2","dashboard":{"version":1,"title":"x","rows":[{"panels":[{"id":2,"kind":"tex"}]}]}}`); w.Code != 400 || !strings.Contains(w.Body.String(), "not known") {
		t.Errorf("a wrong one: %d %s", w.Code, w.Body)
	}
}
