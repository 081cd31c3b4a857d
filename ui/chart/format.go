package chart

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Dash stands for no data, which is not zero.
const Dash = "–"

// Quantity is a number with its unit.
type Quantity struct {
	N    string // 41.2
	Unit string // /s; may be empty
}

// String is the quantity as plain text, for titles and labels.
func (q Quantity) String() string {
	if q.Unit == "" {
		return q.N
	}
	return q.N + " " + q.Unit
}

// Number has three significant digits and, from 1,000 on, commas: 0.042, 41.2,
// 1,410, 142,060.
func Number(f float64) string {
	switch a := math.Abs(f); {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return Dash
	case f == 0:
		return "0"
	case a >= 999.5:
		return sign(f) + commas(strconv.FormatFloat(math.Round(a), 'f', 0, 64))
	case a < 0.001:
		return sign(f) + strconv.FormatFloat(a, 'g', 3, 64)
	default:
		return sign(f) + trimZeros(significant(a))
	}
}

// Brief is a number for a narrow column: one digit behind the point below 100,
// none from there on, and one digit at all below 0.1: 0.05, 0.9, 38.6, 1,410.
func Brief(f float64) string {
	a := math.Abs(f)
	switch {
	case f == 0 || math.IsNaN(f) || math.IsInf(f, 0) || a < 0.001:
		return Number(f)
	case a < 0.095:
		return sign(f) + strconv.FormatFloat(a, 'f', int(-math.Floor(math.Log10(a))), 64)
	case a >= 99.95:
		return sign(f) + commas(strconv.FormatFloat(a, 'f', 0, 64))
	}
	return sign(f) + strconv.FormatFloat(a, 'f', 1, 64)
}

// Count is a whole number with commas.
func Count(n int64) string {
	if n < 0 {
		return "−" + commas(strconv.FormatUint(uint64(-n), 10))
	}
	return commas(strconv.FormatInt(n, 10))
}

// Tick is a number on an axis: 0, 0.5, 1.5k, 3M.
func Tick(f float64) string {
	a := math.Abs(f)
	for _, u := range [...]struct {
		at   float64
		name string
	}{{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if a >= u.at {
			return sign(f) + trimZeros(significant(a/u.at)) + u.name
		}
	}
	if a == 0 {
		return "0"
	}
	return sign(f) + trimZeros(significant(a))
}

// Duration changes its unit at 1,000: 0.4 ms is 400 µs, 38 ms, 1.41 s,
// 2 min 10 s, 3 h 5 min, 41 days.
func Duration(d time.Duration) Quantity {
	neg := ""
	if d < 0 {
		neg, d = "−", -d
	}
	switch {
	case d == 0:
		return Quantity{N: "0", Unit: "ms"}
	case d < time.Microsecond:
		return Quantity{N: neg + strconv.FormatInt(int64(d), 10), Unit: "ns"}
	case d < 999500*time.Nanosecond:
		return Quantity{N: neg + trimZeros(significant(float64(d)/1e3)), Unit: "µs"}
	case d < 999500*time.Microsecond:
		return Quantity{N: neg + trimZeros(significant(float64(d)/1e6)), Unit: "ms"}
	case d < 59950*time.Millisecond:
		return Quantity{N: neg + trimZeros(significant(d.Seconds())), Unit: "s"}
	}
	return Quantity{N: neg + Long(d)}
}

// Long is a duration of a minute or more in its two largest units, and a
// shorter one in seconds: 41 days, 3 h 5 min, 2 min 10 s, 12 s.
func Long(d time.Duration) string {
	d = d.Round(time.Second)
	switch {
	case d >= 48*time.Hour:
		return Count(int64(d/(24*time.Hour))) + " days"
	case d >= time.Hour:
		return two(d, time.Hour, "h", time.Minute, "min")
	case d >= time.Minute:
		return two(d, time.Minute, "min", time.Second, "s")
	}
	return strconv.Itoa(int(d/time.Second)) + " s"
}

func two(d, big time.Duration, bigName string, small time.Duration, smallName string) string {
	s := strconv.Itoa(int(d/big)) + " " + bigName
	if rest := d % big / small; rest > 0 {
		s += " " + strconv.Itoa(int(rest)) + " " + smallName
	}
	return s
}

// Bytes are decimal: 312 B, 96 KB, 6.2 GB.
func Bytes(n float64) Quantity {
	unit := "B"
	for _, u := range [...]string{"KB", "MB", "GB", "TB", "PB"} {
		if math.Abs(n) < 999.5 {
			break
		}
		n /= 1000
		unit = u
	}
	if math.IsNaN(n) {
		return Quantity{N: Dash}
	}
	if unit == "B" || math.Abs(n) >= 99.95 {
		return Quantity{N: strconv.FormatFloat(n, 'f', 0, 64), Unit: unit}
	}
	return Quantity{N: trimZeros(strconv.FormatFloat(n, 'f', 1, 64)), Unit: unit}
}

// Percent of a share from 0 to 1: 0 %, < 0.1 %, 4.2 %, 18 %.
func Percent(share float64) Quantity {
	p := share * 100
	switch {
	case math.IsNaN(p) || math.IsInf(p, 0):
		return Quantity{N: Dash}
	case p == 0:
		return Quantity{N: "0", Unit: "%"}
	case p < 0.1 && p > 0:
		return Quantity{N: "< 0.1", Unit: "%"}
	case math.Abs(p) < 9.95:
		return Quantity{N: sign(p) + strconv.FormatFloat(math.Abs(p), 'f', 1, 64), Unit: "%"}
	}
	return Quantity{N: sign(p) + commas(strconv.FormatFloat(math.Abs(p), 'f', 0, 64)), Unit: "%"}
}

// Change is a value beside its normal: +12 %, −18 %, ×14, new, gone.
func Change(now, before float64) string {
	switch {
	case before == 0 && now == 0:
		return "0 %"
	case before == 0:
		return "new"
	case now == 0:
		return "gone"
	case now/before >= 2:
		return "×" + Number(math.Round(now/before*10)/10)
	}
	p := Percent((now - before) / before)
	if now > before {
		return "+" + p.String()
	}
	return p.String()
}

func sign(f float64) string {
	if f < 0 {
		return "−"
	}
	return ""
}

// significant is three digits, without an exponent: 0.042, 4.2, 41.2, 412.
func significant(a float64) string {
	digits := 2 - int(math.Floor(math.Log10(a)))
	s := strconv.FormatFloat(a, 'f', min(max(digits, 0), 9), 64)
	return s
}

func trimZeros(s string) string {
	if !strings.Contains(s, ".") {
		return s
	}
	return strings.TrimRight(strings.TrimRight(s, "0"), ".")
}

func commas(digits string) string {
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
