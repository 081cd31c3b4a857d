package pages

import (
	"context"
	"slices"
	"strings"

	"tripod/store"
	"tripod/ui/screens"
)

// logqlStages are what may stand behind a pipe, with what it does.
var logqlStages = []struct{ name, does string }{
	{"json", "takes fields out of JSON"}, {"logfmt", "takes fields out of key=value"}, {"pattern", "takes fields by a pattern"}, {"regexp", "takes fields by an expression"},
	{"unpack", "takes packed labels out"}, {"line_format", "rewrites the line"}, {"label_format", "rewrites labels"}, {"unwrap", "makes a field the number"},
	{"drop", "drops labels"}, {"keep", "keeps labels"}, {"decolorize", "drops colours"},
}

// spot is where the caret stands in a LogQL query.
type spot struct {
	kind  spotKind
	label string // of spotValue
	typed string // of the word that is begun
}

type spotKind uint8

const (
	spotNone spotKind = iota
	spotLabel
	spotValue
	spotStage
	spotFunction
)

// logqlSpot finds out what is typed at the end of a query that is not
// finished.
func logqlSpot(head string) spot {
	inside, from := openAt(head)
	if from > 0 {
		if !inside {
			return spot{}
		}
		return spot{kind: spotValue, label: lastName(strings.TrimRight(head[:from-1], "=~! ")), typed: head[from:]}
	}
	typed := lastName(head)
	before := strings.TrimRight(head[:len(head)-len(typed)], " \t\n")
	last := byte(0)
	if before != "" {
		last = before[len(before)-1]
	}
	switch {
	case inside && (last == '{' || last == ','):
		return spot{kind: spotLabel, typed: typed}
	case inside:
		return spot{}
	case last == '|':
		return spot{kind: spotStage, typed: typed}
	case typed != "" && (last == 0 || last == '(' || strings.IndexByte("+-*/", last) >= 0):
		return spot{kind: spotFunction, typed: typed}
	}
	return spot{}
}

// openAt says of a query of LogQL or TraceQL whether its end lies inside braces
// and, if that is inside a string, where the text of the string begins; else 0.
func openAt(head string) (inside bool, from int) {
	quote := byte(0)
	for i := 0; i < len(head); i++ {
		c := head[i]
		switch {
		case quote != 0 && c == '\\' && quote == '"':
			i++
		case quote != 0:
			if c == quote {
				quote, from = 0, 0
			}
		case c == '"' || c == '`':
			quote, from = c, i+1
		case c == '{':
			inside = true
		case c == '}':
			inside = false
		}
	}
	return inside, from
}

// lastName is the name at the end of a text.
func lastName(s string) string {
	i := len(s)
	for i > 0 {
		c := s[i-1]
		if c != '_' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			break
		}
		i--
	}
	return s[i:]
}

// logQL completes a LogQL query.
func (c *completer) logQL(ctx context.Context, head string) {
	at := logqlSpot(head)
	c.replaces(at.typed)
	low := strings.ToLower(at.typed)
	has := func(name string) bool { return strings.Contains(strings.ToLower(name), low) }
	switch at.kind {
	case spotLabel:
		names, _ := c.p.o.Words.LabelNames(ctx, c.a.st.Range)
		slices.SortStableFunc(names, func(x, y string) int { return commonLabel(y) - commonLabel(x) })
		for _, n := range names {
			if has(n) {
				c.add(screens.LogOption{Type: "label", Text: n + `="`, More: true, Mono: true}, n, at.typed)
			}
		}
	case spotValue:
		c.labelValues(ctx, at.label, at.typed, has)
	case spotStage:
		for _, s := range logqlStages {
			if has(s.name) {
				c.add(screens.LogOption{Type: "stage", Text: s.name + " ", Note: s.does, Mono: true}, s.name, at.typed)
			}
		}
		c.logqlFields(ctx, at.typed, has)
	case spotFunction:
		for _, f := range logqlFunctions {
			if has(f.name) {
				c.add(screens.LogOption{Type: "function", Text: f.name + "(", Note: f.gives, More: true, Mono: true}, f.name, at.typed)
			}
		}
	}
}

// labelValues offers the values of a label that are common, with their counts,
// and then those that are rarer than that.
func (c *completer) labelValues(ctx context.Context, label, typed string, has func(string) bool) {
	offer := func(value, note string) {
		c.add(screens.LogOption{Type: "value", Text: forceQuote(value)[1:], Note: note, Mono: true}, cut(oneLine(value), 80), typed)
	}
	offered := map[string]bool{"": true}
	common, _ := c.p.commonValues(ctx, store.FacetQuery{LogQuery: c.a.query("{}"), Field: label, Has: typed, Top: c.most})
	for _, v := range common.Values {
		if !offered[v.Value] {
			offer(v.Value, valueNote(&common, v.Count))
		}
		offered[v.Value] = true
	}
	if len(c.out.Options) == c.most {
		return
	}
	all, _ := c.p.o.Words.LabelValues(ctx, label, c.a.st.Range)
	for _, v := range all {
		if has(v) && !offered[v] {
			offer(v, "")
		}
	}
}

// commonLabel puts the labels first that most queries select by.
func commonLabel(name string) int {
	switch name {
	case "service_name":
		return 2
	case "level":
		return 1
	}
	return 0
}

// logqlFields offers fields as labels to filter by.
func (c *completer) logqlFields(ctx context.Context, typed string, has func(string) bool) {
	if typed == "" && !c.all {
		return
	}
	for _, f := range c.p.knownFields(ctx, c.a, "").Fields {
		name := labelNameOf(f.Field)
		if has(name) {
			c.add(screens.LogOption{Type: saidKinds[f.Kind], Text: name + "=", Note: fieldNote(&f), Mono: true}, name, typed)
		}
	}
}

// labelNameOf spells a field as LogQL does: "_" for all but letters and digits.
func labelNameOf(field string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r >= '0' && r <= '9' || r|0x20 >= 'a' && r|0x20 <= 'z' {
			return r
		}
		return '_'
	}, field)
}
