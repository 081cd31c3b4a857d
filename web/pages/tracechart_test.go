package pages

import (
	"context"
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"tripod/store"
	"tripod/store/traces/traceql"
)

// parsedOnly finds nothing for what can be read.
type parsedOnly struct{ TraceQL }

func (parsedOnly) FindSpans(_ context.Context, q store.SpanQuery) (store.SpanAnswer, error) {
	parsed, err := traceql.Parse(q.Text)
	if err == nil && parsed.Metrics != nil {
		err = store.ErrNumbers
	}
	return store.SpanAnswer{}, err
}

// A query for numbers leads to its chart, also where the form says more.
func TestNumbersLeadToTheirChart(t *testing.T) {
	screen := screenOf(t, Options{Traces: &fakeTraces{}, TraceQL: parsedOnly{}})
	link := regexp.MustCompile(`href="([^"]*)"[^>]*>\s*(?:<span>)?Chart it in Metrics`)
	const query = "{ name = `a` } | rate() by (name)"
	for _, more := range []string{"", "&service=web", "&result=errors&operation=x"} {
		body := ask(screen, "/traces?from=now-3h&tags="+url.QueryEscape(query)+more).Body.String()
		found := link.FindStringSubmatch(body)
		if found == nil || !strings.Contains(body, "This query gives numbers over time") {
			t.Fatalf("%q: no link", more)
		}
		to, err := url.Parse(html.UnescapeString(found[1]))
		if err != nil || to.Path != "/graph" || to.Query().Get("q") != "{__traceql__=\"{ name = `a` } | rate() by (name)\"}" || to.Query().Get("from") != "now-3h" {
			t.Errorf("%q: leads to %s", more, to)
		}
	}
	if body := ask(screen, "/traces?tags="+url.QueryEscape("{} | rate() by")+"&service=web").Body.String(); !strings.Contains(body, "This query cannot be read") {
		t.Error("a broken query is not named")
	}
}

// What the form asks becomes a query that can be read.
func TestRateOfTheForm(t *testing.T) {
	for name, c := range map[string]struct {
		params, want string
	}{
		"nothing":    {"", "{  } | rate() by (resource.service.name)"},
		"a query":    {"tags=" + url.QueryEscape("{ status = error } | count() > 1"), "{ status = error } | count() > 1 | rate()"},
		"and a form": {"operation=x&tags=" + url.QueryEscape("{ status = error }"), `({ status = error }) && {name="x"} | rate()`},
		"all of the form": {"service=a&operation=GET+/&result=errors&min=1m&max=1.5h&tags=" + url.QueryEscape(`user.id=u7 http.status_code=500 odd*name="x y" ok=true`),
			`{ resource.service.name="a" && name="GET /" && (.http.status_code="500" || .http.status_code=500) && ."odd*name"="x y" && (.ok="true" || .ok=true) && .user.id="u7" && traceDuration>=1m0s && traceDuration<=1h30m0s && status=error } | rate()`},
		"errors in Jaeger's words": {"tags=error%3Dtrue", `{ (.error="true" || .error=true || status=error) } | rate() by (resource.service.name)`},
		"no errors in them":        {"tags=error%3Dfalse", `{ (.error="false" || .error=false || status!=error) } | rate() by (resource.service.name)`},
		"a span's own fields": {"service=a&tags=" + url.QueryEscape(`span.kind=server otel.status_code=ERROR otel.status_description="too late"`),
			`{ resource.service.name="a" && (.otel.status_code="ERROR" || status=error) && (.otel.status_description="too late" || statusMessage="too late") && (.span.kind="server" || kind=server) } | rate()`},
		"no such fields": {"service=a&tags=" + url.QueryEscape(`span.kind=odd otel.status_code=odd error=odd`),
			`{ resource.service.name="a" && .error="odd" && .otel.status_code="odd" && .span.kind="odd" } | rate()`},
		"services": {"service=a&service=b", `{ resource.service.name=~"a|b" } | rate() by (resource.service.name)`},
	} {
		v, _ := url.ParseQuery(c.params)
		st := State{Values: v, Services: v["service"], Range: store.TimeRange{To: int64(time.Hour)}}
		q, problems := traceQuery(&st)
		got := rateOf(&st, q)
		if got != c.want || len(problems) > 0 {
			t.Errorf("%s: got %s, %v", name, got, problems)
		}
		if parsed, err := traceql.Parse(got); err != nil || parsed.Metrics == nil {
			t.Errorf("%s: %s: %v", name, got, err)
		}
		if text := asMetric(got); !strings.Contains(text, got) {
			t.Errorf("%s: %s", name, text)
		}
	}
}
