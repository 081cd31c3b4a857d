package lokiapi

import (
	"fmt"
	"net/http"
	"strings"

	"tripod/store"
	"tripod/web"
)

// categorizeFlag asks for labels, structured metadata and parsed labels apart.
const categorizeFlag = "categorize-labels"

func (a *API) queryRange(w http.ResponseWriter, r *http.Request) {
	err := form(w, r)
	var q store.LogQuery
	var kind store.LogKind
	if err == nil {
		q, err = a.logQuery(r)
	}
	if err == nil {
		kind, err = a.doors.Query.Kind(q.Text)
	}
	if err == nil && kind == store.LogLines {
		err = a.answer(w, r, q)
	} else if err == nil {
		err = a.answerMatrix(w, r, q)
	}
	if err != nil {
		writeError(w, err)
	}
}

// query answers an instant query: numbers at the instant, or the entries of
// the hour before it.
func (a *API) query(w http.ResponseWriter, r *http.Request) {
	err := form(w, r)
	var at int64
	if err == nil {
		at, err = timeParam(r, "time", a.o.Now().UnixNano())
	}
	if err == nil {
		err = a.answerInstant(w, r, at)
	}
	if err != nil {
		writeError(w, err)
	}
}

func (a *API) answerInstant(w http.ResponseWriter, r *http.Request, at int64) error {
	r.Form.Set("end", fmt.Sprintf("%019d", at+1)) // the instant itself included
	q, err := a.logQuery(r)
	if err != nil {
		return err
	}
	kind, err := a.doors.Query.Kind(q.Text)
	if err != nil {
		return err
	}
	if kind == store.LogLines {
		return a.answer(w, r, q)
	}
	list, t, err := a.numbers(r, store.LogMetricQuery{Text: q.Text, From: at, To: at})
	if err != nil {
		return err
	}
	if kind == store.LogScalar {
		writeScalar(w, list, t)
	} else {
		writeVector(w, list, t)
	}
	return nil
}

// numbers asks for numbers, and tells how they were found.
func (a *API) numbers(r *http.Request, q store.LogMetricQuery) ([]store.LogSeries, told, error) {
	var receipt store.Receipt
	q.Receipt = &receipt
	start := a.o.Now()
	list, err := a.doors.Query.Metric(r.Context(), q)
	t := told{stats: statsOf(&receipt, len(list), a.o.Now().Sub(start)), explain: explain(r, &receipt)}
	err = t.warnings.pass(err)
	return list, t, err
}

func (a *API) answerMatrix(w http.ResponseWriter, r *http.Request, q store.LogQuery) error {
	step, err := durationParam(r, "step", defaultStep(q.Range))
	if err != nil {
		return err
	}
	if step <= 0 {
		return bad("step", r.Form.Get("step"), "more than nothing")
	}
	list, t, err := a.numbers(r, store.LogMetricQuery{Text: q.Text, From: q.Range.From, To: q.Range.To, Step: step})
	if err == nil {
		writeMatrix(w, list, t)
	}
	return err
}

// answer searches, and writes nothing when it returns an error.
func (a *API) answer(w http.ResponseWriter, r *http.Request, q store.LogQuery) error {
	interval, err := durationParam(r, "interval", 0)
	if err != nil {
		return err
	}
	out := newStreams(strings.Contains(r.Header.Get("X-Loki-Response-Encoding-Flags"), categorizeFlag))
	limit, last := q.Limit, int64(0)
	if interval > 0 {
		q.Limit = 0
	}
	var receipt store.Receipt
	q.Receipt = &receipt
	var unread warnings
	n, start := 0, a.o.Now()
	for e, err := range a.doors.Query.Lines(r.Context(), q) {
		if err != nil {
			if err = unread.pass(err); err != nil {
				return err
			}
			continue
		}
		if limit > 0 && (n == 0 || interval == 0 || abs(e.Time-last) >= int64(interval)) {
			err = out.add(&e)
			last = e.Time
			n++
		}
		if err != nil {
			return err
		}
		if n >= limit {
			break
		}
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.Write(out.json(told{statsOf(&receipt, n, a.o.Now().Sub(start)), explain(r, &receipt), unread}))
	return nil
}

func abs(n int64) int64 { return max(n, -n) }

// formatQuery answers with the query as it prints.
func (a *API) formatQuery(w http.ResponseWriter, r *http.Request) {
	if err := form(w, r); err != nil {
		writeError(w, err)
		return
	}
	text, err := a.doors.Query.Format(r.Form.Get("query"))
	if err != nil {
		web.JSON(w, web.Status(err), struct {
			Status string `json:"status"`
			Error  string `json:"error"`
		}{"invalid-query", errorText(err)})
		return
	}
	writeData(w, text)
}

type envelope struct {
	Status string `json:"status"`
	Data   any    `json:"data"`
}

func writeData(w http.ResponseWriter, data any) {
	web.JSON(w, http.StatusOK, envelope{"success", data})
}

func (a *API) labels(w http.ResponseWriter, r *http.Request) {
	a.list(w, r, func(rng store.TimeRange) ([]string, error) {
		if sel := selector(r); sel != "" {
			return a.scanLabels(r, sel, rng, "")
		}
		return a.doors.Labels.LabelNames(r.Context(), rng)
	})
}

func (a *API) labelValues(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	a.list(w, r, func(rng store.TimeRange) ([]string, error) {
		if sel := selector(r); sel != "" {
			return a.scanLabels(r, sel, rng, name)
		}
		return a.doors.Labels.LabelValues(r.Context(), name, rng)
	})
}

func (a *API) list(w http.ResponseWriter, r *http.Request, ask func(store.TimeRange) ([]string, error)) {
	err := form(w, r)
	var rng store.TimeRange
	if err == nil {
		rng, err = a.timeRange(r)
	}
	var list []string
	if err == nil {
		list, err = ask(rng)
		err = noted(err)
	}
	if err != nil {
		writeError(w, err)
		return
	}
	if list == nil {
		list = []string{}
	}
	writeData(w, list)
}

// selector is the query by which labels are narrowed, empty when it is all.
func selector(r *http.Request) string {
	sel := strings.TrimSpace(r.Form.Get("query"))
	if strings.ReplaceAll(sel, " ", "") == "{}" {
		return ""
	}
	return sel
}
