package events

import "strconv"

// Whether a text begins with a number is told by reading it, which takes a
// fraction of the time of writing the number.

// digitsAt reads decimal digits: how many there are, and the number, which is
// right for up to 18.
func digitsAt(s string) (n uint64, digits int) {
	for digits < len(s) && s[digits]-'0' < 10 {
		n = 10*n + uint64(s[digits]-'0')
		digits++
	}
	return n, digits
}

// beginsInt is how long the text of v is, as strconv.FormatInt writes it, if the
// digits that s begins with are this text; else -1.
func beginsInt(s string, v int64) int {
	sign, want := 0, uint64(v)
	if v < 0 {
		if sign, want = 1, -want; s == "" || s[0] != '-' {
			return -1
		}
	}
	n, digits := digitsAt(s[sign:])
	if n != want || digits == 0 || digits > 19 || digits > 1 && s[sign] == '0' {
		return -1
	}
	return sign + digits
}

// Decimals of up to 15 digits are different floats, and the shortest text of
// each of these has the same digits.
const sureDigits = 15

var powersOfTen = [sureDigits + 1]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// beginsFloat is how long the text of v is, as shortText writes it, if the
// decimal number that s begins with is this text, else -1; not ok when that
// cannot be told so.
func beginsFloat(s string, v float64) (n int, ok bool) {
	if !(v >= 1e-4 && v < 1e6) { // others may have an exponent or a sign
		return 0, false
	}
	whole, before := digitsAt(s)
	if before == 0 || before > sureDigits || before > 1 && s[0] == '0' {
		return -1, before <= sureDigits
	}
	all, behind := whole, 0
	if n = before; n < len(s) && s[n] == '.' {
		var part uint64
		if part, behind = digitsAt(s[n+1:]); before+behind > sureDigits {
			return 0, false
		}
		if behind == 0 || s[n+behind] == '0' {
			return -1, true
		}
		n += 1 + behind
		all = whole*uint64(powersOfTen[behind]) + part
	}
	if float64(all)/powersOfTen[behind] != v {
		return -1, true
	}
	return n, true
}

// fewPlaces are the decimal places that are tried before all are found.
const fewPlaces = 4

// appendFloat writes the shortest decimal number that is read as v, as
// strconv.AppendFloat does with format g. Numbers of few places take a third of
// the time.
func appendFloat(b []byte, v float64) []byte {
	if v >= 1e-4 && v < 1e6 {
		for places := range fewPlaces + 1 {
			if n := v*powersOfTen[places] + 0.5; float64(uint64(n))/powersOfTen[places] == v {
				return appendPlaces(b, uint64(n), places)
			}
		}
	}
	return strconv.AppendFloat(b, v, 'g', -1, 64)
}

// appendPlaces writes n divided by a power of ten, of up to fewPlaces.
func appendPlaces(b []byte, n uint64, places int) []byte {
	unit := uint64(powersOfTen[places])
	b = strconv.AppendUint(b, n/unit, 10)
	if places == 0 {
		return b
	}
	b = append(b, '.')
	for n %= unit; places > 0; places-- {
		unit /= 10
		b = append(b, '0'+byte(n/unit))
		n %= unit
	}
	return b
}
