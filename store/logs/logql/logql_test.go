package logql

import (
	"errors"
	"regexp"
	"testing"

	"tripod/store"
	"tripod/store/logs"
)

// positions are not part of what a query means, and print the same.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`{}`, `{a="b"}`, `{a="b", c!="d",e=~"f.*",g!~"h|i",}`, `{level="error"} |= "x" != "y" |~ "z.*" !~ "w"`, "{a=`b\"`} |= `c` or \"d\\n\" | json |= \"e\"",
		`{a=""} |= ""`, `{a=~""}`, `{a=~".*/x\\/y"}`, `{level="nope"}`, `rate({a="b"}[1m])`, `{a="b`, `{a="b"} | json x`, `{a="b"} |`, `{a="\xff"}`, "{a=~\"(?i)[/]\"}",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := Parse(text)
		if err != nil {
			var qe *store.QueryError
			if !errors.As(err, &qe) || qe.Pos < 0 || qe.Pos > qe.End || qe.End > len(text) || qe.Query != text {
				t.Fatalf("%q: %#v", text, err)
			}
			return
		}
		logs.Where(n)
		again, err := logs.Parse(n.String())
		if err != nil {
			if len(n.String()) > 16<<10 || tooMany.MatchString(err.Error()) {
				return
			}
			t.Fatalf("%q prints %q: %v", text, n.String(), err)
		}
		if again.String() != n.String() {
			t.Fatalf("%q prints %q, and that %q", text, n.String(), again.String())
		}
	})
}

var tooMany = regexp.MustCompile(`more than 1,000 terms`)

func TestLogQLPrintsAsSearchLine(t *testing.T) {
	for text, want := range map[string]string{
		`{service_name="planner-api"} |= "pool"`: `service_name:=planner-api line:~pool`,
		`{level=~"warn|error"} !~ "a/b"`:         `level:/^(?s:warn|error)$/ -line:/a\/b/`,
		`{}`:                                     `*`,
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
