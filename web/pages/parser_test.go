package pages

import (
	"net/url"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
)

// TestPagesReadQueriesAsTheStoreDoes: what was turned on for the store is known
// to the editor, the scope, units and thresholds.
func TestPagesReadQueriesAsTheStoreDoes(t *testing.T) {
	const q = `sort_by_label(took_seconds, "a")`
	all := parser.NewParser(parser.Options{EnableExperimentalFunctions: true})
	check := func(read parser.Parser) string {
		h := screenOf(t, Options{Metrics: &fakeMetrics{}, Alerts: Alerts{Parser: read}})
		return ask(h, "/graph/check?"+url.Values{"q": {q, "A / 2"}}.Encode()).Body.String()
	}
	if got := check(nil); !strings.Contains(got, "is not enabled") {
		t.Errorf("stock PromQL: %s", got)
	}
	if got := strings.TrimSpace(check(all)); got != "[]" {
		t.Errorf("the editor says %s", got)
	}
	f := &fakeMetrics{}
	ask(screenOf(t, Options{Metrics: f, Alerts: Alerts{Parser: all}}), "/graph?service=web&q="+url.QueryEscape(q))
	if want := `sort_by_label(took_seconds{service_name=~"web"}, "a")`; !strings.Contains(strings.Join(f.asked, "\n"), want) {
		t.Errorf("asked %s, want %s", f.asked, want)
	}
	if got := unitOf(all, q); got != "s" {
		t.Errorf("unit %q", got)
	}
	if c, ok := splitComparison(all, q+" > 3"); !ok || c.left != q || c.limit != 3 {
		t.Errorf("compared: %+v", c)
	}
}
