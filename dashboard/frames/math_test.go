package frames

import (
	"math"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

func TestMath(t *testing.T) {
	nan := math.NaN()
	times := []float64{0, 1000, 2000}
	web, api := map[string]string{"service": "web"}, map[string]string{"service": "api"}
	answers := []Frame{
		Series("A", "Value", web, times, []float64{1, 2, 3}),
		Series("A", "Value", api, times, []float64{10, 20, nan}),
		Series("B", "Value", web, times, []float64{4, 4, 4}),
		Series("C", "Value", nil, times, []float64{100, 100, 100}),
		Series("D", "Value", map[string]string{"service": "web", "zone": "a"}, times, []float64{2, 2, 2}),
		Series("a query", "Value", nil, []float64{0}, []float64{8}),
		{Letter: "T", Fields: []Field{{Name: "Time", Kind: Time, Nums: []float64{2000, 2000}}, {Name: "service", Kind: Text, Texts: []string{"web", "api"}}, {Name: "Value #T", Nums: []float64{5, 6}}}},
	}
	type series struct {
		labels string
		values []float64
	}
	for text, want := range map[string][]series{
		"1 + 2 * 3":            {{"{}", []float64{7}}},
		"(1 + 2) * 3":          {{"{}", []float64{9}}},
		"2 ** 3 ** 2":          {{"{}", []float64{64}}},
		"-2 ** 2":              {{"{}", []float64{4}}},
		"1e-3 * 2e+3":          {{"{}", []float64{2}}},
		"10 - 3 - 2":           {{"{}", []float64{5}}},
		"7 % 4 > 2 && 1":       {{"{}", []float64{1}}},
		"!0 || 0":              {{"{}", []float64{1}}},
		"$A / $B * 100":        {{`{service="web"}`, []float64{25, 50, 75}}},
		"$A / $C":              {{`{service="web"}`, []float64{.01, .02, .03}}, {`{service="api"}`, []float64{.1, .2, nan}}},
		"${D}*$A":              {{`{service="web", zone="a"}`, []float64{2, 4, 6}}},
		"${a query}+1":         {{"{}", []float64{9}}},
		"mean($A)":             {{`{service="web"}`, []float64{2}}, {`{service="api"}`, []float64{15}}},
		"$A - lastnotnull($A)": {{`{service="web"}`, []float64{-2, -1, 0}}, {`{service="api"}`, []float64{-10, 0, nan}}},
		"$A > 2":               {{`{service="web"}`, []float64{0, 0, 1}}, {`{service="api"}`, []float64{1, 1, nan}}},
		"is_nan($A)":           {{`{service="web"}`, []float64{0, 0, 0}}, {`{service="api"}`, []float64{0, 0, 1}}},
		"max($B) + $T":         {{`{service="web"}`, []float64{9}}},
		"abs(-$B)":             {{`{service="web"}`, []float64{4, 4, 4}}},
		"$B + $X":              nil,
	} {
		m, err := ParseMath(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		frames, err := m.Eval("Z", answers, times)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		var got []series
		for _, f := range frames {
			got = append(got, series{LabelText(f.Fields[1].Labels), f.Fields[1].Nums})
			if f.Letter != "Z" || len(f.Fields[0].Nums) != len(f.Fields[1].Nums) {
				t.Errorf("%s: %+v", text, f)
			}
		}
		if !sameSeries(got, want, func(a, b series) bool { return a.labels == b.labels && closeTo(a.values, b.values) }) {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
}

func sameSeries[T any](a, b []T, same func(a, b T) bool) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !same(a[i], b[i]) {
			return false
		}
	}
	return true
}

func closeTo(a, b []float64) bool {
	return sameSeries(a, b, func(x, y float64) bool { return math.IsNaN(x) && math.IsNaN(y) || math.Abs(x-y) < 1e-9 })
}

func TestMathRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "at 0: want a number",
		"$A +":                   "at 4: want a number",
		"($A":                    "at 3: want )",
		"$A $B":                  `at 3: what is "$B"`,
		"nope($A)":               `at 0: "nope" is no function`,
		"neg($A)":                "is no function",
		"1.2.3":                  `"1.2.3" is no number`,
		"${A":                    "want ${A}",
		"${ }":                   "want ${A}",
		"$ ":                     "want the letter",
		strings.Repeat("(", 200): "nested more than",

		strings.Repeat("1+", 3000):     "at most 4096",
		strings.Repeat("-", 200) + "1": "nested more than",
	} {
		if _, err := ParseMath(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: got %v, want %s", text, err, want)
		}
	}
}

