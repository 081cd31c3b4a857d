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
	if err := form(w, r); err != nil {
		writeError(w, err)
		return
	}
	q, err := a.logQuery(r)
	if err == nil {
		err = a.answer(w, r, q)
	}
	if err != nil {
		writeError(w, err)
	}
}

// query answers an instant query: a constant vector, by which Grafana asks
// whether Loki lives, or the entries of the hour before the instant.
func (a *API) query(w http.ResponseWriter, r *http.Request) {
	if err := form(w, r); err != nil {
		writeError(w, err)
		return
	}
	at, err := timeParam(r, "time", a.o.Now().UnixNano())
	if err != nil {
		writeError(w, err)
		return
	}
	if v, ok := constantVector(r.Form.Get("query")); ok {
		writeVector(w, at, v)
		return
	}
	r.Form.Set("end", fmt.Sprintf("%019d", at+1)) // the instant itself included
	q, err := a.logQuery(r)
	if err == nil {
		err = a.answer(w, r, q)
	}
	if err != nil {
		writeError(w, err)
	}
}

// answer searches, and writes nothing when it returns an error.
func (a *API) answer(w http.ResponseWriter, r *http.Request, q store.LogQuery) error {
	out := newStreams(strings.Contains(r.Header.Get("X-Loki-Response-Encoding-Flags"), categorizeFlag))
	if q.Limit > 0 {
		for rec, err := range a.doors.Search.Search(r.Context(), q) {
			if err == nil {
				err = out.add(&rec)
			}
			if err != nil {
				return err
			}
		}
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.Write(out.json())
	return nil
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
