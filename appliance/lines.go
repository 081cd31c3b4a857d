package appliance

import (
	"context"
	"io"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"

	"tripod/store"
)

const (
	// lineQueue is how many lines may wait for the log engine: two seconds of
	// 4,000 lines/s. Beyond it lines reach stdout only and are counted.
	lineQueue = 8192
	// lineBatch and linePause bound how long a line waits to be searchable.
	lineBatch = 500
	linePause = 50 * time.Millisecond
	// printBound is how long a stop waits for the operator to read.
	printBound = time.Second
)

// logAppender is the log engine as the bridges want it: unobserved, so that
// telling about a line makes no further line.
type logAppender interface {
	Append(ctx context.Context, recs []store.Record) error
}

// lineBridge carries log lines to the operator and into the log engine. Both
// have a queue, so that neither a stuck terminal nor a slow disk stops who
// wrote the line.
type lineBridge struct {
	out      io.Writer
	printing chan []byte
	queue    chan store.Record
	dropped  atomic.Int64 // that the log engine did not get
	unseen   atomic.Int64 // that out did not get
	sink     logAppender
	now      func() time.Time

	resources sync.Map // *resource.Resource to *store.Resource
}

func newLineBridge(out io.Writer, sink logAppender) *lineBridge {
	return &lineBridge{
		out: out, printing: make(chan []byte, lineQueue),
		queue: make(chan store.Record, lineQueue), sink: sink, now: time.Now,
	}
}

// Line queues one JSON line, without its newline, for both.
func (b *lineBridge) Line(res *resource.Resource, line []byte) {
	select {
	case b.printing <- append(line[:len(line):len(line)], '\n'):
	default:
		b.unseen.Add(1)
	}
	rec := store.Record{Observed: b.now().UnixNano(), Resource: b.resource(res)}
	rec.Service = rec.Resource.Attrs.Text("service.name")
	rec.SetLine(string(line))
	b.push(rec)
}

func (b *lineBridge) push(rec store.Record) {
	select {
	case b.queue <- rec:
	default:
		b.dropped.Add(1)
	}
}

func (b *lineBridge) resource(res *resource.Resource) *store.Resource {
	if r, ok := b.resources.Load(res); ok {
		return r.(*store.Resource)
	}
	r, _ := b.resources.LoadOrStore(res, storeResource(res))
	return r.(*store.Resource)
}

// Print writes queued lines to the operator until ctx ends, and then what is
// left, for at most printBound: a terminal that is stopped never takes them.
func (b *lineBridge) Print(ctx context.Context) error {
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() { // outlives Print only in a write that nobody will ever take
		defer close(done)
		for {
			select {
			case line := <-b.printing:
				b.print(line)
				continue
			default:
			}
			select {
			case line := <-b.printing:
				b.print(line)
			case <-stop:
				return
			}
		}
	}()
	<-ctx.Done()
	close(stop)
	select {
	case <-done:
	case <-time.After(printBound):
	}
	return nil
}

func (b *lineBridge) print(line []byte) {
	if _, err := b.out.Write(line); err != nil {
		b.unseen.Add(1) // a closed stdout must not stop the planner
	}
}

// Run moves queued lines into the engine, and what is left when ctx ends.
func (b *lineBridge) Run(ctx context.Context) error {
	batch := make([]store.Record, 0, lineBatch)
	for {
		select {
		case <-ctx.Done():
			b.drain(batch)
			return nil
		case rec := <-b.queue:
			batch = b.gather(ctx, append(batch, rec))
			b.write(context.WithoutCancel(ctx), batch)
			batch = batch[:0]
		}
	}
}

// gather waits a little for company, since a journal write costs the same for
// one line as for a hundred.
func (b *lineBridge) gather(ctx context.Context, batch []store.Record) []store.Record {
	pause := time.NewTimer(linePause)
	defer pause.Stop()
	for len(batch) < lineBatch {
		select {
		case rec := <-b.queue:
			batch = append(batch, rec)
		case <-pause.C:
			return batch
		case <-ctx.Done():
			return batch
		}
	}
	return batch
}

func (b *lineBridge) drain(batch []store.Record) {
	for {
		select {
		case rec := <-b.queue:
			batch = append(batch, rec)
		default:
			if len(batch) > 0 {
				b.write(context.Background(), batch)
			}
			return
		}
	}
}

func (b *lineBridge) write(ctx context.Context, batch []store.Record) {
	if err := b.sink.Append(ctx, batch); err != nil {
		b.dropped.Add(int64(len(batch)))
	}
}

// logHandler is the appliance's own slog: text for the operator, records for
// the log engine under the service name tripod.
type logHandler struct {
	text   slog.Handler
	bridge *lineBridge
	res    *store.Resource
	attrs  store.Attrs
}

func newLogger(stderr io.Writer, level slog.Leveler, bridge *lineBridge, version string) *slog.Logger {
	host, _ := os.Hostname()
	return slog.New(&logHandler{
		text:   slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level}),
		bridge: bridge,
		res: &store.Resource{Attrs: store.Attrs{
			{Key: "service.name", Value: store.String("tripod")},
			{Key: "service.version", Value: store.String(version)},
			{Key: "host.name", Value: store.String(host)},
		}},
	})
}

func (h *logHandler) Enabled(ctx context.Context, l slog.Level) bool { return h.text.Enabled(ctx, l) }

func (h *logHandler) Handle(ctx context.Context, r slog.Record) error {
	rec := store.Record{
		Time: r.Time.UnixNano(), Observed: r.Time.UnixNano(), Level: slogLevel(r.Level),
		LevelText: r.Level.String(), Service: "tripod", Body: store.String(r.Message), Resource: h.res,
		Attrs: h.attrs[:len(h.attrs):len(h.attrs)],
	}
	r.Attrs(func(a slog.Attr) bool {
		rec.Attrs = append(rec.Attrs, store.Attr{Key: a.Key, Value: slogValue(a.Value)})
		return true
	})
	h.bridge.push(rec)
	return h.text.Handle(ctx, r)
}

func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	w := *h
	w.text = h.text.WithAttrs(attrs)
	w.attrs = h.attrs[:len(h.attrs):len(h.attrs)]
	for _, a := range attrs {
		w.attrs = append(w.attrs, store.Attr{Key: a.Key, Value: slogValue(a.Value)})
	}
	return &w
}

func (h *logHandler) WithGroup(name string) slog.Handler {
	w := *h
	w.text = h.text.WithGroup(name)
	return &w
}

func slogLevel(l slog.Level) store.Level {
	switch {
	case l >= slog.LevelError:
		return store.LevelError
	case l >= slog.LevelWarn:
		return store.LevelWarn
	case l >= slog.LevelInfo:
		return store.LevelInfo
	}
	return store.LevelDebug
}

func slogValue(v slog.Value) store.Value {
	v = v.Resolve()
	switch v.Kind() {
	case slog.KindInt64:
		return store.Int(v.Int64())
	case slog.KindFloat64:
		return store.Float(v.Float64())
	case slog.KindBool:
		return store.Bool(v.Bool())
	}
	return store.String(v.String())
}

func storeResource(res *resource.Resource) *store.Resource {
	return &store.Resource{Attrs: storeAttrs(res.Attributes()), SchemaURL: res.SchemaURL()}
}

func storeAttrs(kvs []attribute.KeyValue) store.Attrs {
	if len(kvs) == 0 {
		return nil
	}
	out := make(store.Attrs, len(kvs))
	for i, kv := range kvs {
		out[i] = store.Attr{Key: string(kv.Key), Value: storeValue(kv.Value)}
	}
	return out
}
