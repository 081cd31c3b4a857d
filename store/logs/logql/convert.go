package logql

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// unit is what a number of a label filter counts.
type unit uint8

const (
	unitNumber   unit = iota
	unitDuration      // nanoseconds
	unitBytes
)

// parseLiteral reads a number, a duration or a size.
func parseLiteral(text string) (float64, unit, bool) {
	if f, err := strconv.ParseFloat(text, 64); err == nil {
		return f, unitNumber, true
	}
	if d, ok := parseDuration(text); ok {
		return float64(d), unitDuration, true
	}
	f, ok := parseBytes(text)
	return f, unitBytes, ok
}

// durationUnits are ordered so that none hides a longer one.
var durationUnits = []struct {
	name string
	ns   float64
}{
	{"ns", 1}, {"us", 1e3}, {"µs", 1e3}, {"μs", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9},
	{"d", 24 * 3600e9}, {"w", 7 * 24 * 3600e9}, {"y", 365 * 24 * 3600e9},
}

// parseDuration reads 5m, 1h30m, 1.5s, 2d, with a sign.
func parseDuration(text string) (time.Duration, bool) {
	rest := strings.TrimLeft(text, "+-")
	if len(text)-len(rest) > 1 || rest == "" || len(text) > 64 {
		return 0, false
	}
	if rest == "0" {
		return 0, true
	}
	var sum float64
	for rest != "" {
		n := 0
		for n < len(rest) && (isDigit(rest[n]) || rest[n] == '.') {
			n++
		}
		f, err := strconv.ParseFloat(rest[:n], 64)
		ns, size := durationUnit(rest[n:])
		if err != nil || size == 0 {
			return 0, false
		}
		sum += f * ns
		rest = rest[n+size:]
	}
	if sum > math.MaxInt64/2 {
		return 0, false
	}
	d := time.Duration(math.Round(sum))
	if text[0] == '-' {
		d = -d
	}
	return d, true
}

// durationUnit finds the unit in front of the next number.
func durationUnit(s string) (ns float64, size int) {
	for size < len(s) && !isDigit(s[size]) && s[size] != '.' {
		size++
	}
	for _, u := range durationUnits {
		if s[:size] == u.name {
			return u.ns, size
		}
	}
	return 0, 0
}

var byteUnits = map[string]float64{
	"": 1, "b": 1, "k": 1e3, "kb": 1e3, "m": 1e6, "mb": 1e6, "g": 1e9, "gb": 1e9, "t": 1e12, "tb": 1e12, "p": 1e15, "pb": 1e15, "eb": 1e18,
	"ki": 1 << 10, "kib": 1 << 10, "mi": 1 << 20, "mib": 1 << 20, "gi": 1 << 30, "gib": 1 << 30,
	"ti": 1 << 40, "tib": 1 << 40, "pi": 1 << 50, "pib": 1 << 50, "eib": 1 << 60,
}

// parseBytes reads 500, 10KB, 1.5 MiB: whole bytes.
func parseBytes(text string) (float64, bool) {
	n := 0
	for n < len(text) && (isDigit(text[n]) || text[n] == '.' || text[n] == ',') {
		n++
	}
	f, err := strconv.ParseFloat(strings.ReplaceAll(text[:n], ",", ""), 64)
	by, ok := byteUnits[strings.ToLower(strings.TrimSpace(text[n:]))]
	return math.Trunc(f * by), err == nil && ok
}
