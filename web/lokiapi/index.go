package lokiapi

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"tripod/store"
	"tripod/web"
)

// maxVolumes is how many series a volume answers with at most.
const maxVolumes = 5000

// ranged is the query and range of a request; all when no query is sent.
func (a *API) ranged(w http.ResponseWriter, r *http.Request) (query string, rng store.TimeRange, err error) {
	if err = form(w, r); err == nil {
		rng, err = a.timeRange(r)
	}
	query = cmp.Or(strings.TrimSpace(r.Form.Get("query")), "{}")
	if err == nil {
		var kind store.LogKind
		if kind, err = a.doors.Query.Kind(query); err == nil && kind != store.LogLines {
			err = bad("query", query, "a selector")
		}
	}
	return query, rng, err
}

// over writes a function over the lines of a query. The query stands on a line
// of its own: a comment may end it.
func over(fn, by, query string, window time.Duration) string {
	return fmt.Sprintf("sum by (%s) (%s((%s\n)[%dns]))", by, fn, query, max(window, 1))
}

// total is one number over all lines of a query in a range.
func (a *API) total(r *http.Request, fn, query string, rng store.TimeRange) (float64, error) {
	list, err := a.instant(r, over(fn, "", query, time.Duration(rng.To-rng.From)), rng)
	if err != nil || len(list) == 0 {
		return 0, err
	}
	return list[0].Points[0].Value, nil
}

// instant asks at the end of a range, which is not in it.
func (a *API) instant(r *http.Request, query string, rng store.TimeRange) ([]store.LogSeries, error) {
	list, err := a.doors.Query.Metric(r.Context(), store.LogMetricQuery{Text: query, From: rng.To - 1, To: rng.To - 1})
	return list, noted(err)
}

// indexSize is what a selector finds. A chunk is a stream's.
type indexSize struct {
	Streams int   `json:"streams"`
	Chunks  int   `json:"chunks"`
	Bytes   int64 `json:"bytes"`
	Entries int64 `json:"entries"`
}

func (a *API) sizeOf(r *http.Request, query string, rng store.TimeRange) (n indexSize, err error) {
	entries, err := a.total(r, "count_over_time", query, rng)
	if err != nil {
		return n, err
	}
	bytes, err := a.total(r, "bytes_over_time", query, rng)
	if err != nil {
		return n, err
	}
	n.Bytes, n.Entries = int64(bytes), int64(entries)
	err = a.scanSets(r, query, rng, func(string, store.LogLabels) bool { n.Streams++; return n.Streams < maxSeries })
	n.Chunks = n.Streams
	return n, err
}

// indexStats counts what a selector finds.
func (a *API) indexStats(w http.ResponseWriter, r *http.Request) {
	query, rng, err := a.ranged(w, r)
	var all indexSize
	if err == nil {
		all, err = a.sizeOf(r, query, rng)
	}
	if err != nil {
		writeError(w, err)
		return
	}
	web.JSON(w, http.StatusOK, all)
}

// volume answers with the bytes of each group of streams, the largest first.
func (a *API) volume(w http.ResponseWriter, r *http.Request) {
	query, rng, by, limit, err := a.volumeParams(w, r)
	var list []store.LogSeries
	if err == nil {
		list, err = a.instant(r, over("bytes_over_time", strings.Join(by, ","), query, time.Duration(rng.To-rng.From)), rng)
	}
	if err != nil {
		writeError(w, err)
		return
	}
	writeVector(w, largest(named(r, list), limit), told{})
}

// volumeRange does so for each step.
func (a *API) volumeRange(w http.ResponseWriter, r *http.Request) {
	query, rng, by, limit, err := a.volumeParams(w, r)
	var step time.Duration
	if err == nil {
		step, err = durationParam(r, "step", defaultStep(rng))
	}
	if err == nil && step <= 0 {
		err = bad("step", r.Form.Get("step"), "more than nothing")
	}
	var list []store.LogSeries
	if err == nil {
		list, err = a.doors.Query.Metric(r.Context(), store.LogMetricQuery{
			Text: over("bytes_over_time", strings.Join(by, ","), query, step), From: rng.From + int64(step), To: max(rng.To, rng.From+int64(step)), Step: step})
		err = noted(err)
	}
	if err != nil {
		writeError(w, err)
		return
	}
	writeMatrix(w, largest(named(r, list), limit), told{})
}

// volumeParams reads by which labels volumes are told apart: those asked for,
// or those of the selector.
func (a *API) volumeParams(w http.ResponseWriter, r *http.Request) (query string, rng store.TimeRange, by []string, limit int, err error) {
	if query, rng, err = a.ranged(w, r); err != nil {
		return
	}
	if limit, err = countParam(r, "limit", defaultLimit, maxVolumes); err != nil {
		return
	}
	if text := r.Form.Get("targetLabels"); text != "" {
		for _, name := range strings.Split(text, ",") {
			if name = strings.TrimSpace(name); !bareName(name) || strings.ContainsAny(name, ".:") {
				err = bad("targetLabels", text, "names of labels")
				return
			}
			by = append(by, name)
		}
	} else if by, err = a.doors.Query.Selected(query); err != nil {
		return
	}
	if len(by) == 0 {
		by = []string{"service_name"}
	}
	slices.Sort(by)
	by = slices.Compact(by)
	return
}

// named adds volumes up by the names of their labels alone, when
// aggregateBy=labels asks for it.
func named(r *http.Request, list []store.LogSeries) []store.LogSeries {
	if r.Form.Get("aggregateBy") != "labels" {
		return list
	}
	at := map[string]map[int64]float64{}
	for _, s := range list {
		for _, l := range s.Labels {
			if at[l.Name] == nil {
				at[l.Name] = map[int64]float64{}
			}
			for _, p := range s.Points {
				at[l.Name][p.Time] += p.Value
			}
		}
	}
	var out []store.LogSeries
	for name, points := range at {
		s := store.LogSeries{Labels: store.LogLabels{{Name: name}}}
		for t, v := range points {
			s.Points = append(s.Points, store.LogPoint{Time: t, Value: v})
		}
		slices.SortFunc(s.Points, func(a, b store.LogPoint) int { return cmp.Compare(a.Time, b.Time) })
		out = append(out, s)
	}
	return out
}

// largest are the series with the largest sums.
func largest(list []store.LogSeries, limit int) []store.LogSeries {
	sum := func(s store.LogSeries) (n float64) {
		for _, p := range s.Points {
			n += p.Value
		}
		return n
	}
	slices.SortStableFunc(list, func(a, b store.LogSeries) int {
		return cmp.Or(cmp.Compare(sum(b), sum(a)), strings.Compare(labelsKey(a.Labels), labelsKey(b.Labels)))
	})
	return list[:min(limit, len(list))]
}
