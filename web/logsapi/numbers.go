package logsapi

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"tripod/store"
	"tripod/web"
)

// metric asks for the numbers of a query.
func (a *API) metric(ctx context.Context, k *ask) ([]store.LogSeries, error) {
	q := store.LogMetricQuery{Text: k.q.Text, From: k.q.Range.From, To: k.q.Range.To, Step: k.step, Receipt: k.q.Receipt}
	if k.step == 0 {
		q.From = q.To
	}
	return a.doors.Numbers.Metric(ctx, q)
}

// answerNumbers sends one row a point, series by series. They are of what can be
// read; what cannot is told at the end.
func (a *API) answerNumbers(w http.ResponseWriter, r *http.Request, k *ask) {
	list, unread := a.metric(r.Context(), k)
	if unread != nil && !errors.Is(unread, store.ErrUnread) {
		writeProblem(w, unread)
		return
	}
	names := labelNames(list)
	var header []byte
	if k.csv {
		header = appendCells(nil, slices.Concat([]string{"time"}, names, []string{"value"})...)
	}
	o := newOutlet(w, header, func(h http.Header) { k.headers(h, a.o.Now()) })
	sendNumbers(o, k, list, names)
	a.end(r, o, k, unread)
}

func sendNumbers(o *outlet, k *ask, list []store.LogSeries, names []string) {
	defer o.close()
	for i := range list {
		for _, p := range list[i].Points {
			err := o.row(func(b []byte) []byte {
				if k.csv {
					return appendPointCells(b, list[i].Labels, names, p)
				}
				return appendPoint(b, list[i].Labels, p)
			})
			if err != nil {
				return
			}
		}
	}
}

// labelNames are those of all series, in order.
func labelNames(list []store.LogSeries) []string {
	all := map[string]bool{}
	for i := range list {
		for _, l := range list[i].Labels {
			all[l.Name] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

func appendPoint(b []byte, labels store.LogLabels, p store.LogPoint) []byte {
	b = append(b, `{"time":"`...)
	b = appendTime(b, p.Time)
	b = append(b, `","labels":{`...)
	for i, l := range labels {
		if i > 0 {
			b = append(b, ',')
		}
		b = web.AppendString(b, l.Name)
		b = append(b, ':')
		b = web.AppendString(b, l.Value)
	}
	b = append(b, `},"value":`...)
	b = appendFloat(b, p.Value)
	return append(b, "}\n"...)
}

func appendPointCells(b []byte, labels store.LogLabels, names []string, p store.LogPoint) []byte {
	cells := []string{string(appendTime(nil, p.Time))}
	for _, n := range names {
		cells = append(cells, labels.Get(n))
	}
	return appendCells(b, append(cells, strconv.FormatFloat(p.Value, 'g', -1, 64))...)
}
