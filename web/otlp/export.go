package otlp

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"tripod/store"
	"tripod/web"
)

// encoding is how a request and its reply are written.
type encoding uint8

const (
	protobuf encoding = iota
	jsonText
)

// export takes the body of one signal's request and makes the reply's.
type export func(ctx context.Context, enc encoding, body []byte) ([]byte, error)

// What pdata's requests and responses have in common.
type (
	request interface {
		UnmarshalProto([]byte) error
		UnmarshalJSON([]byte) error
	}
	response interface {
		MarshalProto() ([]byte, error)
		MarshalJSON() ([]byte, error)
	}
)

// turnAway counts a request that comes to no engine.
func (a *API) turnAway(signal string, err error) error {
	a.o.Rejected(signal, web.Reason(err), 1, err.Error())
	return err
}

func (a *API) decode(req request, root part, enc encoding, body []byte) error {
	check, unmarshal := checkJSON, req.UnmarshalJSON
	if enc == protobuf {
		check, unmarshal = func(b []byte) error { return a.checkProto(b, root) }, req.UnmarshalProto
	}
	if err := check(body); err != nil {
		return err
	}
	if err := unmarshal(body); err != nil {
		return fmt.Errorf("decode: %w: %w", err, store.ErrInvalid)
	}
	return nil
}

// encode writes a reply. partial_success must be absent when there is nothing to
// tell, and pdata would write an empty one.
func encode(resp response, enc encoding, bad web.Refusals) ([]byte, error) {
	if nothing := bad.N == 0 && bad.Why == ""; nothing && enc == jsonText {
		return []byte("{}"), nil
	} else if nothing {
		return nil, nil
	}
	if enc == jsonText {
		return resp.MarshalJSON()
	}
	return resp.MarshalProto()
}

// settle turns a door's answer into what is told in partial_success; any other
// error concerns the whole request.
func (a *API) settle(signal string, bad web.Refusals, err error) (web.Refusals, error) {
	var partial *store.PartialError
	if errors.As(err, &partial) {
		bad.Add(web.Refused, partial.Rejected, partial.Reason)
		err = nil
	}
	bad.Tell(func(reason string, n int, why string) { a.o.Rejected(signal, reason, n, why) })
	return bad, err
}

func (a *API) logs(ctx context.Context, enc encoding, body []byte) ([]byte, error) {
	records, bad, free, err := a.readLogs(enc, body)
	if err != nil {
		return nil, a.turnAway("logs", err)
	}
	defer free()
	if len(records) > 0 {
		err = a.doors.Logs.Append(ctx, records)
	}
	if bad, err = a.settle("logs", bad, err); err != nil {
		return nil, err
	}
	resp := plogotlp.NewExportResponse()
	resp.PartialSuccess().SetRejectedLogRecords(int64(bad.N))
	resp.PartialSuccess().SetErrorMessage(bad.Why)
	return encode(resp, enc, bad)
}

// readLogs reads a request; free is to be called when the records are used no
// more.
func (a *API) readLogs(enc encoding, body []byte) (records []store.Record, bad web.Refusals, free func(), err error) {
	if enc == protobuf {
		r := newLogReader(a.o.Now())
		err = r.request(view(body))
		return r.records, r.bad, r.free, err
	}
	req, mended, err := decodeJSON(plogotlp.NewExportRequest, body, logItems)
	if err == nil {
		records, bad = logRecords(req.Logs(), a.o.Now())
		bad.Join(mended)
	}
	return records, bad, func() {}, err
}

func (a *API) traces(ctx context.Context, enc encoding, body []byte) ([]byte, error) {
	ss, bad, free, err := a.readSpans(enc, body)
	if err != nil {
		return nil, a.turnAway("traces", err)
	}
	defer free()
	if len(ss) > 0 {
		err = a.doors.Traces.Append(ctx, ss)
	}
	if bad, err = a.settle("traces", bad, err); err != nil {
		return nil, err
	}
	resp := ptraceotlp.NewExportResponse()
	resp.PartialSuccess().SetRejectedSpans(int64(bad.N))
	resp.PartialSuccess().SetErrorMessage(bad.Why)
	return encode(resp, enc, bad)
}

// readSpans does for traces what readLogs does.
func (a *API) readSpans(enc encoding, body []byte) (ss []store.Span, bad web.Refusals, free func(), err error) {
	if enc == protobuf {
		r := newSpanReader()
		err = r.request(view(body))
		return r.spans, r.bad, r.free, err
	}
	req, mended, err := decodeJSON(ptraceotlp.NewExportRequest, body, spanItems)
	if err == nil {
		ss, bad = spans(req.Traces())
		bad.Join(mended)
	}
	return ss, bad, func() {}, err
}

// readMetrics reads a request. What is refused are data points; they are kept
// without exemplars whose ids cannot be.
func (a *API) readMetrics(enc encoding, body []byte) (req pmetricotlp.ExportRequest, bad, exemplars web.Refusals, err error) {
	if enc == jsonText {
		req, bad, err = decodeJSON(pmetricotlp.NewExportRequest, body, metricItems(&exemplars))
		return req, bad, exemplars, err
	}
	req = pmetricotlp.NewExportRequest()
	if err = a.decode(req, metricsRequest, enc, body); err == nil || a.checkProto(body, metricsRequest) != nil {
		return req, bad, exemplars, err
	}
	again := pmetricotlp.NewExportRequest() // what failed may have begun to fill the first
	d := dropper{schema: &a.schema}
	mended, changed := d.message(body, metricsRequest)
	if !changed || again.UnmarshalProto(mended) != nil {
		return req, bad, exemplars, err
	}
	return again, bad, d.dropped, nil
}

func (a *API) metrics(ctx context.Context, enc encoding, body []byte) ([]byte, error) {
	req, mended, exemplars, err := a.readMetrics(enc, body)
	if err != nil {
		return nil, a.turnAway("metrics", err)
	}
	if req.Metrics().DataPointCount() > 0 {
		err = a.doors.Metrics.WriteOTLP(ctx, req.Metrics())
	}
	bad, err := a.settle("metrics", mended, err)
	if err != nil {
		return nil, err
	}
	exemplars.Tell(func(reason string, n int, why string) { a.o.Rejected("exemplars", reason, n, why) })
	bad.Why = withExemplars(bad.Why, exemplars)
	resp := pmetricotlp.NewExportResponse()
	resp.PartialSuccess().SetRejectedDataPoints(int64(bad.N))
	resp.PartialSuccess().SetErrorMessage(bad.Why)
	return encode(resp, enc, bad)
}
