package grafana

import (
	"fmt"
	"strings"
	"testing"
)

// Each query of a panel has a letter of its own, and what names it names that.
func TestLetters(t *testing.T) {
	const long = "a_name_of_a_query_that_somebody_wrote"
	endless := strings.Repeat("x", 61)
	const shown = `"datasource":{"uid":"-- Dashboard --"}`
	const prom, math = `"datasource":{"type":"prometheus"}`, `"datasource":{"uid":"__expr__"}`
	sources := `{"id":1,"type":"stat",` + prom + `,"targets":[{"refId":"A","expr":"a"},{"refId":"B","expr":"b","hide":true},{"refId":"C",` + math + `,"type":"math","expression":"$A/${B}"}]},` +
		`{"id":2,"type":"stat",` + prom + `,"targets":[{"refId":"A","expr":"other"},{"refId":"Q",` + math + `,"type":"reduce","reducer":"max","expression":"$A"}]},`
	for name, c := range map[string]struct{ targets, want string }{
		"of two panels": {`{"refId":"A","panelId":1,` + shown + `},{"refId":"B","panelId":2,` + shown + `}`,
			"A a; B b hidden; C $A/${B}; D other; Q max(${D})"},
		"one is hidden, the other not": {`{"refId":"A","panelId":1,` + shown + `},{"refId":"B","panelId":2,"hide":true,` + shown + `}`,
			"A a; B b hidden; C $A/${B}; D other hidden; Q max(${D}) hidden"},
		"own ones keep theirs": {`{"refId":"B","panelId":2,` + shown + `},{"refId":"A",` + prom + `,"expr":"own"},{"refId":"E",` + math + `,"type":"math","expression":"$A*2"}`,
			"B other; Q max(${B}); A own; E $A*2"},
		"long ones": {`{"refId":"` + long + `",` + prom + `,"expr":"x"},{"refId":"B",` + math + `,"type":"reduce","reducer":"max","expression":"` + long + `"}`,
			long + " x; B max(${" + long + "})"},
		"longer than may be": {`{"refId":"` + endless + `",` + prom + `,"expr":"x"},{"refId":"B",` + math + `,"type":"math","expression":"$` + endless + ` > 1"}`,
			"A x; B ${A} > 1"},
		"with a space": {`{"refId":"my query",` + prom + `,"expr":"x"},{"refId":"B",` + math + `,"type":"threshold","expression":"my query","conditions":[{"evaluator":{"type":"gt","params":[1]}}]}`,
			"my query x; B ${my query} > (1)"},
		"none, and one twice": {`{` + prom + `,"expr":"x"},{"refId":"A",` + prom + `,"expr":"y"},{"refId":"A",` + prom + `,"expr":"z"}`, "B x; A y; C z"},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := Import([]byte(`{"schemaVersion":39,"panels":[` + sources + `{"id":3,"type":"stat","targets":[` + c.targets + `],` +
				`"fieldConfig":{"overrides":[{"matcher":{"id":"byFrameRefID","options":"` + endless + `"},"properties":[{"id":"displayName","value":"x"}]}]}}]}`))
			if err != nil {
				t.Fatal(err)
			}
			p := d.Rows[0].Panels[2]
			var got []string
			for _, q := range p.Queries {
				got = append(got, fmt.Sprintf("%s %s%s", q.Letter, q.Text, map[bool]string{true: " hidden"}[q.Hidden]))
			}
			if got := strings.Join(got, "; "); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if name == "longer than may be" && p.Overrides[0].Query != "A" {
				t.Errorf("the override is for %s", p.Overrides[0].Query)
			}
			if len(d.Untranslated) != 0 {
				t.Errorf("told: %+v", d.Untranslated)
			}
		})
	}
}

// Panels with very many targets that show each other's end soon.
func TestTargetsAreBounded(t *testing.T) {
	const many = 20_000
	own := strings.Repeat(`{"expr":""},`, many) + `{}`
	shown := strings.Repeat(`{"panelId":1,"datasource":"-- Dashboard --"},`, many) + `{}`
	d, err := Import([]byte(`{"schemaVersion":39,"panels":[{"id":1,"type":"stat","targets":[` + own + `]},{"id":2,"type":"stat","targets":[` + shown + `]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, u := range d.Untranslated {
		if u.What == "further queries" {
			told = append(told, u.Path)
		}
	}
	if got := strings.Join(told, " "); got != "panels[0].targets panels[1].targets" {
		t.Errorf("told of %s", got)
	}
}
