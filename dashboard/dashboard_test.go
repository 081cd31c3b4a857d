package dashboard

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

const small = `{"version": 1, "title": "A", "rows": [{"panels": [
	{"id": 1, "title": "x", "kind": "stat", "place": {"x": 0, "y": 0, "w": 4, "h": 3}, "queries": [{"text": "up"}]},
	{"id": 2, "kind": "timeseries", "place": {"x": 2, "y": 1, "w": 10, "h": 6}, "thresholds": [{"tone": "ok"}, {"at": 0.5, "tone": "err"}]}]}]}`

func TestReadSettles(t *testing.T) {
	d, err := Read([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	if got := d.Panel(2).Place.Y; got != 3 {
		t.Errorf("a panel that lies on another begins at %d, want below it at 3", got)
	}
}

func TestFileComesBack(t *testing.T) {
	d, err := Read([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	for name, print := range map[string]func() ([]byte, error){"JSON": d.JSON, "YAML": d.YAML} {
		file, err := print()
		if err != nil {
			t.Fatal(err)
		}
		back, err := Read(file)
		if err != nil || !reflect.DeepEqual(back, d) {
			t.Errorf("%s: %v\n%s", name, err, file)
		}
	}
}

func TestFaultsSayWhere(t *testing.T) {
	for name, c := range map[string]struct{ file, want string }{
		"no JSON":                {`{"version": 1,` + "\n" + `"title": oops}`, "line 2"},
		"a field with a slip":    {`{"version": 1, "titel": "A", "rows": []}`, `unknown field "titel"`},
		"a newer version":        {`{"version": 9, "title": "A", "rows": []}`, "version: 9 is not known"},
		"no title":               {`{"version": 1, "rows": []}`, "title: is missing"},
		"off the grid":           {strings.Replace(small, `"w": 10`, `"w": 19`, 1), "rows[0].panels[1].place"},
		"two of an ID":           {strings.Replace(small, `"id": 2`, `"id": 1`, 1), "two panels with the ID 1"},
		"an unknown kind":        {strings.Replace(small, `"stat"`, `"status"`, 1), `rows[0].panels[0].kind: "status" is not known`},
		"a wrong pattern":        {`{"version": 1, "title": "A", "rows": [], "variables": [{"name": "a", "kind": "query", "match": "("}]}`, "variables[0].match"},
		"something behind it":    {small + "{}", "follows the dashboard"},
		"YAML that is no object": {"- a\n- b", "cannot unmarshal"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Read([]byte(c.file))
			if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestQueryNames(t *testing.T) {
	s := Scope{
		From: time.Unix(1000, 0), To: time.Unix(4600, 0), Step: 15 * time.Second, Rate: time.Minute,
		Vars: map[string]Chosen{
			"one": {Values: []string{`a"b\c`}}, "job": {Values: []string{"x.y"}, Many: true}, "jobs": {Values: []string{"x.y", "z"}, Many: true},
			"all": {Values: []string{"x", "y"}, Many: true, AllAs: ".*"}, "named": {Values: []string{"1", "2"}, Texts: []string{"eins", "zwei"}},
		},
	}
	for text, want := range map[string]string{
		`up{a="$one"}`:                    `up{a="a\"b\\c"}`,
		`up{a=~"$job"}`:                   `up{a=~"x\\.y"}`,
		`up{a=~"${jobs}"}`:                `up{a=~"(x\\.y|z)"}`,
		`up{a=~"[[jobs]]"}`:               `up{a=~"(x\\.y|z)"}`,
		`up{a=~"$all"}`:                   `up{a=~".*"}`,
		`${jobs:csv} ${jobs:pipe}`:        `x.y,z x.y|z`,
		`${jobs:regex}`:                   `(x\.y|z)`,
		`${jobs:json}`:                    `["x.y","z"]`,
		`${jobs:doublequote}`:             `"x.y","z"`,
		`${jobs:glob}`:                    `{x.y,z}`,
		`${named:text}`:                   `eins + zwei`,
		`$unknown ${unknown:csv}`:         `$unknown ${unknown:csv}`,
		`rate(a[$__rate_interval])`:       `rate(a[1m])`,
		`$__interval $__interval_ms`:      `15s 15000`,
		`[$__range] $__range_s`:           `[3600s] 3600`,
		`$__from ${__to:date:seconds}`:    `1000000 4600`,
		`${__from:date} is ISO`:           `1970-01-01T00:16:40.000Z is ISO`,
		`label_replace(a, "b", "$1", "")`: `label_replace(a, "b", "$1", "")`,
	} {
		if got := s.Query(PromQL, text); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", text, got, want)
		}
	}
	if got := s.Title("CPU of $jobs in ${named}"); got != "CPU of x.y + z in eins + zwei" {
		t.Errorf("title: %s", got)
	}
}

func TestSpread(t *testing.T) {
	d := Dashboard{Rows: []Row{{Title: "$job", Repeat: "job", Panels: []Panel{{ID: 1, Kind: Stat, Repeat: "host", Place: Place{W: 4, H: 3}}, {ID: 2, Kind: Stat, Place: Place{Y: 1, W: 4, H: 3}}}}}}
	rows := d.Spread(map[string]Chosen{"job": {Values: []string{"a", "b"}}, "host": {Values: []string{"h1", "h2", "h3"}}})
	if len(rows) != 2 || len(rows[0].Scoped) != 4 {
		t.Fatalf("got %d rows, %d panels", len(rows), len(rows[0].Scoped))
	}
	p := rows[1].Scoped[2]
	if p.Key != "1-h3-b" || p.Vars["host"] != "h3" || p.Vars["job"] != "b" {
		t.Errorf("got key %s, vars %v", p.Key, p.Vars)
	}
	seen := map[[2]int]bool{}
	for _, one := range rows[0].Scoped {
		for x := range one.Place.W {
			for y := range one.Place.H {
				at := [2]int{one.Place.X + x, one.Place.Y + y}
				if seen[at] {
					t.Fatalf("%s lies on another at %v", one.Key, at)
				}
				seen[at] = true
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte("version: 1\ntitle: a\nrows: []\n"))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, file []byte) {
		d, err := Read(file)
		if err != nil {
			return
		}
		out, err := d.JSON()
		if err != nil {
			t.Fatal(err)
		}
		back, err := Read(out)
		if err != nil {
			t.Fatalf("does not come back: %v\n%s", err, out)
		}
		if again, err := back.JSON(); err != nil || !bytes.Equal(again, out) {
			t.Fatalf("comes back as\n%s\nwant\n%s", again, out)
		}
	})
}
