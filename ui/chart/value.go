package chart

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Value writes a number of a unit; a digit count below 0 means three
// significant digits. The known units are s ms µs ns min h d (durations), B
// (decimal) and KiB (1,024), both also with /s, bit bit/s, % (of a share) and %100 (of a
// hundred), time (Unix ms) and bool; any other stands behind the number as it
// is.
func Value(v float64, unit string, decimals int) Quantity {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return Quantity{N: Dash}
	}
	if scale, ok := durations[unit]; ok {
		return durationValue(v*scale, decimals)
	}
	switch unit {
	case "%":
		if decimals < 0 && math.Abs(v) < 1e15 {
			return Percent(v)
		}
		return Quantity{fixed(v*100, decimals), "%"}
	case "%100":
		return Value(v/100, "%", decimals)
	case "B", "B/s", "bit", "bit/s":
		return scaled(v, 1000, unit, decimals)
	case "KiB", "KiB/s":
		return scaled(v, 1024, unit, decimals)
	case "time":
		return Quantity{N: time.UnixMilli(int64(min(max(v, -6e13), 2.5e14))).UTC().Format("2006-01-02 15:04:05")}
	case "bool":
		if v == 0 {
			return Quantity{N: "no"}
		}
		return Quantity{N: "yes"}
	}
	return Quantity{fixed(v, decimals), unit}
}

// durations are units in seconds.
var durations = map[string]float64{"s": 1, "ms": 1e-3, "µs": 1e-6, "ns": 1e-9, "min": 60, "h": 3600, "d": 86400}

func durationValue(s float64, decimals int) Quantity {
	if math.Abs(s) >= 9e9 {
		return Quantity{Number(s), "s"}
	}
	d := time.Duration(s * 1e9)
	if decimals < 0 || d == 0 {
		return Duration(d)
	}
	a := math.Abs(s)
	switch {
	case a < 1e-6:
		return Quantity{fixed(s*1e9, decimals), "ns"}
	case a < 1e-3:
		return Quantity{fixed(s*1e6, decimals), "µs"}
	case a < 1:
		return Quantity{fixed(s*1e3, decimals), "ms"}
	case a < 60:
		return Quantity{fixed(s, decimals), "s"}
	}
	return Duration(d)
}

// scaled changes the prefix of a unit at each power of its base.
func scaled(v, base float64, unit string, decimals int) Quantity {
	name, per, _ := strings.Cut(unit, "/")
	if per != "" {
		per = "/" + per
	}
	prefixes := [...]string{"", "K", "M", "G", "T", "P", "E"}
	i := 0
	for math.Abs(v) >= base*0.9995 && i < len(prefixes)-1 {
		v /= base
		i++
	}
	switch name {
	case "bit":
		name = strings.Replace(prefixes[i], "K", "k", 1) + "bit"
	case "KiB":
		name = prefixes[i] + "B"
		if i > 0 {
			name = prefixes[i] + "iB"
		}
	default:
		name = prefixes[i] + "B"
	}
	if decimals < 0 && i == 0 {
		return Quantity{Number(math.Round(v*100) / 100), name + per}
	}
	if decimals < 0 {
		return Quantity{sign(v) + trimZeros(significant(math.Abs(v))), name + per}
	}
	return Quantity{fixed(v, decimals), name + per}
}

// fixed has a number of digits behind the point, and commas.
func fixed(v float64, decimals int) string {
	if decimals < 0 {
		return Number(v)
	}
	s := strconv.FormatFloat(math.Abs(v), 'f', min(decimals, 15), 64)
	whole, part, dotted := strings.Cut(s, ".")
	out := commas(whole)
	if dotted {
		out += "." + part
	}
	if strings.Trim(s, "0.") == "" {
		return out
	}
	return sign(v) + out
}

// ValueTick writes a value on an axis.
func ValueTick(v float64, unit string) string {
	switch {
	case v == 0:
		return "0"
	case unit == "%" || unit == "%100":
		if unit == "%100" {
			v /= 100
		}
		return strconv.FormatFloat(math.Round(v*1e6)/1e4, 'g', 4, 64) + " %"
	case unit == "s" || unit == "ms" || unit == "µs" || unit == "ns" || unit == "min" || unit == "h" || unit == "d",
		strings.HasPrefix(unit, "B"), strings.HasPrefix(unit, "bit"), strings.HasPrefix(unit, "KiB"), unit == "bool":
		return Value(v, unit, -1).String()
	case unit == "time":
		return time.UnixMilli(int64(v)).UTC().Format("2 Jan 15:04")
	}
	return Tick(v)
}
