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
		"other places":    {url.Values{"name": {"a name"}, "text": {"x y"}, "back": {"/logs?q=old&cursor=1&sel=2&before=3&around=4&view=fields"}}, 303, "/logs?q=x+y&view=fields"},
		"the same places": {url.Values{"name": {"a name"}, "text": {"x y"}, "back": {"/logs?q=x+y&cursor=1&sel=2"}}, 303, "/logs?cursor=1&q=x+y&sel=2"},
		"taken":           {url.Values{"name": {"Pool pressure"}, "text": {"y"}, "back": {"/logs?q=old"}}, 409, ""},
		"in its place":    {url.Values{"name": {"slow"}, "text": {"took:>2s"}, "replace": {"1"}}, 303, "/logs?q=took%3A%3E2s"},
		"as it is":        {url.Values{"name": {"Pool pressure"}, "text": {`level:>=warn "db pool"`}}, 303, "/logs?q=level%3A%3E%3Dwarn+%22db+pool%22"},
		"too long":        {url.Values{"name": {"d"}, "text": {strings.Repeat("x", maxValue+1)}}, 400, ""},
		"to another site": {url.Values{"name": {"b"}, "text": {"x"}, "back": {"//evil.example/logs?q=y"}}, 303, "/logs?q=x"},
		"to another page": {url.Values{"name": {"c"}, "text": {"x"}, "back": {"/alerts"}}, 303, "/logs?q=x"},
		"without a name":  {url.Values{"name": {" "}, "text": {"x"}}, 400, ""},
		"without a query": {url.Values{"name": {"d"}, "text": {""}}, 400, ""},
	} {
		if w := send("/logs/saved", c.form); w.Code != c.status || w.Header().Get("Location") != c.to {
			t.Errorf("%s: got %d to %q", name, w.Code, w.Header().Get("Location"))
		}
	}
	taken := send("/logs/saved", url.Values{"name": {"Pool pressure"}, "text": {"y"}, "back": {"/logs?q=old&cursor=1"}}).Body.String()
	says(t, "taken", taken, "“Pool pressure” already", "db pool", `name="replace" value="1"`, `name="text" value="y"`, `href="/logs?cursor=1&amp;q=old"`)
	if saved["Pool pressure"] != `level:>=warn "db pool"` {
		t.Errorf("another query has its name: %v", saved)
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

func TestSavedQueryOpensAsItWasSaved(t *testing.T) {
	long := strings.Repeat("x", maxValue)
	h := screenOf(t, Options{Logs: &fakeLogs{}, Words: fakeWords{}, Saved: fakeSaved{}})
	r := httptest.NewRequest("POST", "/logs/saved", strings.NewReader(url.Values{"name": {"long"}, "text": {long}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	says(t, "page", ask(h, w.Header().Get("Location")).Body.String(), long, "!was left out")
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
