package logs

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"tripod/store"
	"tripod/store/events"
)

// tree shows a node without its positions.
func tree(n Node) string {
	switch n := n.(type) {
	case And:
		return "and" + trees(n)
	case Or:
		return "or" + trees(n)
	case *Not:
		return "not" + trees([]Node{n.X})
	case *Text:
		return fmt.Sprintf("text(%d %q %v)", n.Pattern.Kind, n.Pattern.Text, n.Pattern.Fold)
	case *Field:
		return fmt.Sprintf("field(%q %d %d %q %v %q)", n.Name, n.Op, n.Pattern.Kind, n.Pattern.Text, n.Pattern.Fold, n.To)
	}
	return "all"
}

func trees(list []Node) string {
	parts := make([]string, len(list))
	for i, n := range list {
		parts[i] = tree(n)
	}
	return "(" + strings.Join(parts, " ") + ")"
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"", "*", "-*", "a b or c", "(a or b) and not c", `"a b":"c\"\\\n" d`, "-a -(b c)", "level:>=warn service:planner-*",
		"took:>500ms size:1KB..2KB", `/a\/b/i /x y/ /path/x`, `route:/a*/b x/`, `\/a* "b/"`, "a:b:c http://x/y* 12:30:05", "f:* f:** f:=* f:~/x/ f:a..b f:1..2 f:1...2",
		"- ! -- !a", "and:x not(y)", "a and or b", "level:nope", "((((a))))", "\xff \ufffd:x é:ü*", `"unclosed`, "a\tand\nb", `"http"://x*`, `x"y"`, "OR", `{a="b"}`,
	} {
		f.Add(s)
	}
	e := events.Event{Time: 1, Fields: []events.Field{{Name: wordBody, Value: store.String("a b pool 5ms")}, {Name: "f", Value: store.Int(1)}}}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := Parse(text)
		if err != nil {
			var qe *store.QueryError
			if !errors.As(err, &qe) || qe.Pos < 0 || qe.Pos > qe.End || qe.End > len(text) || qe.Query != text {
				t.Fatalf("%q: %#v", text, err)
			}
			return
		}
		Where(n).Match(&e)
		again, err := Parse(n.String())
		if err != nil {
			t.Fatalf("%q prints %q: %v", text, n.String(), err)
		}
		if got, want := tree(again), tree(n); got != want {
			t.Fatalf("%q prints %q\ngot  %s\nwant %s", text, n.String(), got, want)
		}
	})
}

func TestPrintIsReadable(t *testing.T) {
	for text, want := range map[string]string{
		`level:>=warn  AND service:planner-* and "pool"`: `level:>=warn service:planner-* pool`,
		`a or (b and not "c d")`:                         `a or b -"c d"`,
		`(a or b) c`:                                     `(a or b) c`,
		`route:"/api/tasks"`:                             `route:"/api/tasks"`,
		`took:>500ms`:                                    `took:>500ms`,
		``:                                               `*`,
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

func TestParseIsBounded(t *testing.T) {
	for name, text := range map[string]string{
		"long":   strings.Repeat("a ", 9000),
		"many":   strings.Repeat("a ", 1001),
		"nested": strings.Repeat("(", 100) + "a" + strings.Repeat(")", 100),
		"minus":  strings.Repeat("-", 100) + "a",
		"regexp": "/" + strings.Repeat("(a{1000}){1000}", 2) + "/",
	} {
		if _, err := Parse(text); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzDigest(f *testing.F) {
	d := newDigest()
	d.Add(&events.Event{Class: 3, Fields: []events.Field{{Name: wordService, Value: store.String("api")}, {Name: resource + "host", Value: store.Int(1)}}})
	f.Add(d.AppendTo(nil))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		d := newDigest()
		if d.Read(b) != nil {
			return
		}
		again := newDigest()
		if err := again.Read(d.AppendTo(nil)); err != nil {
			t.Fatal(err)
		}
		if got, want := fmt.Sprint(again.values), fmt.Sprint(d.values); got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
	})
}
