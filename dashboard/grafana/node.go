package grafana

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// node is an object of the file. What is missing or of another type than
// expected is empty: files come from many versions and hands.
type node map[string]any

// at is the value behind a path of names.
func (n node) at(path ...string) any {
	var v any = map[string]any(n)
	for _, name := range path {
		o, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = o[name]
	}
	return v
}

func (n node) sub(path ...string) node {
	o, _ := n.at(path...).(map[string]any)
	return o
}

func (n node) has(path ...string) bool { return n.at(path...) != nil }

func (n node) list(path ...string) []any {
	l, _ := n.at(path...).([]any)
	return l
}

// nodes are the objects of a list.
func (n node) nodes(path ...string) []node {
	var out []node
	for _, v := range n.list(path...) {
		o, _ := v.(map[string]any)
		out = append(out, o)
	}
	return out
}

func (n node) str(path ...string) string { return textOf(n.at(path...)) }

func textOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

func (n node) bool(path ...string) bool {
	switch v := n.at(path...).(type) {
	case bool:
		return v
	case string:
		return v == "true"
	}
	return false
}

// num is a number, also one that stands in quotes.
func (n node) num(path ...string) (float64, bool) { return numberOf(n.at(path...)) }

func numberOf(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case string:
		f, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			return 0, false
		}
		return f, true
	}
	return 0, false
}

func (n node) pointer(path ...string) *float64 {
	if f, ok := n.num(path...); ok {
		return &f
	}
	return nil
}

func (n node) whole(path ...string) int {
	f, _ := n.num(path...)
	return int(min(max(f, -1e9), 1e9))
}

// strs are the texts of a list, or the one text that stands in its place.
func (n node) strs(path ...string) []string {
	v := n.at(path...)
	if s, ok := v.(string); ok {
		return []string{s}
	}
	var out []string
	l, _ := v.([]any)
	for _, one := range l {
		if s := textOf(one); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// cut shortens a text to at most n bytes, between characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
