package tempoapi

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"tripod/store"
	"tripod/web"
)

// defaultSteps is about how many points a series has whose step is not said.
const defaultSteps = 120

type seriesAnswer struct {
	Series  []series `json:"series"`
	Metrics struct{} `json:"metrics"`
	Status  string   `json:"status,omitempty"`
	Message string   `json:"message,omitempty"`
}

type series struct {
	Labels  []attr   `json:"labels"`
	Prom    string   `json:"promLabels"`
	Samples []sample `json:"samples,omitempty"`
	Value   *number  `json:"value,omitempty"` // of one moment
}

type sample struct {
	Ms    string `json:"timestampMs"`
	Value number `json:"value"`
}

// metrics answers with numbers over time.
func (a *API) metrics(w http.ResponseWriter, r *http.Request) {
	q, err := a.metricQuery(r)
	if err == nil {
		span := time.Duration(q.Range.To - q.Range.From)
		q.Step, err = step(r.URL.Query(), max(time.Second, (span/defaultSteps).Round(time.Second)))
	}
	a.answerSeries(w, r, q, err, func(s *store.SpanSeries, out *series) {
		for _, p := range s.Points {
			out.Samples = append(out.Samples, sample{strconv.FormatInt(p.Time/1e6, 10), number(p.Value)})
		}
	})
}

// metric answers with one number for the whole range, as one step.
func (a *API) metric(w http.ResponseWriter, r *http.Request) {
	q, err := a.metricQuery(r)
	a.answerSeries(w, r, q, err, func(s *store.SpanSeries, out *series) {
		for i := range s.Points {
			n := number(s.Points[i].Value)
			out.Value = &n
		}
	})
}

func (a *API) metricQuery(r *http.Request) (q store.SpanMetricQuery, err error) {
	p := r.URL.Query()
	if q.Text = p.Get("q"); q.Text == "" {
		q.Text = p.Get("query")
	}
	q.Range, err = a.timeRange(p)
	return q, err
}

func (a *API) answerSeries(w http.ResponseWriter, r *http.Request, q store.SpanMetricQuery, err error, fill func(*store.SpanSeries, *series)) {
	var found store.SpanMetrics
	if err == nil {
		found, err = a.doors.Metrics.SpanMetrics(r.Context(), q)
	}
	if err != nil {
		fail(w, err)
		return
	}
	out := seriesAnswer{Series: []series{}}
	if found.Damage != nil {
		out.Status, out.Message = "PARTIAL", found.Damage.Error()
	}
	for i := range found.Series {
		one := series{Labels: []attr{}, Prom: promLabels(found.Series[i].Labels)}
		for _, l := range found.Series[i].Labels {
			one.Labels = append(one.Labels, attr{l.Key, valueOf(l.Value)})
		}
		fill(&found.Series[i], &one)
		out.Series = append(out.Series, one)
	}
	web.JSON(w, http.StatusOK, out)
}

func promLabels(labels store.Attrs) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, l := range labels {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(l.Key + "=" + strconv.Quote(l.Value.Text()))
	}
	b.WriteByte('}')
	return b.String()
}
