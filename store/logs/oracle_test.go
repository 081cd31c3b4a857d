package logs_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"tripod/store"
	"tripod/store/logs"
)

// The oracle answers the search line from records, in the plainest way that
// says what it means, and knows nothing of events.

func oracle(n logs.Node, r *store.Record) bool {
	switch n := n.(type) {
	case logs.And:
		for _, x := range n {
			if !oracle(x, r) {
				return false
			}
		}
		return true
	case logs.Or:
		for _, x := range n {
			if oracle(x, r) {
				return true
			}
		}
		return false
	case *logs.Not:
		return !oracle(n.X, r)
	case *logs.Text:
		texts := []string{r.Message(), r.Service, r.EventName}
		if !r.TraceID.IsZero() {
			texts = append(texts, r.TraceID.String())
		}
		if !r.SpanID.IsZero() {
			texts = append(texts, r.SpanID.String())
		}
		for _, a := range r.Attrs {
			texts = append(texts, a.Value.Text())
		}
		return slices.ContainsFunc(texts, func(s string) bool { return textMatches(n.Pattern, s) })
	case *logs.Field:
		return oracleField(n, r)
	}
	return true
}

var compileds = map[string]*regexp.Regexp{}

func compiled(expr string) *regexp.Regexp {
	re := compileds[expr]
	if re == nil {
		re = regexp.MustCompile(expr)
		compileds[expr] = re
	}
	return re
}

// textMatches says what a text's pattern means, by a regular expression.
func textMatches(p logs.Pattern, s string) bool {
	if p.Kind == logs.Regexp {
		expr := p.Text
		if p.Fold {
			expr = "(?i)" + expr
		}
		return compiled(expr).MatchString(s)
	}
	expr := regexp.QuoteMeta(p.Text)
	if p.Kind == logs.Glob {
		expr = strings.ReplaceAll(expr, `\*`, `\S*`)
	}
	if compiled(`^[\pL\p{Nd}_]`).MatchString(p.Text) {
		expr = `(^|[^\pL\p{Nd}_])` + expr
	}
	if compiled(`[\pL\p{Nd}_]$`).MatchString(p.Text) {
		expr += `([^\pL\p{Nd}_]|$)`
	}
	return compiled("(?i)" + expr).MatchString(s)
}

func oracleField(n *logs.Field, r *store.Record) bool {
	if n.Name == "line" {
		if n.Op == logs.Contains {
			return strings.Contains(r.Line(), n.Pattern.Text)
		}
		return textMatches(n.Pattern, r.Line())
	}
	values := oracleValues(n.Name, r)
	switch {
	case n.Name == "msg.pattern":
		return logs.ShapeText(r.Message()) == n.Pattern.Text
	case n.Name == "level":
		return oracleLevel(n, r.Level)
	case n.Name == "msg" && n.Op == logs.Is:
		return textMatches(n.Pattern, r.Message())
	case n.Op == logs.Exists:
		return len(values) > 0
	}
	for _, v := range values {
		if v.Kind == store.KindList && n.Op == logs.Is {
			for _, item := range v.In() {
				if oracleValue(n, item.Value) {
					return true
				}
			}
		}
		if oracleValue(n, v) {
			return true
		}
	}
	return false
}

func oracleValues(name string, r *store.Record) []store.Value {
	var out []store.Value
	if v, ok := r.Lookup(name); ok && slices.Contains([]string{"service", "msg", "trace_id", "span_id"}, name) {
		out = append(out, v)
	}
	lists := []store.Attrs{r.Attrs}
	if r.Resource != nil {
		lists = append(lists, r.Resource.Attrs)
	}
	if r.Scope != nil {
		lists = append(lists, r.Scope.Attrs)
	}
	for _, list := range lists {
		for _, a := range list {
			if a.Key == name || logs.LabelName(a.Key) == name {
				out = append(out, a.Value)
			}
		}
	}
	return out
}

func oracleValue(n *logs.Field, v store.Value) bool {
	text := v.Text()
	switch n.Op {
	case logs.Is:
		switch n.Pattern.Kind {
		case logs.Glob:
			return compiled("(?s)^" + strings.ReplaceAll(regexp.QuoteMeta(n.Pattern.Text), `\*`, ".*") + "$").MatchString(text)
		case logs.Regexp:
			return textMatches(n.Pattern, text)
		}
		return text == n.Pattern.Text
	case logs.Equal:
		return text == n.Pattern.Text
	case logs.Contains:
		return strings.Contains(text, n.Pattern.Text)
	}
	var a, b float64
	if d, err := time.ParseDuration(n.Pattern.Text); err == nil && n.Pattern.Text != "0" {
		a = float64(d)
		if f, ok := v.Number(); ok {
			b = f * 1e6
		} else if d, err := time.ParseDuration(text); err == nil {
			b = float64(d)
		} else {
			return false
		}
	} else {
		fmt.Sscan(n.Pattern.Text, &a)
		f, ok := v.Number()
		if !ok {
			return false
		}
		b = f
	}
	switch n.Op {
	case logs.Less:
		return b < a
	case logs.LessEqual:
		return b <= a
	case logs.Greater:
		return b > a
	case logs.GreaterEqual:
		return b >= a
	}
	var to float64
	fmt.Sscan(n.To, &to)
	return a <= b && b <= to
}

func oracleLevel(n *logs.Field, l store.Level) bool {
	slot := store.LevelSlot(l)
	want := slices.Index(store.LevelNames[:], n.Pattern.Text) + 1
	switch n.Op {
	case logs.Exists:
		return slot > 0
	case logs.GreaterEqual:
		return slot >= want
	case logs.Less:
		return slot > 0 && slot < want
	}
	return slot == want
}
