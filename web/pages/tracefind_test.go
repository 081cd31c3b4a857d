package pages

import (
	"strings"
	"testing"
)

func TestSpansAreFoundByWhatTheyHold(t *testing.T) {
	o := traceDoors()
	mux := screenOf(t, o)
	const path = "/traces/ab000000000000000000000000000001/find?text="
	for text, want := range map[string]string{
		"POOL.waiting=38": `["0000000000000003"]`,
		"insert+into":     `["0000000000000003"]`,
		"too+late":        `["0000000000000003"]`,
		"timeout":         `["0000000000000003"]`,
		"node-B":          `["0000000000000003"]`,
		"nothing+like+it": `[]`,
	} {
		if w := ask(mux, path+text); w.Code != 200 || strings.TrimSpace(w.Body.String()) != want {
			t.Errorf("%s: %d %s, want %s", text, w.Code, w.Body, want)
		}
	}
	for url, want := range map[string]int{path: 400, path + strings.Repeat("x", maxFindText+1): 400, "/traces/cd/find?text=a": 404, "/traces/x/find?text=a": 400} {
		if got := ask(mux, url).Code; got != want {
			t.Errorf("%.60s: status %d, want %d", url, got, want)
		}
	}
	if f := (finder{want: []byte("straße")}); !f.text("Die STRAßE") {
		t.Error("letters beyond ASCII keep their case")
	}
}
