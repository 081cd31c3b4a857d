package logs

import (
	"math"
	"strconv"
	"strings"
	"time"

	"tripod/store"
)

// unit is what a number counts.
type unit uint8

const (
	plain    unit = iota
	duration      // nanoseconds
	size          // bytes
	level         // slots, 0 unset to 6 fatal
)

// operand is a number to compare with.
type operand struct {
	number float64
	unit   unit
}

// operand reads a value that a field can be compared with.
func (n *Field) operand(text string) (operand, bool) {
	if n.isLevel() {
		slot, ok := levelSlot(text)
		return operand{float64(slot), level}, ok
	}
	return parseOperand(text)
}

func levelSlot(text string) (int, bool) {
	if text == "unset" || text == "unknown" {
		return 0, true
	}
	l, ok := store.ParseLevel(text)
	return store.LevelSlot(l), ok
}

// parseOperand reads 500, -1.5e3, 5ms, 1.5s, 2h30m, 10KB, 1.5MiB.
func parseOperand(text string) (operand, bool) {
	if text == "" || len(text) > 64 || strings.IndexByte("+-.0123456789", text[0]) < 0 {
		return operand{}, false
	}
	if f, ok := parseNumber(text); ok {
		return operand{f, plain}, true
	}
	if d, err := time.ParseDuration(text); err == nil {
		return operand{float64(d), duration}, true
	}
	if f, ok := parseSize(text); ok {
		return operand{f, size}, true
	}
	return operand{}, false
}

// parseNumber reads decimal numbers only: no Inf, NaN or hexadecimal.
func parseNumber(text string) (float64, bool) {
	if strings.Trim(text, "+-.0123456789eE") != "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(text, 64)
	return f, err == nil
}

var sizes = map[string]float64{
	"b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12,
	"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40,
}

// parseSize reads bytes, with decimal and binary prefixes in any case.
func parseSize(text string) (float64, bool) {
	end := strings.LastIndexAny(text, ".0123456789") + 1
	by, ok := sizes[strings.ToLower(strings.TrimLeft(text[end:], " "))]
	f, isNumber := parseNumber(text[:end])
	return f * by, ok && isNumber
}

// measure reads a field's value in the unit of an operand. A bare number
// counts as bytes, or as milliseconds unless the field's name says otherwise.
func measure(name string, v store.Value, u unit) (float64, bool) {
	f, isNumber := v.Number()
	if math.IsNaN(f) {
		return 0, false
	}
	switch {
	case u == plain || isNumber && u == size:
		return f, isNumber
	case isNumber:
		return f * nameUnit(name), true
	case v.Kind != store.KindString:
		return 0, false
	}
	o, ok := parseOperand(v.Str())
	return o.number, ok && o.unit == u
}

// nameUnit is the duration in ns that a bare number of a field counts.
func nameUnit(name string) float64 {
	switch {
	case hasUnit(name, "ns"):
		return 1
	case hasUnit(name, "us"):
		return float64(time.Microsecond)
	case hasUnit(name, "s"), strings.HasSuffix(name, "seconds"):
		return float64(time.Second)
	}
	return float64(time.Millisecond)
}

// hasUnit says whether a name ends in _unit or .unit.
func hasUnit(name, unit string) bool {
	at := len(name) - len(unit) - 1
	return at >= 0 && strings.HasSuffix(name, unit) && (name[at] == '_' || name[at] == '.')
}
