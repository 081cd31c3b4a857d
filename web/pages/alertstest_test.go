package pages

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tripod/alerting/backtest"
)

// fakeTrial fires once for an hour when the threshold is below its own.
type fakeTrial struct {
	exprs []string
	rules []backtest.Rule
	from  time.Time
}

func (f *fakeTrial) Backtest(_ context.Context, r backtest.Rule, from, to time.Time) (*backtest.Report, error) {
	f.exprs, f.rules, f.from = append(f.exprs, r.Expr), append(f.rules, r), from
	report := &backtest.Report{Rule: r, From: from, To: to}
	if strings.HasSuffix(r.Expr, "0.05") {
		at := from.Add(time.Hour)
		report.Alerts = []backtest.Alert{{Episodes: []backtest.Episode{{FiredAt: at, ResolvedAt: at.Add(time.Hour)}}}}
		report.Notices = []backtest.Notice{{Receiver: "ops", Night: true}, {Receiver: "ops"}}
		report.Held = []backtest.Held{{Time: at, Receiver: "ops", Why: "inhibited by DatabaseDown"}}
	}
	return report, nil
}

func (f *fakeTrial) BacktestAt(ctx context.Context, r backtest.Rule, c backtest.Comparison, limits []float64, from, to time.Time) (out []*backtest.Report, err error) {
	for _, limit := range limits {
		r.Expr = fmt.Sprint(c.Left, " ", c.Op, " ", limit)
		one, _ := f.Backtest(ctx, r, from, to)
		out = append(out, one)
	}
	return out, nil
}

func TestAlertsTestARule(t *testing.T) {
	f := &fakeTrial{}
	screen := func(address string) string { return alertsScreenWith(t, someRules(), f, address) }
	body := screen("/alerts?sel=HighErrorRate")
	if len(f.exprs) > 0 {
		t.Errorf("the page waits for %d tests", len(f.exprs))
	}
	wants(t, body, `hx-get="/alerts/backtest?sel=HighErrorRate"`, `hx-trigger="load`, `<div class="twait js" role="status"><span class="t-3">It runs over the last 7 days`, "<noscript><div", "Run it over the last 7 days</a>", `test=7d#alert-test`, `data-keep="HighErrorRate"`)
	if body = screen("/alerts?sel=HighErrorRate&run=1"); len(f.exprs) != 5 || !strings.Contains(body, "It would have fired once in 7 days") {
		t.Error("without scripts it is not run with the page")
	}
	f.exprs = nil
	w := alertsAnswer(t, someRules(), f, "/alerts/backtest?sel=HighErrorRate")
	wants(t, w.Body.String(), "It would have fired once in 7 days, 1 h in all, with 2 notifications; held back once: inhibited by DatabaseDown.", `aria-current="true"><td class="r">5 %</td>`,
		`<td class="r">1.25 %</td>`, `<td class="r">20 %</td>`, `<td class="t-2">ops</td>`, `<td class="t-2">nobody</td>`, "At night (22–7 UTC)", `<div class="band err"`, "threshold 5 %", `value="5m"`, `data-keep="HighErrorRate"`)
	if len(f.exprs) != 5 {
		t.Errorf("asked %q, want five thresholds", f.exprs)
	}
	if got := w.Header().Get("HX-Replace-Url"); got != "" {
		t.Errorf("a test by itself changes the address to %q", got)
	}
	w = alertsAnswer(t, someRules(), f, "/alerts/backtest?sel=HighErrorRate&test=1d&threshold=30+%25&for=90s&run=1")
	wants(t, w.Body.String(), "It would not have fired in 24 hours.", `value="30 %"`, `value="90s"`)
	if got := w.Header().Get("HX-Replace-Url"); got != "/alerts?for=90s&sel=HighErrorRate&test=1d&threshold=30+%25" {
		t.Errorf("the address is %q", got)
	}
	if last := f.rules[len(f.rules)-1]; last.For != 90*time.Second {
		t.Errorf("tested for %s", last.For)
	}
	wants(t, screen("/alerts?sel=HighErrorRate&run=1&threshold=high"), "want a number")
	wants(t, screen("/alerts?sel=HighErrorRate&run=1&for=long"), "want a duration")
	wants(t, alertsAnswer(t, someRules(), f, "/alerts/backtest?sel=Gone").Body.String(), "there is no rule")
}

// TestBandsOfATest holds that what fires at the same time is one shade, and
// that words have room.
func TestBandsOfATest(t *testing.T) {
	at := func(h float64) time.Time { return noon.Add(time.Duration(h * float64(time.Hour))) }
	episode := func(from, to float64) backtest.Alert {
		return backtest.Alert{Episodes: []backtest.Episode{{FiredAt: at(from), ResolvedAt: at(to)}}}
	}
	r := &backtest.Report{From: noon, To: at(100), Alerts: []backtest.Alert{episode(10, 12), episode(11, 14), episode(15, 15.5), episode(40, 41), {Episodes: []backtest.Episode{{FiredAt: at(95)}}}}}
	var got []string
	for _, b := range testBandsOf(r) {
		got = append(got, fmt.Sprintf("%.3f+%.3f %q %t", b.From, b.Width, b.Text, b.Left))
	}
	want := `0.100+0.040 "4 h" false|0.150+0.005 "" false|0.400+0.010 "1 h" false|0.950+0.050 "5 h" true`
	if strings.Join(got, "|") != want {
		t.Errorf("got %s, want %s", strings.Join(got, "|"), want)
	}
}

// leaving is a trial that goes on until nobody waits for it.
type leaving struct {
	fakeTrial
	began chan struct{}
}

func (l *leaving) BacktestAt(ctx context.Context, _ backtest.Rule, _ backtest.Comparison, _ []float64, _, _ time.Time) ([]*backtest.Report, error) {
	close(l.began)
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestABackTestEndsWithItsReader(t *testing.T) {
	l := &leaving{began: make(chan struct{})}
	f := someRules()
	p, err := New(Options{Now: func() time.Time { return noon }, Alerts: Alerts{Rules: f, Series: f, Trial: l}})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	p.alerts(mux)
	ctx, leave := context.WithCancel(t.Context())
	done := make(chan *httptest.ResponseRecorder)
	go func() {
		rec := httptest.NewRecorder()
		mux.ServeHTTP(rec, httptest.NewRequest("GET", "/alerts/backtest?sel=HighErrorRate", nil).WithContext(ctx))
		done <- rec
	}()
	<-l.began
	leave()
	if rec := <-done; rec.Body.Len() > 0 {
		t.Errorf("one who left is answered %q", rec.Body)
	}
}

func TestOtherLimits(t *testing.T) {
	for _, c := range []struct {
		at   float64
		unit string
		want string
	}{
		{100, "", "[25 50 200 400]"},
		{0.05, "%", "[0.0125 0.025 0.1 0.2]"},
		{0.95, "%", "[0.9875 0.975 0.9 0.8]"},
		{0.5, "%", "[0.125 0.25]"}, // nothing is above the whole
		{0.6, "%", "[0.9 0.8 0.2]"},
		{1, "%", "[0.25 0.5 2 4]"},
	} {
		var got []string
		for _, v := range otherLimits(c.at, c.unit) {
			got = append(got, limitText(v))
		}
		if s := fmt.Sprint(got); s != c.want {
			t.Errorf("%g %s: %s, want %s", c.at, c.unit, s, c.want)
		}
	}
}
