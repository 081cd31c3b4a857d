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
		"lines per second":            {`{__logql__="sum(rate({a=\"b\"}[5m]))"} > 1`, "", "/s"},
		"bytes of lines per second":   {`{__logql__="sum(bytes_rate({a=\"b\"}[5m]))"} > 1`, "", "B/s"},
		"bytes of a line":             {`{__logql__="sum(bytes_rate({a=\"b\"}[5m])) - sum(rate({a=\"b\"}[5m]))"} > 1`, "", ""},
		"a share of bytes":            {`{__logql__="sum(bytes_rate({a=\"b\"}[5m])) / sum(bytes_rate({a=\"c\"}[5m]))"} > 1`, "", ""},
		"spans per second":            {"{__traceql__=`{} | rate()`} > 1", "", "/s"},
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
	for typed, want := range map[string]float64{"0.05": 0.05, "0,05": 0.05, "5 %": 0.05, " 5%": 0.05, "-2": -2, "1234567,5": 1234567.5, "0,125": 0.125, "12,3456": 12.3456, "1234,567": 1234.567, "1.000": 1} {
		if got, err := limitTyped(typed); err != nil || got != want {
			t.Errorf("%q: got %g, %v, want %g", typed, got, err, want)
		}
	}
	for typed, want := range map[string]error{"high": errNoNumber, "": errNoNumber, "1.234,5": errNoNumber, "1,000": errComma, "-12,345 %": errComma, "1,000,000": errComma, "1,000.5": errComma, "999,000e3": errComma} {
		if got, err := limitTyped(typed); err != want {
			t.Errorf("%q: got %g, %v, want %v", typed, got, err, want)
		}
	}
	for want, c := range map[string]struct {
		v    float64
		unit string
	}{"1234567.5": {1234567.5, ""}, "1e+30": {1e30, ""}, "7 %": {0.07, "%"}, "0.123456789": {0.123456789, "%"}, "0.5": {0.5, "s"}} {
		got := limitField(c.v, c.unit)
		if read, err := limitTyped(got); got != want || err != nil || read != c.v {
			t.Errorf("a field shows %q of %g, want %q", got, c.v, want)
		}
	}
}
