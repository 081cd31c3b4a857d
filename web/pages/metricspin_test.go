package pages

import (
	"net/url"
	"strings"
	"testing"

	"tripod/dashboard"
)

func TestAQueryIsPinnedToADashboard(t *testing.T) {
	h, c := deskOf(t)
	_, _, page := pageOf(t, h, "/graph?q="+url.QueryEscape("rate(go_goroutines[$__rate])"))
	wants(t, page, `id="pin-pop"`, "A new dashboard", `value="rate(go_goroutines[$__rate])"`)
	fields := url.Values{"q": {"rate(took_seconds_sum[$__rate])", "up"}, "to": {pinNew}, "title": {"Mine"}, "view": {"stacked"}}
	w := sendTo(h, "POST", "/graph/pin", form, fields.Encode())
	id := strings.TrimPrefix(w.Header().Get("Location"), "/dashboards/")
	if w.Code != 303 || !strings.HasPrefix(id, "mine-") {
		t.Fatalf("pinned: %d to %q: %s", w.Code, id, w.Body)
	}
	fields.Set("to", id)
	for range 2 {
		if w := sendTo(h, "POST", "/graph/pin", form, fields.Encode()); w.Code != 303 {
			t.Fatalf("pinned again: %d %s", w.Code, w.Body)
		}
	}
	d, err := c.Get(t.Context(), id, 0)
	if err != nil || d.Version != 3 || len(d.Rows[0].Panels) != 3 {
		t.Fatalf("kept %+v, %v", d, err)
	}
	first := d.Rows[0].Panels[0]
	if first.Title != "Mine" || !first.Stack || first.Draw != dashboard.Area || len(first.Queries) != 2 || first.Queries[1].Letter != "B" {
		t.Errorf("the panel is %+v", first)
	}
	const half = dashboard.Columns / 2
	for i, want := range []dashboard.Place{{X: 0, Y: 0, W: half, H: 8}, {X: half, Y: 0, W: half, H: 8}, {X: 0, Y: 8, W: half, H: 8}} {
		if p := d.Rows[0].Panels[i]; p.Place != want || p.ID != i+1 {
			t.Errorf("panel %d lies at %+v, want %+v", p.ID, p.Place, want)
		}
	}
	for body, code := range map[string]int{"to=new": 400, "q=up&to=nowhere": 404} {
		if w := sendTo(h, "POST", "/graph/pin", form, body); w.Code != code {
			t.Errorf("%s: %d, want %d", body, w.Code, code)
		}
	}
}
