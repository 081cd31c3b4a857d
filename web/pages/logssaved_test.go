package pages

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"tripod/store"
)

// fakeSaved keeps queries of one kind by name.
type fakeSaved map[string]string

func (f fakeSaved) SavedQueries(_ context.Context, kind string) (out []store.SavedQuery, err error) {
	for _, name := range slices.Sorted(maps.Keys(f)) {
		out = append(out, store.SavedQuery{Name: name, Text: f[name]})
	}
	if kind != "logs" {
		return nil, store.ErrNotFound
	}
	return out, nil
}

func (f fakeSaved) SaveQuery(_ context.Context, _ string, q store.SavedQuery) error {
	f[q.Name] = q.Text
	return nil
}

func (f fakeSaved) DropQuery(_ context.Context, _, name string) error {
	if _, ok := f[name]; !ok {
		return store.ErrNotFound
	}
	delete(f, name)
	return nil
}

func TestSavedQueries(t *testing.T) {
	saved := fakeSaved{"Pool pressure": `level:>=warn "db pool"`, "slow": "took:>1s"}
	h := screenOf(t, Options{Logs: &fakeLogs{}, Words: fakeWords{}, Saved: saved})
	send := func(path string, form url.Values) *httptest.ResponseRecorder {
		r := httptest.NewRequest("POST", path, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	says(t, "page", ask(h, "/logs?q=timeout&from=now-2h").Body.String(), `id="saved-pop"`, `value="timeout"`, "Pool pressure", "/logs?from=now-2h&amp;q=took%3A%3E1s")
	for name, c := range map[string]struct {
		form   url.Values
		status int
		to     string
	}{
		"saved":           {url.Values{"name": {" a  name "}, "text": {"x y "}, "back": {"/logs?q=old&from=now-2h"}}, 303, "/logs?from=now-2h&q=x+y"},
		"in its place":    {url.Values{"name": {"slow"}, "text": {"took:>2s"}}, 303, "/logs?q=took%3A%3E2s"},
		"to another site": {url.Values{"name": {"b"}, "text": {"x"}, "back": {"//evil.example/logs?q=y"}}, 303, "/logs?q=x"},
		"to another page": {url.Values{"name": {"c"}, "text": {"x"}, "back": {"/alerts"}}, 303, "/logs?q=x"},
		"without a name":  {url.Values{"name": {" "}, "text": {"x"}}, 400, ""},
		"without a query": {url.Values{"name": {"d"}, "text": {""}}, 400, ""},
	} {
		if w := send("/logs/saved", c.form); w.Code != c.status || w.Header().Get("Location") != c.to {
			t.Errorf("%s: got %d to %q", name, w.Code, w.Header().Get("Location"))
		}
	}
	if saved["a name"] != "x y" || saved["slow"] != "took:>2s" || len(saved) != 5 {
		t.Errorf("kept %v", saved)
	}
	if w := send("/logs/saved/remove", url.Values{"name": {"slow"}, "back": {"/logs?q=x"}}); w.Code != http.StatusSeeOther || saved["slow"] != "" {
		t.Errorf("removed: %d, kept %v", w.Code, saved)
	}
	if w := send("/logs/saved/remove", url.Values{"name": {"slow"}}); w.Code != http.StatusNotFound {
		t.Errorf("removed twice: %d", w.Code)
	}
}

func TestSavedQueriesComplete(t *testing.T) {
	h := screenOf(t, Options{Logs: &fakeLogs{}, Words: fakeWords{}, Saved: fakeSaved{"Pool pressure": `level:>=warn "db pool"`, "lines of web": `{service_name="web"}`}})
	for head, want := range map[string]string{
		"poo":                    "Pool pressure",
		"info poo":               "Pool pressure",
		"level:>=w":              "Pool pressure", // it goes on so
		`{service_name`:          "lines of web",
		"p":                      "",
		"nothing":                "",
		`level:>=warn "db pool"`: "",
	} {
		body := ask(h, "/logs/complete?q="+url.QueryEscape(head)).Body.String()
		offered := strings.Contains(body, ">saved<")
		if offered != (want != "") || !strings.Contains(strings.NewReplacer("<mark>", "", "</mark>", "").Replace(body), cmp.Or(want, "acl")) || offered && !strings.Contains(body, "data-whole") {
			t.Errorf("%s: want %q, got %s", head, want, body)
		}
	}
	body := ask(screenOf(t, Options{Logs: &fakeLogs{}}), "/logs").Body.String()
	says(t, "nobody keeps them", body, "!saved-pop")
}
