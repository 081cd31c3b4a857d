package ui

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/a-h/templ"
)

var update = flag.Bool("update", false, "rewrite testdata")

func render(t *testing.T, c templ.Component) string {
	t.Helper()
	var buf bytes.Buffer
	if err := c.Render(context.Background(), &buf); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}

// golden compares markup with testdata/name.html, a line an element.
func golden(t *testing.T, name, got string) {
	t.Helper()
	got = strings.ReplaceAll(got, "><", ">\n<") + "\n"
	path := filepath.Join("testdata", name+".html")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs from %s; run with -update and read the diff\ngot:\n%s", name, path, got)
	}
}

func TestNav(t *testing.T) {
	golden(t, "nav", render(t, Nav(Page{Screen: "logs", Carry: Carry{From: "now-6h", Services: []string{"planner-api"}}, Firing: 2, Health: "warn", Healthy: "1 problem"})))
}

func TestTopBar(t *testing.T) {
	p := Page{
		Crumbs: []Crumb{{Text: "Traces", Href: "/traces"}, {Text: "POST /tasks"}, {Text: "7f3a9c51", Mono: true}},
		Self:   "/traces/7f3a9c51?from=now-1h",
		Time: &TimePick{
			Label: "Last 1 hour", Abs: "13:32 – 14:32", Zone: "UTC", FromMS: 1, ToMS: 2, FromInput: "now-1h", ToInput: "now",
			Earlier: "?e", Later: "?l", ZoomOut: "?z", Every: "10 s", Action: "/traces/7f3a9c51",
			Presets:   []Choice{{Text: "Last 1 hour", Href: "?h", On: true}},
			Refreshes: []Choice{{Text: "10 s", Href: "?r", On: true}},
			Keep:      []Param{{"service", "planner-api"}},
		},
		Scope: &ScopeMenu{All: "/traces", Action: "/traces", Services: []ScopeService{{Name: "planner-api", Slot: 2, Href: "?s", On: true}}},
	}
	golden(t, "topbar", render(t, TopBar(p)))
}

func TestComponents(t *testing.T) {
	problem := &QueryProblem{Before: "levle", Wrong: ":", After: "error", Text: "unknown field at position 6", Hint: "level?", HintHref: "?q=level"}
	cases := map[string]templ.Component{
		"btn":      Btn(Button{Text: "Errors in logs", Icon: "logs", Kind: "primary", Href: "/logs"}),
		"btn-icon": Btn(Button{Icon: "share", Small: true, Title: "Share", Attrs: templ.Attributes{"data-act": "share"}}),
		"chip":     Chip("route is /today", true, "/logs"),
		"badge":    Badge("firing", "err"),
		"query":    QueryBox(Query{ID: "q", Name: "q", Value: `"a" <b>`, Label: "Search logs", Error: problem}),
		"message":  QueryMessage("q", problem),
		"lines":    QueryBox(Query{ID: "a", Name: "q", Value: "up", Label: "PromQL", Letter: "A", Lines: 2}),
		"stat":     Stat("Memory", Quantity{N: "312", Unit: "MB"}, "of 1 GB limit"),
		"meter":    Meter(0.683, "", "Logs: 41 of 60 GB"),
		"stackbar": StackBar([]Share{{Class: "c1", Part: 0.25, Title: "planner-web"}}, "self time by service"),
		"svc":      Svc(Service{Name: "planner-api", Slot: 2, Href: "/traces"}),
		"lvl":      Lvl("error"),
		"dot":      Dot("err", "failing"),
		"tabs":     Tabs("View", []Tab{{Text: "Lines", Href: "?", On: true}, {Text: "Patterns", Href: "?view=patterns", Count: "23"}}),
		"empty":    Empty("logs", "No lines match in the last hour"),
		"failed":   Failed("Log volume is not known", "It took too long."),
		"callout":  Callout("warn", "warn"),
		"skeleton": Skeleton("60px", "86%"),
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) { golden(t, name, render(t, c)) })
	}
}

// What arrives in logs is written by others; none of it may become markup.
func TestNothingFromOutsideBecomesMarkup(t *testing.T) {
	evil := `"><script>alert(1)</script><img src=x onerror=alert(1)>`
	for name, c := range map[string]templ.Component{
		"svc":   Svc(Service{Name: evil, Href: "javascript:alert(1)"}),
		"chip":  Chip(evil, false, evil),
		"query": QueryBox(Query{ID: "q", Name: "q", Value: evil, Placeholder: evil}),
		"lines": QueryBox(Query{ID: "q", Name: "q", Value: evil, Lines: 3}),
		"empty": Empty("logs", evil),
		"shell": Shell(Page{Title: evil, Self: evil, Crumbs: []Crumb{{Text: evil}}, Problems: []string{evil}, Scope: &ScopeMenu{Services: []ScopeService{{Name: evil}}}}),
		"copy":  CopyBtn(evil),
	} {
		got := render(t, c)
		for _, bad := range []string{"<script>alert", "<img", "javascript:"} {
			if strings.Contains(got, bad) {
				t.Errorf("%s: %q came through in %s", name, bad, got)
			}
		}
	}
}

func TestThemeScriptIsTheOnlyInlineScriptAndItsHashIsRight(t *testing.T) {
	got := render(t, Shell(Page{Title: "Overview", Assets: Assets{Scripts: []string{"/static/app.js"}}}))
	_, rest, _ := strings.Cut(got, "<script>")
	script, rest, _ := strings.Cut(rest, "</script>")
	if strings.Contains(rest, "<script>") || strings.Contains(got, "<style") {
		t.Error("the page has more inline code than the theme script")
	}
	sum := sha256.Sum256([]byte(script))
	if want := "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; ThemeScriptSource() != want {
		t.Errorf("got %s, want %s", ThemeScriptSource(), want)
	}
}

func TestCarryFollows(t *testing.T) {
	c := Carry{From: "now-6h", Refresh: "10", Services: []string{"a", "b"}}
	cases := map[string]struct{ got, want string }{
		"as it is":       {c.Href("/logs"), "/logs?from=now-6h&refresh=10&service=a&service=b"},
		"one more":       {c.Href("/logs", "q", "level:>=error x"), "/logs?from=now-6h&q=level%3A%3E%3Derror+x&refresh=10&service=a&service=b"},
		"one less":       {c.Href("/logs", "refresh", ""), "/logs?from=now-6h&service=a&service=b"},
		"one replaced":   {c.Href("/logs", "service", "c"), "/logs?from=now-6h&refresh=10&service=c"},
		"several values": {c.Href("/graph", "q", "up", "q", "down"), "/graph?from=now-6h&q=up&q=down&refresh=10&service=a&service=b"},
		"one service":    {c.In("c").Href("/traces"), "/traces?from=now-6h&refresh=10&service=c"},
		"another range":  {c.Between("1", "2").Href("/logs?x=1"), "/logs?x=1&from=1&refresh=10&service=a&service=b&to=2"},
		"nothing":        {Carry{}.Href("/"), "/"},
	}
	for name, tc := range cases {
		if tc.got != tc.want {
			t.Errorf("%s: got %s, want %s", name, tc.got, tc.want)
		}
	}
}

func FuzzCutQuery(f *testing.F) {
	f.Add("levle:error", 0, 5)
	f.Add("ä ö ü", 1, 1)
	f.Add("", 3, -1)
	f.Fuzz(func(t *testing.T, q string, pos, end int) {
		a, b, c := CutQuery(q, pos, end)
		if a+b+c != q {
			t.Errorf("%q at %d to %d: got %q, %q, %q", q, pos, end, a, b, c)
		}
	})
}
