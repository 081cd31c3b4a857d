package pages

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf16"

	"github.com/prometheus/prometheus/promql/parser"
)

// metricFault is what is wrong with a query, for the editor; places count
// UTF-16 units, as scripts count.
type metricFault struct {
	Query int    `json:"query"`
	From  int    `json:"from"`
	To    int    `json:"to"`
	Text  string `json:"text"`
}

// metricsCheck reads the queries and says what is wrong, without asking them.
func (p *Pages) metricsCheck(w http.ResponseWriter, r *http.Request) {
	faults := checkQueries(p.o.Alerts.Parser, r.URL.Query())
	p.Headers(w.Header())
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(faults) // an error means that the reader left
}

func checkQueries(read parser.Parser, v url.Values) []metricFault {
	q := metricQueries(v["q"])
	q = q[:min(len(q), maxQueries)]
	faults := []metricFault{}
	for i, typed := range q {
		if strings.TrimSpace(typed) == "" || len(typed) > maxValue {
			continue
		}
		if _, problem := q.whole(read, i); problem != nil {
			said := sentence(problem.Msg)
			if problem.Hint != "" {
				said += ". " + sentence(problem.Hint)
			}
			from := units16(typed, problem.Pos)
			faults = append(faults, metricFault{i, from, max(units16(typed, problem.End), from), said})
		}
	}
	return faults
}

// units16 counts the UTF-16 units of the first n bytes.
func units16(s string, n int) int { return len(utf16.Encode([]rune(s[:min(max(n, 0), len(s))]))) }
