package promapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	jsoniter "github.com/json-iterator/go"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/util/annotations"
	"github.com/prometheus/prometheus/util/jsonutil"
	"github.com/prometheus/prometheus/util/stats"
	"github.com/prometheus/prometheus/util/teststorage"

	"tripod/store/metrics"
	"tripod/web/promapi"
)

// overHTTP is a PromQL engine that asks the server of the storage that it is
// given: Prometheus's own test scripts run on it as on any other engine.
type overHTTP struct{}

func (overHTTP) NewInstantQuery(ctx context.Context, q storage.Queryable, _ promql.QueryOpts, expr string, at time.Time) (promql.Query, error) {
	s := q.(*served)
	return &httpQuery{url: s.URL + "/api/v1/query", form: url.Values{"query": {expr}, "time": {seconds(at)}}, direct: func(ctx context.Context) *promql.Result {
		return execute(s.engine.InstantQuery(ctx, nil, expr, at))(ctx)
	}}, nil
}

func (overHTTP) NewRangeQuery(ctx context.Context, q storage.Queryable, _ promql.QueryOpts, expr string, from, to time.Time, step time.Duration) (promql.Query, error) {
	s := q.(*served)
	return &httpQuery{url: s.URL + "/api/v1/query_range", form: url.Values{
		"query": {expr}, "start": {seconds(from)}, "end": {seconds(to)}, "step": {strconv.FormatFloat(step.Seconds(), 'f', -1, 64)},
	}, direct: func(ctx context.Context) *promql.Result {
		return execute(s.engine.RangeQuery(ctx, nil, expr, from, to, step))(ctx)
	}}, nil
}

func execute(q promql.Query, err error) func(context.Context) *promql.Result {
	return func(ctx context.Context) *promql.Result {
		if err != nil {
			return &promql.Result{Err: err}
		}
		return q.Exec(ctx)
	}
}

