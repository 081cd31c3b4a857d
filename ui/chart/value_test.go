package chart

import (
	"math"
	"testing"
)

func TestValue(t *testing.T) {
	for _, c := range []struct {
		v        float64
		unit     string
		decimals int
		want     string
	}{
		{0.0412, "s", -1, "41.2 ms"}, {0.0412, "s", 2, "41.20 ms"}, {41.2, "ms", -1, "41.2 ms"}, {90, "min", -1, "1 h 30 min"},
		{1536, "KiB", -1, "1.5 KiB"}, {1500, "B", -1, "1.5 KB"}, {1500, "bit/s", 1, "1.5 kbit/s"}, {3 << 20, "KiB/s", -1, "3 MiB/s"},
		{0.042, "%", -1, "4.2 %"}, {4.2, "%100", -1, "4.2 %"}, {0.5, "%", 2, "50.00 %"}, {1234.5, "", 1, "1,234.5"}, {-0.04, "", 1, "0.0"},
		{-3, "°C", 0, "−3 °C"}, {1, "bool", -1, "yes"}, {0, "time", -1, "1970-01-01 00:00:00"}, {math.NaN(), "B", -1, Dash}, {math.Inf(1), "s", 2, Dash},
	} {
		if got := Value(c.v, c.unit, c.decimals).String(); got != c.want {
			t.Errorf("Value(%g, %q, %d) = %q, want %q", c.v, c.unit, c.decimals, got, c.want)
		}
	}
}

func TestPartsOfAWhole(t *testing.T) {
	all := arcs([]Slice{{Value: 1}, {Value: 0}, {Value: -2}, {Value: 3}, {Value: math.NaN()}})
	if all[0] == "" || all[3] == "" || all[1] != "" || all[2] != "" {
		t.Errorf("got %q: only what is above 0 has a part", all)
	}
	if one := arcs([]Slice{{Value: 5}}); one[0] == "" {
		t.Error("the whole cannot be seen")
	}
}
