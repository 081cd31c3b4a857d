package notify

import (
	"fmt"
	"net/url"
	"regexp"

	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/common/model"

	"tripod/alerting"
	"tripod/alerting/dispatch"
)

// templates are Alertmanager's own, with its functions and defaults, and the
// files of the configuration.
func templates(globs []string, externalURL string) (*template.Template, error) {
	t, err := template.FromGlobs(globs)
	if err != nil {
		return nil, fmt.Errorf("templates: %w: %w", err, alerting.ErrInvalid)
	}
	if t.ExternalURL, err = url.Parse(externalURL); err != nil {
		return nil, fmt.Errorf("external URL: %w: %w", err, alerting.ErrInvalid)
	}
	return t, nil
}

// templateData is a notification in the form that templates and webhooks know.
func templateData(t *template.Template, n *Notification) *template.Data {
	d := &template.Data{
		Receiver: regexp.QuoteMeta(n.Receiver), Status: string(model.AlertFiring), NotificationReason: n.Reason,
		Alerts: template.Alerts{}, GroupLabels: kv(n.GroupLabels), RouteLabels: kv(n.RouteLabels),
		CommonLabels: template.KV{}, CommonAnnotations: template.KV{}, ExternalURL: t.ExternalURL.String(),
	}
	if n.Resolved() {
		d.Status = string(model.AlertResolved)
	}
	for i, a := range n.Alerts {
		status := model.AlertFiring
		if a.Resolved {
			status = model.AlertResolved
		}
		notes := n.annotations(&a)
		d.Alerts = append(d.Alerts, template.Alert{
			Status: string(status), Labels: kv(a.Labels), Annotations: notes,
			StartsAt: a.StartsAt, EndsAt: a.EndsAt, GeneratorURL: a.GeneratorURL, Fingerprint: a.Fingerprint,
		})
		if i == 0 {
			d.CommonLabels, d.CommonAnnotations = kv(a.Labels), kv(notes)
			continue
		}
		intersect(d.CommonLabels, a.Labels)
		intersect(d.CommonAnnotations, notes)
	}
	return d
}

// evidenceAnnotation is where those who read annotations find the link to the
// evidence; a rule may fill it itself.
const evidenceAnnotation = "evidence_url"

// annotations are those of an alert, with the link to its evidence and, while it
// fires, what stands out in it.
func (n *Notification) annotations(a *dispatch.NotifiedAlert) template.KV {
	out := kv(a.Annotations)
	add := func(name, text string) {
		if text != "" && out[name] == "" {
			out[name] = text
		}
	}
	d := n.Details[a.Fingerprint]
	add(evidenceAnnotation, d.Evidence)
	if !a.Resolved {
		s := d.standout()
		add(traceAnnotation, s.trace)
		add(logsAnnotation, s.logs)
	}
	return out
}

func kv[M ~map[string]string](m M) template.KV {
	out := make(template.KV, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}

// intersect leaves what both have.
func intersect[M ~map[string]string](common template.KV, with M) {
	for k, v := range common {
		if with[k] != v {
			delete(common, k)
		}
	}
}

// filler executes templates one after the other and keeps the first fault,
// which is one of the configuration: the same text does not get better.
type filler struct {
	t    *template.Template
	data any
	err  error
}

func (f *filler) text(s string) string {
	if f.err != nil {
		return ""
	}
	out, err := f.t.ExecuteTextString(s, f.data)
	if err != nil {
		f.err = &RetryError{Err: fmt.Errorf("template: %w", err), Refused: true}
	}
	return out
}

func (f *filler) html(s string) string {
	if f.err != nil {
		return ""
	}
	out, err := f.t.ExecuteHTMLString(s, f.data)
	if err != nil {
		f.err = &RetryError{Err: fmt.Errorf("template: %w", err), Refused: true}
	}
	return out
}
