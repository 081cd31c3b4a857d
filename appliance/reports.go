package appliance

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tripod/store/events"
)

// reportEvery is the least time between two words about the same thing; what
// comes in between is counted.
const reportEvery = 10 * time.Second

// troubled is how long a trouble stays on Status after it was last seen.
const troubled = 10 * time.Minute

// reports take what engines tell from the background. They go to standard
// error, to metrics and to Status, never into the engines themselves, which
// would feed on their own trouble.
type reports struct {
	dir   string       // of all data
	log   *slog.Logger // text on standard error only
	count *prometheus.CounterVec
	// thinned counts what went of parts of which some events stay.
	thinned *prometheus.CounterVec
	now     func() time.Time

	mu   sync.Mutex
	seen map[string]*trouble // by engine and kind
	full []string            // engines that find the disk full, as long as they do
}

type trouble struct {
	said, last time.Time
	held       int // times since it was said
	text       string
}

func newReports(dir string, log *slog.Logger) *reports {
	return &reports{
		dir: dir, log: log, now: time.Now, seen: map[string]*trouble{},
		count: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tripod_store_troubles_total", Help: "Damage found and background work failed, by engine and kind.",
		}, []string{"engine", "kind"}),
		thinned: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tripod_store_thinned_total", Help: "Spans that went by retention while others of their time stayed, as --keep-traces says.",
		}, []string{"engine"}),
	}
}

// trouble takes one report of a kind: damaged or failed.
func (r *reports) trouble(engine, kind, text string) {
	r.count.WithLabelValues(engine, kind).Inc()
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.seen[engine+kind]
	if t == nil {
		t = &trouble{}
		r.seen[engine+kind] = t
	}
	now := r.now()
	t.last, t.text = now, engine+": "+text
	if now.Sub(t.said) < reportEvery {
		t.held++
		return
	}
	r.log.Error(text, "engine", engine, "kind", kind, "more", t.held)
	t.said, t.held = now, 0
}

// disk takes the beginning and the end of a full disk, each of which is said
// once.
func (r *reports) disk(engine string, full bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if full {
		r.count.WithLabelValues(engine, "disk_full").Inc()
		r.full = append(r.full, engine)
		r.log.Error("the disk is full: "+engine+" are refused with 507 until there is room; what is kept can be read", "engine", engine, "path", r.dir,
			"help", "free some room there, or start with a lower --max-disk or --retention-"+engine)
		return
	}
	r.full = slices.DeleteFunc(r.full, func(e string) bool { return e == engine })
	r.log.Info("the disk has room again: "+engine+" are kept", "engine", engine, "path", r.dir)
}

// fullDisk says which engines refuse what comes, empty when none does.
func (r *reports) fullDisk() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.full) == 0 {
		return ""
	}
	return fmt.Sprintf("The disk is full: %s are refused. Free some room in %s.", strings.Join(r.full, " and "), r.dir)
}

// problems are the troubles of late, for people.
func (r *reports) problems() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for _, t := range r.seen {
		if r.now().Sub(t.last) < troubled {
			out = append(out, fmt.Sprintf("%s (%s).", t.text, t.last.UTC().Format("15:04:05")))
		}
	}
	return out
}

// events are the ears of one engine.
func (r *reports) events(engine string) events.Events {
	return events.Events{
		Damaged: func(file string, offset int64, err error) {
			r.trouble(engine, "damaged", fmt.Sprintf("%s is damaged at byte %d: %v; what can be read is kept", file, offset, err))
		},
		Failed: func(what string, err error) {
			r.trouble(engine, "failed", fmt.Sprintf("%s: %v", what, err))
		},
		Full: func(full bool) { r.disk(engine, full) },
		Dropped: func(day string, reason string) {
			r.log.Info("dropped by retention", "engine", engine, "day", day, "reason", reason)
		},
		Thinned: func(day string, kept, of int) {
			r.log.Info("thinned by retention", "engine", engine, "day", day, "kept", kept, "of", of)
			r.thinned.WithLabelValues(engine).Add(float64(of - kept))
		},
	}
}

// logger takes the words of a library that serves an engine: warnings and
// errors are troubles, the rest is of no use to anyone here.
func (r *reports) logger(engine string) *slog.Logger {
	return slog.New(&reportHandler{r: r, engine: engine})
}

type reportHandler struct {
	r      *reports
	engine string
	attrs  []slog.Attr
}

func (h *reportHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelWarn }

func (h *reportHandler) Handle(_ context.Context, rec slog.Record) error {
	text := rec.Message
	add := func(a slog.Attr) bool { text += fmt.Sprintf(" %s=%v", a.Key, a.Value); return true }
	for _, a := range h.attrs {
		add(a)
	}
	rec.Attrs(add)
	h.r.trouble(h.engine, "failed", text)
	return nil
}

func (h *reportHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	next := *h
	next.attrs = append(h.attrs[:len(h.attrs):len(h.attrs)], attrs...)
	return &next
}

func (h *reportHandler) WithGroup(string) slog.Handler { return h }
