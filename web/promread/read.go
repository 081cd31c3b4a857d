package promread

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"tripod/store"
	"tripod/web"
)

// Bounds of a request: its bytes, packed and unpacked, and its queries.
// Prometheus sends one query, of some hundred bytes.
const (
	maxRequest = 1 << 20
	maxQueries = 1000
)

// read is remote read: https://prometheus.io/docs/specs/prw/remote_read_spec.
// The answer is a snappy message of samples, or a stream of frames of chunks
// as they are stored.
func (a *API) read(w http.ResponseWriter, r *http.Request) {
	if err := a.gate.Enter(r.Context()); err != nil {
		fail(w, err)
		return
	}
	defer a.gate.Leave()
	req, err := readRequest(w, r)
	if err != nil {
		fail(w, err)
		return
	}
	switch kind, err := accepted(req.AcceptedResponseTypes); {
	case err != nil:
		fail(w, err)
	case kind == prompb.ReadRequest_STREAMED_XOR_CHUNKS:
		a.stream(w, r, req)
	default:
		a.answer(w, r, req)
	}
}

func fail(w http.ResponseWriter, err error) {
	status := web.Status(err)
	if errors.Is(err, store.ErrOverloaded) {
		status = http.StatusServiceUnavailable
	}
	web.RetryAfter(w, status)
	http.Error(w, err.Error(), status)
}

func readRequest(w http.ResponseWriter, r *http.Request) (*prompb.ReadRequest, error) {
	packed, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		return nil, fmt.Errorf("body: %w", err)
	}
	return decode(packed)
}

func decode(packed []byte) (*prompb.ReadRequest, error) {
	n, err := snappy.DecodedLen(packed)
	if err != nil {
		return nil, fmt.Errorf("snappy: %w: %w", err, store.ErrInvalid)
	}
	if n > maxRequest {
		return nil, fmt.Errorf("snappy body holds %d bytes, more than %d: %w", n, maxRequest, store.ErrTooLarge)
	}
	raw, err := snappy.Decode(nil, packed)
	if err != nil {
		return nil, fmt.Errorf("snappy: %w: %w", err, store.ErrInvalid)
	}
	req := new(prompb.ReadRequest)
	if err := req.Unmarshal(raw); err != nil {
		return nil, fmt.Errorf("read request: %w: %w", err, store.ErrInvalid)
	}
	if len(req.Queries) > maxQueries {
		return nil, fmt.Errorf("%d queries in one request, more than %d: %w", len(req.Queries), maxQueries, store.ErrTooLarge)
	}
	return req, nil
}

// accepted is the first form of answer that the client takes and we have; one
// that says nothing knows samples only.
func accepted(types []prompb.ReadRequest_ResponseType) (prompb.ReadRequest_ResponseType, error) {
	if len(types) == 0 {
		return prompb.ReadRequest_SAMPLES, nil
	}
	for _, t := range types {
		if t == prompb.ReadRequest_SAMPLES || t == prompb.ReadRequest_STREAMED_XOR_CHUNKS {
			return t, nil
		}
	}
	return 0, fmt.Errorf("accepted response types %v: want SAMPLES or STREAMED_XOR_CHUNKS: %w", types, store.ErrInvalid)
}

var matchTypes = map[prompb.LabelMatcher_Type]labels.MatchType{
	prompb.LabelMatcher_EQ: labels.MatchEqual, prompb.LabelMatcher_NEQ: labels.MatchNotEqual,
	prompb.LabelMatcher_RE: labels.MatchRegexp, prompb.LabelMatcher_NRE: labels.MatchNotRegexp,
}

func matchers(from []*prompb.LabelMatcher) ([]*labels.Matcher, error) {
	out := make([]*labels.Matcher, 0, len(from))
	for _, m := range from {
		typ, ok := matchTypes[m.Type]
		if !ok {
			return nil, fmt.Errorf("matcher of label %.80q: type %d is unknown: %w", m.Name, m.Type, store.ErrInvalid)
		}
		made, err := labels.NewMatcher(typ, m.Name, m.Value)
		if err != nil {
			return nil, fmt.Errorf("matcher of label %.80q: %w: %w", m.Name, err, store.ErrInvalid)
		}
		out = append(out, made)
	}
	return out, nil
}

func hints(h *prompb.ReadHints) *storage.SelectHints {
	if h == nil {
		return nil
	}
	return &storage.SelectHints{Start: h.StartMs, End: h.EndMs, Step: h.StepMs, Func: h.Func, Grouping: h.Grouping, Range: h.RangeMs, By: h.By}
}

// answer holds all samples in memory, so that there is a bound.
func (a *API) answer(w http.ResponseWriter, r *http.Request, req *prompb.ReadRequest) {
	out := prompb.ReadResponse{Results: make([]*prompb.QueryResult, len(req.Queries))}
	left := a.o.Samples
	for i, q := range req.Queries {
		var err error
		if out.Results[i], err = a.query(r.Context(), q, &left); err != nil {
			fail(w, fmt.Errorf("query %d: %w", i, err))
			return
		}
	}
	raw, err := out.Marshal()
	if err != nil {
		fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
	w.Header().Set("Content-Encoding", "snappy")
	w.Write(snappy.Encode(nil, raw))
}

func (a *API) query(ctx context.Context, q *prompb.Query, left *int) (*prompb.QueryResult, error) {
	ms, err := matchers(q.Matchers)
	if err != nil {
		return nil, err
	}
	in, err := a.samples.Querier(q.StartTimestampMs, q.EndTimestampMs)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	out := new(prompb.QueryResult)
	set := in.Select(ctx, false, hints(q.Hints), ms...)
	var it chunkenc.Iterator
	for set.Next() {
		series := set.At()
		it = series.Iterator(it)
		ts := &prompb.TimeSeries{Labels: prompb.FromLabels(series.Labels(), nil)}
		if err := a.samplesOf(ts, it, left); err != nil {
			return nil, err
		}
		for i, l := range ts.Labels { // the block may be unmapped when the answer is written
			ts.Labels[i] = prompb.Label{Name: string([]byte(l.Name)), Value: string([]byte(l.Value))}
		}
		out.Timeseries = append(out.Timeseries, ts)
	}
	return out, set.Err()
}

func (a *API) samplesOf(ts *prompb.TimeSeries, it chunkenc.Iterator, left *int) error {
	for typ := it.Next(); typ != chunkenc.ValNone; typ = it.Next() {
		if *left--; *left < 0 {
			return fmt.Errorf("exceeded sample limit (%d): %w", a.o.Samples, store.ErrInvalid)
		}
		switch typ {
		case chunkenc.ValFloat:
			t, v := it.At()
			ts.Samples = append(ts.Samples, prompb.Sample{Timestamp: t, Value: v})
		case chunkenc.ValHistogram:
			t, h := it.AtHistogram(nil)
			ts.Histograms = append(ts.Histograms, prompb.FromIntHistogram(t, h))
		case chunkenc.ValFloatHistogram:
			t, h := it.AtFloatHistogram(nil)
			ts.Histograms = append(ts.Histograms, prompb.FromFloatHistogram(t, h))
		}
	}
	return it.Err()
}