func seconds(t time.Time) string { return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', 3, 64) }

// served is a storage behind the API.
type served struct {
	storage.Storage
	*httptest.Server
	engine promapi.Engine
}

func (s *served) Close() error {
	s.Server.Close()
	return s.Storage.Close()
}

type httpQuery struct {
	url    string
	form   url.Values
	direct func(context.Context) *promql.Result // what the engine says without HTTP
}

func (q *httpQuery) Exec(ctx context.Context) *promql.Result {
	res, err := http.PostForm(q.url, q.form)
	if err != nil {
		return &promql.Result{Err: err}
	}
	defer res.Body.Close()
	var body struct {
		Error           string
		Data            resultJSON
		Warnings, Infos []string
	}
	if err := json.NewDecoder(res.Body).Decode(&body); err != nil {
		return &promql.Result{Err: fmt.Errorf("%s: %w", res.Status, err)}
	}
	if res.StatusCode != http.StatusOK {
		return &promql.Result{Err: errors.New(body.Error)}
	}
	direct := q.direct(ctx)
	if direct.Err != nil {
		return &promql.Result{Err: fmt.Errorf("the engine cannot answer what the API did: %w", direct.Err)}
	}
	v, err := body.Data.value(histogramsOf(direct.Value))
	out := &promql.Result{Value: v, Err: err}
	for kind, notes := range map[error][]string{annotations.PromQLWarning: body.Warnings, annotations.PromQLInfo: body.Infos} {
		for _, n := range notes {
			out.Warnings.Add(fmt.Errorf("%w%s", kind, strings.TrimPrefix(n, kind.Error())))
		}
	}
	return out
}

func (q *httpQuery) Close()                      {}
func (q *httpQuery) Cancel()                     {}
func (q *httpQuery) Statement() parser.Statement { return nil }
func (q *httpQuery) Stats() *stats.Statistics    { return nil }
func (q *httpQuery) String() string              { return q.form.Get("query") }

// resultJSON is the data of an answer to a query.
type resultJSON struct {
	ResultType parser.ValueType
	Result     json.RawMessage
}

type pointJSON struct {
	t int64
	v string
}

func (p *pointJSON) UnmarshalJSON(b []byte) error {
	var t float64
	if err := json.Unmarshal(b, &[]any{&t, &p.v}); err != nil {
		return err
	}
	p.t = int64(math.Round(t * 1000))
	return nil
}

func (p pointJSON) float() float64 {
	f, err := strconv.ParseFloat(p.v, 64)
	if err != nil {
		panic(err)
	}
	return f
}

type histogramJSON struct {
	t    int64
	said any
}

func (p *histogramJSON) UnmarshalJSON(b []byte) error {
	var t float64
	err := json.Unmarshal(b, &[]any{&t, &p.said})
	p.t = int64(math.Round(t * 1000))
	return err
}

type seriesJSON struct {
	Metric     map[string]string
	Value      *pointJSON
	Histogram  *histogramJSON
	Values     []pointJSON
	Histograms []histogramJSON
}

// value is what the answer says. JSON tells of a native histogram only its
// count, its sum and its buckets: the engine's own histogram stands for one
// that says the same as it.
func (r resultJSON) value(known map[string]*histogram.FloatHistogram) (parser.Value, error) {
	switch r.ResultType {
	case parser.ValueTypeScalar, parser.ValueTypeString:
		var p pointJSON
		err := json.Unmarshal(r.Result, &p)
		if r.ResultType == parser.ValueTypeString {
			return promql.String{T: p.t, V: p.v}, err
		}
		return promql.Scalar{T: p.t, V: p.float()}, err
	}
	var list []seriesJSON
	if err := json.Unmarshal(r.Result, &list); err != nil {
		return nil, err
	}
	vector, matrix := promql.Vector{}, promql.Matrix{}
	for _, s := range list {
		out := promql.Series{Metric: labels.FromMap(s.Metric)}
		find := func(h histogramJSON) *histogram.FloatHistogram {
			fh := known[fmt.Sprint(out.Metric, h.t)]
			if fh == nil || !reflect.DeepEqual(h.said, histogramForm(fh)) {
				panic(fmt.Sprintf("%s: the API says %v, the engine %v", out.Metric, h.said, fh))
			}
			return fh
		}
		switch {
		case s.Value != nil:
			vector = append(vector, promql.Sample{Metric: out.Metric, T: s.Value.t, F: s.Value.float()})
		case s.Histogram != nil:
			vector = append(vector, promql.Sample{Metric: out.Metric, T: s.Histogram.t, H: find(*s.Histogram)})
		}
		for _, p := range s.Values {
			out.Floats = append(out.Floats, promql.FPoint{T: p.t, F: p.float()})
		}
		for _, p := range s.Histograms {
			out.Histograms = append(out.Histograms, promql.HPoint{T: p.t, H: find(p)})
		}
		matrix = append(matrix, out)
	}
	if r.ResultType == parser.ValueTypeVector {
		return vector, nil
	}
	return matrix, nil
}

// histogramForm is Prometheus's own JSON of a histogram.
func histogramForm(h *histogram.FloatHistogram) (out any) {
	s := jsoniter.ConfigCompatibleWithStandardLibrary.BorrowStream(nil)
	defer jsoniter.ConfigCompatibleWithStandardLibrary.ReturnStream(s)
	jsonutil.MarshalHistogram(h, s)
	if err := json.Unmarshal(s.Buffer(), &out); err != nil {
		panic(err)
	}
	return out
}

func histogramsOf(v parser.Value) map[string]*histogram.FloatHistogram {
	out := map[string]*histogram.FloatHistogram{}
	switch v := v.(type) {
	case promql.Vector:
		for _, s := range v {
			out[fmt.Sprint(s.Metric, s.T)] = s.H
		}
	case promql.Matrix:
		for _, s := range v {
			for _, p := range s.Histograms {
				out[fmt.Sprint(s.Metric, p.T)] = p.H
			}
		}
	}
	return out
}

// scripts runs the files of Prometheus's test scripts that want is true for.
type scripts struct {
	*testing.T
	want func(file string) bool
}

func (s scripts) Run(file string, f func(*testing.T)) bool {
	return !s.want(file) || s.T.Run(file, f)
}

// startTimes need a storage format that Prometheus calls experimental and
// that the store does not write.
const startTimes = "testdata/start_timestamps.test"

// delayed are the scripts whose results and warnings are those of
// promql-delayed-name-removal.
var delayed = []string{
	"testdata/histograms.test", "testdata/name_label_dropping.test", "testdata/native_histograms.test", "testdata/type_and_unit.test",
}

func TestPrometheusScripts(t *testing.T) {
	for name, c := range map[string]struct {
		want func(file string) bool
		open func(testing.TB) storage.Storage
	}{
		"the store":                     {func(file string) bool { return file != startTimes && !slices.Contains(delayed, file) }, serveStore()},
		"the store, names dropped late": {func(file string) bool { return slices.Contains(delayed, file) }, serveStore("promql-delayed-name-removal")},
		"start timestamps":              {func(file string) bool { return file == startTimes }, serveStartTimes},
	} {
		t.Run(name, func(t *testing.T) { promqltest.RunBuiltinTestsWithStorage(scripts{t, c.want}, overHTTP{}, c.open) })
	}
}

func serve(t testing.TB, s storage.Storage, engine promapi.Engine, samples promapi.Samples) *served {
	mux := http.NewServeMux()
	promapi.New(promapi.Doors{Engine: engine, Samples: samples}, promapi.Options{}).Register(mux)
	return &served{Storage: s, Server: httptest.NewServer(mux), engine: engine}
}

func serveStore(more ...string) func(testing.TB) storage.Storage {
	return func(t testing.TB) storage.Storage {
		features, err := metrics.ParseFeatures(append(more,
			"promql-experimental-functions", "promql-duration-expr", "promql-extended-range-selectors", "promql-binop-fill-modifiers"))
		if err != nil {
			t.Fatal(err)
		}
		// The scripts begin in 1970 and go on for years.
		s, err := metrics.Open(t.TempDir(), metrics.Options{Features: features, OutOfOrder: 100 * 365 * 24 * time.Hour, MaxSamples: promqltest.DefaultMaxSamplesPerQuery})
		if err != nil {
			t.Fatal(err)
		}
		return serve(t, storeOfScripts{s}, s, s)
	}
}

// storeOfScripts is a store as the scripts fill it.
type storeOfScripts struct{ *metrics.Store }

func (storeOfScripts) StartTime() (int64, error) { return 0, nil }

func (s storeOfScripts) AppenderV2(ctx context.Context) storage.AppenderV2 {
	return appenderV2{s.Appender(ctx)}
}

type appenderV2 struct{ storage.Appender }

func (a appenderV2) Append(ref storage.SeriesRef, ls labels.Labels, _, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram, _ storage.AppendV2Options) (storage.SeriesRef, error) {
	if h != nil || fh != nil {
		return a.AppendHistogram(ref, ls, t, h, fh)
	}
	return a.Appender.Append(ref, ls, t, v)
}

// engineOf asks an engine about one storage.
type engineOf struct {
	*promql.Engine
	s storage.Storage
}

func (e engineOf) InstantQuery(ctx context.Context, opts promql.QueryOpts, expr string, at time.Time) (promql.Query, error) {
	return e.NewInstantQuery(ctx, e.s, opts, expr, at)
}

func (e engineOf) RangeQuery(ctx context.Context, opts promql.QueryOpts, expr string, from, to time.Time, step time.Duration) (promql.Query, error) {
	return e.NewRangeQuery(ctx, e.s, opts, expr, from, to, step)
}

func serveStartTimes(t testing.TB) storage.Storage {
	s := teststorage.New(t, func(o *tsdb.Options) {
		o.EnableSTStorage, o.FloatChunkEncoding, o.EnableHistogramSTEncoding = true, chunkenc.EncXOR2, true
	})
	engine := promqltest.NewTestEngine(t, false, 0, promqltest.DefaultMaxSamplesPerQuery)
	return serve(t, s, engineOf{engine, s}, s)
}
