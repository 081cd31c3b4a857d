package pages

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"tripod/store"
	"tripod/store/logs"
)

// halfPastTwo is the moment of all tests of pages.
var halfPastTwo = time.Date(2026, 3, 12, 14, 32, 0, 0, time.UTC)

// newPages makes pages with a fixed clock and a silent log.
func newPages(t *testing.T, o Options) http.Handler {
	t.Helper()
	o.Now = func() time.Time { return halfPastTwo }
	o.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	p.Register(mux)
	return mux
}

// pageOf asks for a page and returns its status, headers and text.
func pageOf(t *testing.T, h http.Handler, target string) (int, http.Header, string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.Host = "127.0.0.1:7333"
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Header(), w.Body.String()
}

// wants fails for every text that is missing, and for every one that is there
// behind a "!".
func wants(t *testing.T, page string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if no, ok := strings.CutPrefix(text, "!"); ok {
			if strings.Contains(page, no) {
				t.Errorf("the page has %q", no)
			}
		} else if !strings.Contains(page, text) {
			t.Errorf("the page lacks %q", text)
		}
	}
}

var errBroken = errors.New("read block: input/output error")

// overviewDoors is a door to everything that the overview asks; a nil field
// fails.
type overviewDoors struct {
	records []store.Record
	volume  []store.LogBucket
	red     []store.RED
	active  []ActiveAlert
	state   *Appliance
	mu      sync.Mutex
	asked   *[]store.LogQuery
	level   string
}

func (d *overviewDoors) Patterns(_ context.Context, q store.PatternQuery) (store.LogPatterns, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.asked != nil {
		*d.asked = append(*d.asked, q.LogQuery)
	}
	if d.records == nil {
		return store.LogPatterns{}, errBroken
	}
	return groupedBy(d.records, q), nil
}

// groupedBy groups records by the pattern of their message, and its reason.
func groupedBy(records []store.Record, q store.PatternQuery) store.LogPatterns {
	out := store.LogPatterns{Lines: int64(len(records)), Read: int64(len(records))}
	steps := (q.Range.To-1)/int64(q.Step) - q.Range.From/int64(q.Step) + 1
	at := map[string]int{}
	for _, r := range records {
		parts := logs.Shape(r.Message())
		if why := r.Attrs.Text("err.message"); why != "" && q.Why {
			parts = append(append(parts, store.PatternPart{Text: ": "}), logs.Shape(why)...)
		}
		key := fmt.Sprint(r.Service, r.Level, logs.ShapeText(r.Message()))
		i, ok := at[key]
		if !ok {
			i = len(out.List)
			at[key] = i
			out.List = append(out.List, store.LogPattern{
				Text: logs.ShapeText(r.Message()), Parts: parts, Level: r.Level, Service: r.Service, First: r.Time, Last: r.Time, Example: r.Message(), Steps: make([]int64, steps),
			})
		}
		g := &out.List[i]
		g.Lines++
		g.First, g.Last = min(g.First, r.Time), max(g.Last, r.Time)
		g.Steps[(r.Time/int64(q.Step))-(q.Range.From/int64(q.Step))]++
	}
	out.Kinds = len(out.List)
	return out
}

func (d *overviewDoors) Volume(_ context.Context, q store.LogQuery, _ time.Duration) ([]store.LogBucket, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.asked != nil {
		*d.asked = append(*d.asked, q)
	}
	if d.volume == nil {
		return nil, errBroken
	}
	return d.volume, nil
}

func (d *overviewDoors) Active(context.Context) ([]ActiveAlert, error) {
	if d.active == nil {
		return nil, errBroken
	}
	return d.active, nil
}

func (d *overviewDoors) Status(context.Context) (Appliance, error) {
	if d.state == nil {
		return Appliance{}, errBroken
	}
	return *d.state, nil
}

func (d *overviewDoors) SetLogLevel(level string) error {
	d.level = level
	return nil
}

// logsDoor and tracesDoor give the rest of their doors from the embedded ones,
// which stay nil: the overview never asks for it.
type logsDoor struct {
	Logs
	doors *overviewDoors
}

func (d logsDoor) Volume(ctx context.Context, q store.LogQuery, step time.Duration) ([]store.LogBucket, error) {
	return d.doors.Volume(ctx, q, step)
}

type tracesDoor struct {
	Traces
	doors *overviewDoors
}

func (d tracesDoor) RED(context.Context, store.TimeRange, time.Duration) ([]store.RED, error) {
	if d.doors.red == nil {
		return nil, errBroken
	}
	return d.doors.red, nil
}

func (d *overviewDoors) options() Options {
	return Options{Logs: logsDoor{doors: d}, Patterns: d, Traces: tracesDoor{doors: d}, Active: d, Status: d}
}
