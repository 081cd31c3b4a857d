package appliance

import (
	"errors"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"

	"tripod/testdata/weblog"
)

const (
	linesARequest = 1000
	senders       = 2
)

// logWire is a way in for lines, and how the same thing is asked about them.
type logWire interface {
	path() string
	kind() string
	body(lines []weblog.Line) []byte
	text(q *question) string
}

// sent is what was sent, and what has to be found again.
type sent struct {
	raw        int64 // bytes of lines
	needle     weblog.Line
	trace      weblog.Line
	cpuBefore  time.Duration
	took       time.Duration
	pushedBack atomic.Int64
}

// send makes all requests and then hands them over, each as soon as a sender is
// free: to make them meanwhile would slow the appliance down on the other thread
// of its core, and count as its CPU time.
func send(b *testing.B, p *process, wire logWire, o weblog.Options) *sent {
	in := &sent{}
	requests := in.requests(wire, o)
	in.cpuBefore = p.cpu(b)
	start := time.Now()
	if err := handOver(requests, func(body []byte) error { return in.post(p.url+wire.path(), wire.kind(), body) }); err != nil {
		b.Fatal(err)
	}
	in.took = time.Since(start)
	return in
}

// requests are the bodies of all lines.
func (in *sent) requests(wire logWire, o weblog.Options) (bodies [][]byte) {
	g, row := weblog.New(o), 0
	lines, text := make([]weblog.Line, 0, linesARequest), []byte(nil)
	for l := (weblog.Line{}); g.Next(&l); row++ {
		switch row {
		case o.Rows * 2 / 5:
			in.needle = l
		case o.Rows * 3 / 5:
			in.trace = l
		}
		text = l.AppendJSON(text[:0])
		in.raw += int64(len(text))
		if lines = append(lines, l); len(lines) == linesARequest || row == o.Rows-1 {
			bodies = append(bodies, wire.body(lines))
			lines = lines[:0]
		}
	}
	return bodies
}

// handOver lets as many senders send the requests in order; the first error ends
// each that meets one.
func handOver(requests [][]byte, send func(body []byte) error) error {
	var next atomic.Int64
	failed := make(chan error, senders)
	var wg sync.WaitGroup
	for range senders {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(requests) {
					return
				}
				if err := send(requests[i]); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(failed)
	return <-failed
}

func (in *sent) post(url, kind string, body []byte) error {
	for {
		err := postAll(url, kind, "", body)
		var busy *refused
		if !errors.As(err, &busy) || busy.status != http.StatusTooManyRequests {
			return err
		}
		in.pushedBack.Add(1)
		time.Sleep(20 * time.Millisecond) // as a client does, only sooner
	}
}

// lokiWire pushes lines as pino-loki does.
type lokiWire struct{}

func (lokiWire) path() string            { return "/loki/api/v1/push" }
func (lokiWire) kind() string            { return "application/json" }
func (lokiWire) text(q *question) string { return q.loki }

func (lokiWire) body(lines []weblog.Line) []byte {
	out := append(make([]byte, 0, len(lines)*520), `{"streams":[{"stream":{"service_name":"`+weblog.Service+`"},"values":[`...)
	var line []byte
	for i := range lines {
		if i > 0 {
			out = append(out, ',')
		}
		out = strconv.AppendInt(append(out, `["`...), lines[i].Time, 10)
		out = append(out, `","`...)
		line = lines[i].AppendJSON(line[:0])
		for _, c := range line { // nothing else in a line wants an escape
			if c == '"' {
				out = append(out, '\\')
			}
			out = append(out, c)
		}
		out = append(out, `"]`...)
	}
	return append(out, `]}]}`...)
}

// otlpWire sends the same as an OpenTelemetry SDK does: the message is the
// body, what else the line has are attributes.
type otlpWire struct{}

func (otlpWire) path() string            { return "/v1/logs" }
func (otlpWire) kind() string            { return "application/x-protobuf" }
func (otlpWire) text(q *question) string { return q.otlp }

func (otlpWire) body(lines []weblog.Line) []byte {
	ld := plog.NewLogs()
	rl := ld.ResourceLogs().AppendEmpty()
	rl.Resource().Attributes().PutStr("service.name", weblog.Service)
	sl := rl.ScopeLogs().AppendEmpty()
	sl.Scope().SetName("pino")
	severity := map[string]plog.SeverityNumber{"info": plog.SeverityNumberInfo, "warn": plog.SeverityNumberWarn, "error": plog.SeverityNumberError}
	for i := range lines {
		l := &lines[i]
		r := sl.LogRecords().AppendEmpty()
		r.SetTimestamp(pcommon.Timestamp(l.Time))
		r.SetSeverityNumber(severity[l.Level])
		r.SetSeverityText(l.Level)
		r.Body().SetStr(l.Msg)
		r.SetTraceID(l.TraceID)
		r.SetSpanID(l.SpanID)
		a := r.Attributes()
		a.PutInt("pid", int64(l.PID))
		a.PutStr("hostname", l.Host)
		a.PutStr("reqId", l.RequestID())
		a.PutStr("userId", "u_"+strconv.Itoa(l.UserID))
		a.PutStr("http_method", l.Method)
		a.PutStr("http_route", l.Route)
		a.PutInt("http_status_code", int64(l.Status))
		a.PutDouble("duration_ms", float64(l.Duration)/1000)
	}
	body, err := plogotlp.NewExportRequestFromLogs(ld).MarshalProto()
	if err != nil {
		panic(err) // a request of our own
	}
	return body
}
