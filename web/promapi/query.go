package promapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/prometheus/prometheus/model/timestamp"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/util/annotations"
	"github.com/prometheus/prometheus/util/stats"
)

// maxPoints is how many points of one series a range query may ask for, the
// same as Prometheus's: a week in minutes, a year in hours.
const maxPoints = 11_000

func (a *API) query(r *http.Request) (answer, error) {
	limit, err := limitParam(r)
	if err != nil {
		return answer{}, err
	}
	at, err := timeParam(r, "time", a.o.Now())
	if err != nil {
		return answer{}, err
	}
	ctx, cancel, err := withTimeout(r)
	if err != nil {
		return answer{}, err
	}
	defer cancel()
	opts, err := queryOpts(r)
	if err != nil {
		return answer{}, err
	}
	q, err := a.d.Engine.InstantQuery(ctx, opts, r.FormValue("query"), at)
	if err != nil {
		return answer{}, notAsked(err)
	}
	return run(ctx, q, limit, r.FormValue("stats"))
}

func (a *API) queryRange(r *http.Request) (answer, error) {
	limit, err := limitParam(r)
	if err != nil {
		return answer{}, err
	}
	from, err := parseTime(r.FormValue("start"))
	if err != nil {
		return answer{}, badParam("start", err)
	}
	to, err := parseTime(r.FormValue("end"))
	if err != nil {
		return answer{}, badParam("end", err)
	}
	if to.Before(from) {
		return answer{}, badParam("end", errors.New("end timestamp must not be before start time"))
	}
	step, err := parseDuration(r.FormValue("step"))
	if err == nil && step <= 0 {
		err = errors.New("zero or negative query resolution step widths are not accepted. Try a positive integer")
	}
	if err != nil {
		return answer{}, badParam("step", err)
	}
	if to.Sub(from)/step > maxPoints {
		return answer{}, badData(errors.New("exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)"))
	}
	ctx, cancel, err := withTimeout(r)
	if err != nil {
		return answer{}, err
	}
	defer cancel()
	opts, err := queryOpts(r)
	if err != nil {
		return answer{}, err
	}
	q, err := a.d.Engine.RangeQuery(ctx, opts, r.FormValue("query"), from, to, step)
	if err != nil {
		return answer{}, notAsked(err)
	}
	return run(ctx, q, limit, r.FormValue("stats"))
}

func withTimeout(r *http.Request) (context.Context, context.CancelFunc, error) {
	s := r.FormValue("timeout")
	if s == "" {
		return r.Context(), func() {}, nil
	}
	d, err := parseDuration(s)
	if err != nil {
		return nil, nil, badParam("timeout", err)
	}
	ctx, cancel := context.WithTimeout(r.Context(), d)
	return ctx, cancel, nil
}

// notAsked is why a query cannot be asked: its text, or that its time was over
// while it waited for others.
func notAsked(err error) error {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return executing(promql.ErrQueryTimeout("query execution"))
	case errors.Is(err, context.Canceled):
		return executing(promql.ErrQueryCanceled("query execution"))
	}
	return badParam("query", err)
}

// run executes a query. The points belong to the query until it is closed,
// which is when the answer was written.
func run(ctx context.Context, q promql.Query, limit int, wantStats string) (answer, error) {
	res := q.Exec(ctx)
	if res.Err != nil {
		return answer{done: q.Close}, executing(res.Err)
	}
	v, warnings := truncate(res.Value, limit, res.Warnings)
	switch wantStats {
	case "", "true", "all":
	default:
		warnings = warnings.Add(fmt.Errorf("value %q for parameter \"stats\" is deprecated and will be rejected in the next major release, use %q or %q", wantStats, "true", "all"))
	}
	data := func(b []byte) []byte {
		b = append(b, `{"resultType":"`+string(v.Type())+`","result":`...)
		b = appendResult(b, v)
		if wantStats != "" {
			b = appendJSON(append(b, `,"stats":`...), stats.NewQueryStats(q.Stats()))
		}
		return append(b, '}')
	}
	return answer{data: data, warnings: warnings, done: q.Close}, nil
}

var errTruncated = errors.New("results truncated due to limit")

func truncate(v parser.Value, limit int, warnings annotations.Annotations) (parser.Value, annotations.Annotations) {
	if limit == 0 {
		return v, warnings
	}
	switch list := v.(type) {
	case promql.Matrix:
		if len(list) > limit {
			return list[:limit], warnings.Add(errTruncated)
		}
	case promql.Vector:
		if len(list) > limit {
			return list[:limit], warnings.Add(errTruncated)
		}
	}
	return v, warnings
}

func (a *API) formatQuery(r *http.Request) (answer, error) {
	e, err := a.parser.ParseExpr(r.FormValue("query"))
	if err != nil {
		return answer{}, badParam("query", err)
	}
	return answer{data: value(e.Pretty(0))}, nil
}

func (a *API) queryExemplars(r *http.Request) (answer, error) {
	from, to, err := rangeParams(r)
	if err != nil {
		return answer{}, err
	}
	if to.Before(from) {
		return answer{}, badData(errors.New("end timestamp must not be before start timestamp"))
	}
	e, err := a.parser.ParseExpr(r.FormValue("query"))
	if err != nil {
		return answer{}, badData(err)
	}
	selectors := parser.ExtractSelectors(e)
	if len(selectors) == 0 {
		return answer{}, nil
	}
	q, err := a.d.Samples.ExemplarQuerier(r.Context())
	if err != nil {
		return answer{}, executing(err)
	}
	found, err := q.Select(timestamp.FromTime(from), timestamp.FromTime(to), selectors...)
	if err != nil {
		return answer{}, executing(err)
	}
	return answer{data: func(b []byte) []byte { return appendList(b, found, appendExemplars) }}, nil
}
