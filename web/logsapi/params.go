package logsapi

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"tripod/store"
)

// Bounds of parameters.
const (
	maxColumns   = 100
	defaultRange = time.Hour
)

// ask is what a request asks for.
type ask struct {
	q       store.LogQuery
	kind    store.LogKind
	step    time.Duration // of a query for numbers; 0 is the end of the range alone
	csv     bool
	columns []string // of CSV
	explain bool
}

var queryNames = []string{"q", "syntax", "narrow", "from", "to", "limit", "order", "format", "cols", "step", "explain"}

// newAsk reads a request's parameters, all of which it must know: a misspelt
// one would otherwise be without effect.
func (a *API) newAsk(v url.Values) (ask, error) {
	k := ask{q: store.LogQuery{Text: v.Get("q"), Narrow: v.Get("narrow")}}
	if err := onlyNames(v, queryNames); err != nil {
		return k, err
	}
	for _, read := range []func(url.Values) error{k.readSyntax, a.rangeOf(&k), k.readOrder, k.readFormat, a.kindOf(&k), k.readStep} {
		if err := read(v); err != nil {
			return k, err
		}
	}
	return k, nil
}

func onlyNames(v url.Values, names []string) error {
	for name := range v {
		if !slices.Contains(names, name) {
			return fmt.Errorf("parameter %.60q: want one of %s: %w", name, strings.Join(names, ", "), store.ErrInvalid)
		}
	}
	return nil
}

func (k *ask) readSyntax(v url.Values) (err error) {
	k.q.Syntax, err = syntaxOf(v)
	return err
}

// metric is how a query for numbers begins: rate(, sum(, sum by (.
var metric = regexp.MustCompile(`^[a-z_]+\s*((by|without)\s*)?\(`)

// syntaxOf is the language of the query. One that is not named is LogQL when
// the text begins with a stream selector, or with a function that has one.
func syntaxOf(v url.Values) (store.Syntax, error) {
	text := strings.TrimSpace(v.Get("q"))
	switch name := v.Get("syntax"); name {
	case "line":
		return store.SearchLine, nil
	case "logql":
		return store.LogQL, nil
	case "":
		if strings.HasPrefix(text, "{") || strings.Contains(text, "{") && metric.MatchString(text) {
			return store.LogQL, nil
		}
		return store.SearchLine, nil
	default:
		return 0, bad("syntax", name, "line or logql")
	}
}

// rangeOf reads from and to; the default is the last hour.
func (a *API) rangeOf(k *ask) func(url.Values) error {
	return func(v url.Values) error {
		now := a.o.Now()
		const want = "RFC 3339, Unix seconds to nanoseconds, now-15m or 15m"
		to, ok := parseTime(orElse(v.Get("to"), "now"), now)
		if !ok {
			return bad("to", v.Get("to"), want)
		}
		from := min(to, now.UnixNano()) - int64(defaultRange)
		if text := v.Get("from"); text != "" {
			if from, ok = parseTime(text, now); !ok {
				return bad("from", text, want)
			}
		}
		if from >= to {
			return fmt.Errorf("the time range ends before it begins: from=%.60q to=%.60q: %w", v.Get("from"), v.Get("to"), store.ErrInvalid)
		}
		k.q.Range = store.TimeRange{From: from, To: to}
		return nil
	}
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

func (k *ask) readOrder(v url.Values) error {
	switch order := v.Get("order"); order {
	case "", "newest":
	case "oldest":
		k.q.Oldest = true
	default:
		return bad("order", order, "newest or oldest")
	}
	if text := v.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return bad("limit", text, "a whole number, 0 for no limit")
		}
		k.q.Limit = n
	}
	return nil
}

func (k *ask) readFormat(v url.Values) error {
	switch format := v.Get("format"); format {
	case "", "ndjson":
	case "csv":
		k.csv = true
	default:
		return bad("format", format, "ndjson or csv")
	}
	for _, list := range v["cols"] {
		for name := range strings.SplitSeq(list, ",") {
			if name = strings.TrimSpace(name); name != "" {
				k.columns = append(k.columns, name)
			}
		}
	}
	if len(k.columns) > maxColumns {
		return bad("cols", v.Get("cols"), fmt.Sprintf("at most %d columns", maxColumns))
	}
	if len(k.columns) == 0 {
		k.columns = []string{"time", "level", "service", "msg", "trace_id", "span_id", "line"}
	}
	switch text := v.Get("explain"); text {
	case "", "0", "1":
		k.explain = text == "1"
	default:
		return bad("explain", text, "1 or 0")
	}
	return nil
}

func (a *API) kindOf(k *ask) func(url.Values) error {
	return func(url.Values) (err error) {
		if k.q.Syntax == store.LogQL {
			k.kind, err = a.doors.Entries.Kind(k.q.Text)
		}
		return err
	}
}

// readStep reads the distance of numbers; without one the answer is the end of
// the range alone.
func (k *ask) readStep(v url.Values) error {
	text := v.Get("step")
	switch {
	case k.kind == store.LogLines && text != "":
		return bad("step", text, "none, as the query asks for lines")
	case text == "" || text == "0":
		return nil
	}
	var ok bool
	if k.step, ok = parseSpan(text); !ok || k.step <= 0 {
		return bad("step", text, "a duration such as 15s, or 0 for the end of the range alone")
	}
	return nil
}
