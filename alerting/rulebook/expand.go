package rulebook

import (
	"context"
	"errors"
	"maps"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/timestamp"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/template"
)

// templateNames are what Prometheus puts before every template of a rule.
const templateNames = "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}"

// Surroundings are what templates see of the appliance.
type Surroundings struct {
	Now         time.Time
	ExternalURL string
	// Query answers {{ query … }}; nil refuses it.
	Query func(ctx context.Context, expr string, at time.Time) (promql.Vector, error)
}

// series is one of an expression's answer.
type series struct {
	labels labels.Labels
	value  float64
}

// Sample is an alert as a rule would make it of one series.
type Sample struct {
	Value       float64
	Labels      map[string]string
	Annotations map[string]string
	Fault       string // of a template that fails, empty for none
}

// Expand makes the alert of one series of the expression's answer, or what is
// recorded of it.
func (r *Rule) Expand(ctx context.Context, of labels.Labels, value float64, env Surroundings) Sample {
	in := series{of, value}
	out := Sample{Value: value, Labels: map[string]string{}, Annotations: map[string]string{}}
	set := func(into map[string]string, field, name, text string) {
		s, err := newTemplate(ctx, field+"."+name, text, in, env).Expand()
		if err != nil {
			s = ""
			if out.Fault == "" {
				out.Fault = field + "." + name + ": " + templateFault(field+"."+name, err)
			}
		}
		into[name] = s
	}
	of.Range(func(l labels.Label) {
		if l.Name != labels.MetricName {
			out.Labels[l.Name] = l.Value
		}
	})
	if r.Record != "" {
		maps.Copy(out.Labels, r.Labels)
		return out
	}
	for name, text := range r.Labels {
		set(out.Labels, "labels", name, text)
	}
	out.Labels[labels.AlertName] = r.Name
	for name, text := range r.Annotations {
		set(out.Annotations, "annotations", name, text)
	}
	return out
}

var errNoQueries = errors.New("templates cannot ask queries here")

func newTemplate(ctx context.Context, name, text string, in series, env Surroundings) *template.Expander {
	query := template.QueryFunc(env.Query)
	if query == nil {
		query = func(context.Context, string, time.Time) (promql.Vector, error) { return nil, errNoQueries }
	}
	external, err := url.Parse(env.ExternalURL)
	if err != nil {
		external = &url.URL{}
	}
	at := timestamp.FromTime(env.Now)
	data := template.AlertTemplateData(in.labels.Map(), nil, env.ExternalURL, promql.Sample{Metric: in.labels, T: at, F: in.value})
	return template.NewTemplateExpander(ctx, templateNames+text, name, data, model.Time(at), query, external, nil)
}

// templateFault leaves out what template packages say before the reason.
func templateFault(name string, err error) string {
	s := err.Error()
	for _, lead := range [...]string{"error parsing template " + name + ": ", "error executing template " + name + ": ", "template: " + name + ":"} {
		s = strings.TrimPrefix(s, lead)
	}
	return s
}