// Any number of series end soon.
func TestMathIsBounded(t *testing.T) {
	times := []float64{0, 1}
	var answers []Frame
	for i := range 3000 {
		answers = append(answers, Series("A", "Value", map[string]string{"n": string(rune(i + 1000))}, times, []float64{1, 2}))
	}
	m, err := ParseMath("$A" + strings.Repeat("+$A", 500))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Eval("Z", answers, times); err == nil || !strings.Contains(err.Error(), "too many series") {
		t.Error(err)
	}
}

// Rows of tables that meet nothing cost as well.
func TestMathOverRowsIsBounded(t *testing.T) {
	const rows = 20_000
	f := Frame{Letter: "A", Fields: []Field{{Name: "a", Kind: Text}, {Name: "b", Kind: Text}, {Name: "Value"}}}
	for range rows {
		f.Fields[0].Texts, f.Fields[1].Texts = append(f.Fields[0].Texts, "x"), append(f.Fields[1].Texts, "y")
		f.Fields[2].Nums = append(f.Fields[2].Nums, 1)
	}
	m, err := ParseMath("$A+$Z" + strings.Repeat("+$A+$Z", 300))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Eval("Z", []Frame{f}, []float64{0, 1}); err == nil || !strings.Contains(err.Error(), "too many series") {
		t.Error(err)
	}
}

// FuzzMath: what parses is evaluated without a panic, and is the same tree when
// another reader has put all parentheses.
func FuzzMath(f *testing.F) {
	for _, s := range []string{"$A / ${B} * 100", "${A B} / -${ B }", "mean($A) > 5 || !is_nan($B)", "-2 ** 1e-3 % .5", "((1))", "$A==$A!=1<=2&&3", "1||2&&3<4+5*6**7**8*9-1>=2||0", "-!abs ( 1-2-3 )/-4"} {
		f.Add(s)
	}
	times := []float64{0, 1}
	answers := []Frame{Series("A", "Value", nil, times, []float64{1, math.NaN()}), Series("B", "Value", map[string]string{"x": "y"}, times, []float64{2, 3})}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := ParseMath(text)
		if err != nil {
			return
		}
		_, _ = m.Eval("Z", answers, times) // whose only error is of too much work
		full := bracketed(text)
		again, err := ParseMath(full)
		if err != nil && !strings.Contains(err.Error(), "at most") && !strings.Contains(err.Error(), "nested more") {
			t.Fatalf("%q: %s: %v", text, full, err)
		}
		if err == nil && !reflect.DeepEqual(m, again) {
			t.Errorf("%q: %+v, as %s %+v", text, m, full, again)
		}
	})
}

var (
	mathToken = regexp.MustCompile(`\$\{[^}]+\}|\$[\w.]+|[0-9.][\w.]*[eE][-+][\w.]*|[\w.]+|\*\*|[<>=!]=|&&|\|\||[-+*/%<>!()]`)
	// mathBinds is how strongly an operator of two binds; one before a single
	// value binds stronger than all.
	mathBinds = map[string]int{"||": 1, "&&": 2, "==": 3, "!=": 3, "<": 3, "<=": 3, ">": 3, ">=": 3, "+": 4, "-": 4, "*": 5, "/": 5, "%": 5, "**": 6}
)

// bracketed writes an expression that is right with all its parentheses, by two
// stacks: what waits for its right side, and what is complete.
func bracketed(text string) string {
	var waits, done []string
	settle := func(binds int) { // what binds at least so strongly
		for len(waits) > 0 {
			op := waits[len(waits)-1]
			single := strings.HasPrefix(op, "of one ")
			if op == "(" || !single && mathBinds[op] < binds {
				return
			}
			waits = waits[:len(waits)-1]
			last := len(done) - 1
			if single {
				done[last] = "(" + strings.TrimPrefix(op, "of one ") + done[last] + ")"
				continue
			}
			done = append(done[:last-1], "("+done[last-1]+op+done[last]+")")
		}
	}
	begins := true // where a value is due
	tokens := mathToken.FindAllString(text, -1)
	for i, tok := range tokens {
		switch {
		case tok == "(":
			waits, begins = append(waits, tok), true
		case tok == ")":
			settle(0)
			waits, begins = waits[:len(waits)-1], false
			if n := len(waits); n > 0 && strings.HasSuffix(waits[n-1], "()") {
				done[len(done)-1] = strings.TrimSuffix(waits[n-1], ")") + done[len(done)-1] + ")"
				waits = waits[:n-1]
			}
		case begins && (tok == "-" || tok == "!"):
			waits = append(waits, "of one "+tok)
		case begins && i+1 < len(tokens) && tokens[i+1] == "(":
			waits = append(waits, tok+"()")
		case begins:
			done, begins = append(done, tok), false
		default:
			settle(mathBinds[tok])
			waits, begins = append(waits, tok), true
		}
	}
	settle(0)
	return done[0]
}
