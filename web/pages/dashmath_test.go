package pages

import (
	"testing"
	"time"

	"tripod/dashboard"
)

func TestMathOverAnswers(t *testing.T) {
	a, b := dashboard.Query{Letter: "A", Text: "a", Hidden: true}, dashboard.Query{Letter: "B", Language: dashboard.Math, Text: "$C * 100"}
	c := func(text string) dashboard.Query {
		return dashboard.Query{Letter: "C", Language: dashboard.Math, Text: text, Hidden: true}
	}
	seven := oneSeries(func(time.Time) float64 { return 7 })
	for name, q := range map[string]struct {
		queries []dashboard.Query
		want    string
	}{
		"of another that comes later": {[]dashboard.Query{a, b, c("$A / 2")}, `title="350"`},
		"of those without letters":    {[]dashboard.Query{{Text: "a", Hidden: true}, {Language: dashboard.Math, Text: "$A * 10"}}, `title="70"`},
		"of itself":                   {[]dashboard.Query{a, b, c("$B")}, "Query B: the expression is over itself"},
		"of what is not there":        {[]dashboard.Query{a, b, c("$X")}, "Query C: the panel has no query X"},
		"that cannot be read":         {[]dashboard.Query{a, b, c("$A +")}, "Query C: at 4: want a number"},
	} {
		t.Run(name, func(t *testing.T) {
			wants(t, numberPage(t, seven, dashboard.Panel{Title: "n", Kind: dashboard.Stat, Queries: q.queries}), q.want)
		})
	}
}
