package evidence

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"tripod/alerting"
	"tripod/store"
)

// What is looked at, before an alert began to fire.
const (
	chartSpan   = time.Hour
	changeSpan  = time.Hour
	shortWindow = 10 * time.Minute // of logs and traces, with the time for which its condition held
	longWindow  = time.Hour
	maxChanges  = 40
)

// gather asks all doors at once, for no longer than the timeout. It always
// gives a body: what could not be had is told in it.
func (k *Keeper) gather(ctx context.Context, h *alerting.EvidenceHead) *body {
	ctx, cancel := context.WithTimeout(ctx, k.o.Timeout)
	defer cancel()
	b := &body{To: h.FiredAt, From: h.FiredAt.Add(-shortWindow)}
	a := alerting.Alert{Labels: h.Labels, Annotations: h.Annotations, StartsAt: h.FiredAt, GeneratorURL: h.GeneratorURL}
	k.first(ctx, b, a)
	var wg sync.WaitGroup
	var mu sync.Mutex
	also := func(name string, there bool, ask func() error) {
		wg.Go(func() {
			err := errNoDoor
			if there {
				err = ask()
			}
			mu.Lock()
			defer mu.Unlock()
			k.lack(b, name, err)
		})
	}
	beside := make(chan []string, 1) // the logs wait for what traces take part
	also("traces", k.o.Doors.Traces != nil, func() (err error) {
		defer close(beside)
		b.Traces, err = k.traces(ctx, b, h.Labels, beside)
		return err
	})
	if k.o.Doors.Traces == nil {
		close(beside)
	}
	also("logs", k.o.Doors.Logs != nil, func() error { return k.logs(ctx, b, <-beside) })
	also("changes", k.o.Doors.Changes != nil, func() (err error) {
		b.Changes, err = k.changes(ctx, h)
		return err
	})
	wg.Wait()
	slices.SortFunc(b.Missing, func(x, y alerting.Missing) int { return strings.Compare(x.Part, y.Part) })
	return b
}

var errNoDoor = errors.New("this part of the appliance is not running")

// first asks what the other questions depend on, and leaves them most of the time.
func (k *Keeper) first(ctx context.Context, b *body, a alerting.Alert) {
	ctx, cancel := context.WithTimeout(ctx, k.o.Timeout*2/5)
	defer cancel()
	b.Services = k.subject(ctx, a.Labels)
	err := errNoDoor
	if k.o.Doors.Expression != nil {
		b.Expression, err = k.o.Doors.Expression.Plot(ctx, a, a.StartsAt.Add(-chartSpan), a.StartsAt)
	}
	k.lack(b, "chart", err)
	if b.Expression != nil {
		b.From = a.StartsAt.Add(-min(longWindow, shortWindow+b.Expression.For))
		cutPlot(b.Expression)
	}
}

// lack says why a part is missing, or not whole.
func (k *Keeper) lack(b *body, name string, err error) {
	switch {
	case err == nil:
	case errors.Is(err, context.DeadlineExceeded):
		b.Missing = append(b.Missing, alerting.Missing{Part: name, Why: "it took too long"})
	default:
		b.Missing = append(b.Missing, alerting.Missing{Part: name, Why: cut(err.Error(), maxName)})
	}
}

// serviceLabels are those under which a service is named, the surest first:
// OpenTelemetry's, Prometheus's, and those of service graphs.
var serviceLabels = [...]string{"service_name", "service", "server", "client", "job"}

// subject are the services that an alert is about: of those that its labels
// name the ones that send traces, or else the first.
func (k *Keeper) subject(ctx context.Context, labels map[string]string) []string {
	var named []string
	for _, l := range serviceLabels {
		if s := labels[l]; s != "" && !slices.Contains(named, s) {
			named = append(named, s)
		}
	}
	if len(named) == 0 || k.o.Doors.Traces == nil {
		return named
	}
	known, err := k.o.Doors.Traces.Services(ctx)
	if err != nil {
		return named[:1]
	}
	sending := slices.DeleteFunc(slices.Clone(named), func(s string) bool { return !slices.Contains(known, s) })
	if len(sending) == 0 {
		return named[:1]
	}
	return sending
}

// changes are those of the hour before, but for the alert itself.
func (k *Keeper) changes(ctx context.Context, h *alerting.EvidenceHead) ([]alerting.Change, error) {
	all, err := k.o.Doors.Changes.Changes(ctx, h.FiredAt.Add(-changeSpan), h.FiredAt)
	var out []alerting.Change
	for _, c := range all {
		if c.Kind == alerting.ChangeAlert && c.Text == h.Name {
			continue
		}
		c.Text, c.Detail, c.Service = cut(c.Text, maxName), cut(c.Detail, maxName), cut(c.Service, maxName)
		out = append(out, c)
	}
	slices.SortStableFunc(out, func(a, b alerting.Change) int { return a.Time.Compare(b.Time) })
	return out[max(0, len(out)-maxChanges):], err // the nearest ones
}

// cutPlot bounds what strangers have named.
func cutPlot(p *alerting.Plot) {
	p.Expr = cut(p.Expr, maxText)
	for i := range p.Lines {
		p.Lines[i].Labels = cutMap(p.Lines[i].Labels, plotLabels, maxPlotText, maxPlotText)
	}
}

// within is the range of the window.
func (b *body) within() store.TimeRange { return store.Between(b.From, b.To) }
