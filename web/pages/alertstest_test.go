package pages

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"tripod/alerting/backtest"
)

// fakeTrial fires once for an hour when the threshold is below its own.
type fakeTrial struct {
	exprs []string
	from  time.Time
}

func (f *fakeTrial) Backtest(_ context.Context, r backtest.Rule, from, to time.Time) (*backtest.Report, error) {
	f.exprs, f.from = append(f.exprs, r.Expr), from
	report := &backtest.Report{Rule: r, From: from, To: to}
	if strings.HasSuffix(r.Expr, "0.05") {
		at := from.Add(time.Hour)
		report.Alerts = []backtest.Alert{{Episodes: []backtest.Episode{{FiredAt: at, ResolvedAt: at.Add(time.Hour)}}}}
		report.Notices = []backtest.Notice{{Receiver: "ops", Night: true}, {Receiver: "ops"}}
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
	if body := screen("/alerts?sel=HighErrorRate"); !strings.Contains(body, "Choose how far back to run it") || len(f.exprs) > 0 {
		t.Errorf("without being asked %d tests ran", len(f.exprs))
	}
	body := screen("/alerts?sel=HighErrorRate&test=7d")
	for _, want := range []string{"It would have fired once in 7 days, 1 h in all, with 2 notifications.", `aria-current="true"><td class="r">0.05</td>`, `<td class="r">0.0125</td>`, `<td class="r">0.2</td>`, `<td class="t-2">ops</td>`, `<td class="t-2">nobody</td>`} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if len(f.exprs) != 5 {
		t.Errorf("asked %q, want five thresholds", f.exprs)
	}
	body = screen("/alerts?sel=HighErrorRate&test=1d&threshold=0.3")
	if !strings.Contains(body, "It would not have fired in 24 hours.") || !strings.Contains(body, `value="0.3"`) {
		t.Error("another threshold is not tested")
	}
	if body = screen("/alerts?sel=HighErrorRate&test=1d&threshold=high"); !strings.Contains(body, "want a number") {
		t.Error("a threshold that is no number is taken")
	}
}
