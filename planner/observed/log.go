package observed

import (
	"context"
	"log/slog"
	"os"
	"time"

	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/trace"
)

// Log writes the lines of one service, in the form that pino writes:
//
//	{"level":"info","time":1773325921042,"pid":1,"hostname":"h","reqId":"…","userId":"…","msg":"…","service":"…","trace_id":"…","span_id":"…", more}
//
// reqId, userId and the trace's ids are left out where there are none.
type Log struct {
	sink  func(res *resource.Resource, line []byte)
	res   *resource.Resource
	level slog.Leveler
	now   func() time.Time
	mid   []byte // ,"pid":…,"hostname":…
	tail  []byte // ,"service":…
	extra []byte // ,"version":…
}

func newLog(s *Source, host string, o Options) *Log {
	l := &Log{sink: o.Lines, res: s.res, level: slog.LevelInfo, now: o.Now}
	if o.Level != nil {
		l.level = o.Level
	}
	if l.now == nil {
		l.now = time.Now
	}
	l.mid = appendInt(append(l.mid, `,"pid":`...), int64(os.Getpid()))
	l.mid = appendString(append(l.mid, `,"hostname":`...), host)
	l.tail = appendString(append(l.tail, `,"service":`...), s.Name)
	l.extra = appendString(append(l.extra, `,"version":`...), s.Version)
	return l
}

// Debug is for what helps to follow one request.
func (l *Log) Debug(ctx context.Context, msg string, attrs ...slog.Attr) {
	l.write(ctx, slog.LevelDebug, msg, attrs)
}

// Info is for what happened as it should.
func (l *Log) Info(ctx context.Context, msg string, attrs ...slog.Attr) {
	l.write(ctx, slog.LevelInfo, msg, attrs)
}

// Warn is for what was not right and did no harm yet.
func (l *Log) Warn(ctx context.Context, msg string, attrs ...slog.Attr) {
	l.write(ctx, slog.LevelWarn, msg, attrs)
}

// Error is for what somebody did not get because of us.
func (l *Log) Error(ctx context.Context, msg string, attrs ...slog.Attr) {
	l.write(ctx, slog.LevelError, msg, attrs)
}

// lineSize is more than nearly every line; longer ones grow.
const lineSize = 512

func (l *Log) write(ctx context.Context, level slog.Level, msg string, attrs []slog.Attr) {
	if l.sink == nil || level < l.level.Level() {
		return
	}
	l.sink(l.res, l.line(make([]byte, 0, lineSize), ctx, level, msg, attrs))
}

func (l *Log) line(b []byte, ctx context.Context, level slog.Level, msg string, attrs []slog.Attr) []byte {
	b = append(b, `{"level":"`...)
	b = append(b, levelWord(level)...)
	b = appendInt(append(b, `","time":`...), l.now().UnixMilli())
	b = append(b, l.mid...)
	reqID, user := scopeOf(ctx).ids()
	if reqID != "" {
		b = appendString(append(b, `,"reqId":`...), reqID)
	}
	if user != "" {
		b = appendString(append(b, `,"userId":`...), user)
	}
	b = appendString(append(b, `,"msg":`...), msg)
	b = append(b, l.tail...)
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() {
		b = append(b, `,"trace_id":"`...)
		b = append(b, sc.TraceID().String()...)
		b = append(b, `","span_id":"`...)
		b = append(b, sc.SpanID().String()...)
		b = append(b, '"')
	}
	b = append(b, l.extra...)
	for _, a := range attrs {
		b = appendAttr(append(b, ','), a)
	}
	return append(b, '}')
}

func levelWord(l slog.Level) string {
	switch {
	case l >= slog.LevelError:
		return "error"
	case l >= slog.LevelWarn:
		return "warn"
	case l >= slog.LevelInfo:
		return "info"
	}
	return "debug"
}
