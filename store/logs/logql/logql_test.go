package logql

import (
	"errors"
	"regexp"
	"slices"
	"testing"

	"tripod/store"
	"tripod/store/logs"
)

var querySeeds = []string{
	`{}`, `{a="b"}`, `{a="b", c!="d",e=~"f.*",g!~"h|i",}`, `{level="error"} |= "x" != "y" |~ "z.*" !~ "w"`, "{a=`b\"`} |= `c` or \"d\\n\" | json |= \"e\"",
	`{a=""} |= ""`, `{a=~""}`, `{a=~".*/x\\/y"}`, `{level="nope"}`, `rate({a="b"}[1m])`, `{a="b`, `{a="b"} | json x`, `{a="b"} |`, `{a="\xff"}`, "{a=~\"(?i)[/]\"}",
	`{a="b"} |> "<_>x<_>" !> "y" or "z"`, `{a="b"} |= ip("10.0.0.0/8") | a = ip("::1")`, `({a="b"} | drop a) != "x" | keep b="c", d`,
	`{a="b"} | logfmt --strict --keep-empty a="b", c | pattern "<x> <_>" | regexp "(?P<y>.)" | unpack | decolorize`,
	"{a=\"b\"} | a > 5 or b <= 1.5s and (c == 10KB, d != -3) e=~\"x\" # why\n | json=\"x\"",
	"{a=\"b\"} | line_format \"{{.a}} {{range fromJson .b}}{{.}}{{end}}\" | label_format a=b, c=`{{upper .d}}`",
	`sum by (a, b) (rate({c="d"} | json | unwrap duration(e) | __error__="" [1h30m] offset -5m)) / on (a) group_left (x) count without () (vector(1)) > bool 2`,
	`topk(3, quantile_over_time(0.99, {a="b"} | unwrap c [5m]) by (d)) unless ignoring (e) label_replace(vector(-1e-3), "x", "$1", "y", "(.*)")`,
	`1 + 2 * 3 ^ 4 ^ -5 - (6 % 7) == 8 or vector(0)`, `sort_desc(absent_over_time(({a="b"})[1d]))`, `approx_topk(2, bytes_rate({a="b"}[1m] |= "x"))`,
}

// A query prints to what it parses from.
func FuzzParseExpr(f *testing.F) {
	for _, s := range querySeeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := ParseExpr(text)
		if err != nil {
			checkError(t, text, err)
			return
		}
		printed := e.String()
		again, err := ParseExpr(printed)
		if err != nil {
			if tooMuch.MatchString(err.Error()) {
				return // parentheses were added
			}
			t.Fatalf("%q prints %q: %v", text, printed, err)
		}
		if again.String() != printed {
			t.Fatalf("%q prints %q, and that %q", text, printed, again.String())
		}
	})
}

var tooMuch = regexp.MustCompile(`more than 1,000|longer than 16 KiB|too deeply`)

func checkError(t *testing.T, text string, err error) {
	t.Helper()
	var qe *store.QueryError
	if !errors.As(err, &qe) || qe.Pos < 0 || qe.Pos > qe.End || qe.End > len(text) || qe.Query != text {
		t.Fatalf("%q: %#v", text, err)
	}
}

// What the store looks for prints as a search line, unless stages are asked.
func FuzzParse(f *testing.F) {
	for _, s := range querySeeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := Parse(text)
		if err != nil {
			checkError(t, text, err)
			return
		}
		logs.Where(n)
		if ofLogQL(n) {
			return
		}
		again, err := logs.Parse(n.String())
		if err != nil {
			if len(n.String()) > 16<<10 || tooMuch.MatchString(err.Error()) {
				return
			}
			t.Fatalf("%q prints %q: %v", text, n.String(), err)
		}
		if again.String() != n.String() {
			t.Fatalf("%q prints %q, and that %q", text, n.String(), again.String())
		}
	})
}

// ofLogQL says that no search line prints as the node.
func ofLogQL(n logs.Node) bool {
	switch n := n.(type) {
	case logs.And:
		return slices.ContainsFunc(n, ofLogQL)
	case logs.Or:
		return slices.ContainsFunc(n, ofLogQL)
	case *logs.Not:
		return ofLogQL(n.X)
	case *logs.Keep, *logs.Maybe, logs.JSONLine:
		return true
	}
	return false
}

func TestLogQLPrintsAsSearchLine(t *testing.T) {
	for text, want := range map[string]string{
		`{service_name="planner-api"} |= "pool"`: `service_name:=planner-api line:~pool`,
		`{level=~"warn|error"} !~ "a/b"`:         `level:/^(?s:warn|error)$/ -line:/a\/b/`,
		`{}`:                                     `*`,
		`{} |> "<_>a<_>b"`:                       `line:~a line:~b line:/(?s)^.*?a.*?b$/`,
	} {
		n, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := n.String(); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", text, got, want)
		}
	}
}
