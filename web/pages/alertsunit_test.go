package pages

import "testing"

func TestUnitOfARule(t *testing.T) {
	for name, c := range map[string]struct {
		expr string
		note string
		want string
	}{
		"its text is a share":         {"a / b > 0.05", "{{ $value | humanizePercentage }} fail", "%"},
		"its text is a duration":      {"a > 1", "takes {{$value|humanizeDuration}}", "s"},
		"its text is bytes":           {"a > 1", "{{ $value | humanize1024 }}B", "B"},
		"its text is a rate":          {"a > 1", "{{ $value | humanize }}/s", "/s"},
		"its metric is a duration":    {"histogram_quantile(0.9, sum by (le) (rate(x_seconds_bucket[5m]))) > 1 and on () y > 1", "{{ $value | humanize }}", "s"},
		"like by like":                {"sum(rate(e_total[5m])) / sum(rate(r_total[5m])) > 0.05", "", "%"},
		"nothing is known":            {"a / b > 0.05", "{{ $value }}", ""},
		"somebody else's is no value": {"a > 1", "{{ $labels.share | humanizePercentage }}", ""},
	} {
		if got := ruleUnit(nil, c.expr, map[string]string{"summary": c.note}); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestThresholdsInTheirUnit(t *testing.T) {
	for unit, want := range map[string]string{"%": "7 %", "s": "70 ms", "/s": "0.07 /s", "": "0.07"} {
		if got := limitWords(0.07, unit); got != want {
			t.Errorf("%q: got %q, want %q", unit, got, want)
		}
	}
	for typed, want := range map[string]float64{"0.05": 0.05, "0,05": 0.05, "5 %": 0.05, " 5%": 0.05, "-2": -2} {
		if got, err := limitTyped(typed); err != nil || got != want {
			t.Errorf("%q: got %g, %v, want %g", typed, got, err, want)
		}
	}
	if _, err := limitTyped("high"); err == nil {
		t.Error("a word is a threshold")
	}
}
