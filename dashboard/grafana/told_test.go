package grafana

import (
	"fmt"
	"strings"
	"testing"
)

// What is dropped is told, what is carried over is not.
func TestToldOrCarriedOver(t *testing.T) {
	table := func(source, expr string) string {
		return `{"schemaVersion":39,"panels":[{"id":1,"type":"table","datasource":{"type":"` + source + `"},"targets":[{"refId":"A","expr":"up"},{"refId":"B","datasource":{"type":"` + source + `"},"expr":"` + expr + `","query":"` + expr + `"}],"transformations":[{"id":"timeSeriesTable"}]}]}`
	}
	item := func(kind, rest string) string {
		return `{"elements":{"p":{"kind":"Panel","spec":{"id":1,"vizConfig":{"kind":"VizConfig","group":"text"}}}},"layout":{"kind":"` + kind + `Layout","spec":{"items":[{"kind":"` + kind + `LayoutItem","spec":{"element":{"name":"p"}` + rest + `}}]}}}`
	}
	const sometimes = `,"conditionalRendering":{"kind":"ConditionalRenderingGroup","spec":{"visibility":"show","items":[]}}`
	for name, c := range map[string]struct{ file, want string }{
		"small lines of metrics":            {table("prometheus", "up"), ""},
		"small lines of logs":               {table("loki", "rate({a=1}[1m])"), `panels[0].transformations[0] the transformation "timeSeriesTable" of query A; panels[0].transformations[0] the transformation "timeSeriesTable" of query B`},
		"small lines of spans":              {table("tempo", "{} | rate()"), `panels[0].transformations[0] the transformation "timeSeriesTable" of query A; panels[0].transformations[0] the transformation "timeSeriesTable" of query B`},
		"a panel in a grid":                 {item("AutoGrid", ""), ""},
		"a panel that shows only sometimes": {item("AutoGrid", sometimes), "layout.spec.items[0].spec.conditionalRendering a panel that shows only sometimes"},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := Import([]byte(c.file))
			if err != nil {
				t.Fatal(err)
			}
			var told []string
			for _, u := range d.Untranslated {
				told = append(told, fmt.Sprintf("%s %s", u.Path, u.What))
			}
			if got := strings.Join(told, "; "); got != c.want {
				t.Errorf("told %s\nwant %s", got, c.want)
			}
		})
	}
}
