package pages

import (
	"context"
	"errors"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tripod/store"
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
	asked   *[]store.LogQuery
	level   string
}

func (d *overviewDoors) Search(_ context.Context, q store.LogQuery) iter.Seq2[store.Record, error] {
	if d.asked != nil {
		*d.asked = append(*d.asked, q)
	}
	return func(yield func(store.Record, error) bool) {
		if d.records == nil {
			yield(store.Record{}, errBroken)
			return
		}
		for _, r := range d.records {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (d *overviewDoors) Volume(context.Context, store.LogQuery, time.Duration) ([]store.LogBucket, error) {
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

func (d logsDoor) Search(ctx context.Context, q store.LogQuery) iter.Seq2[store.Record, error] {
	return d.doors.Search(ctx, q)
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
	return Options{Logs: logsDoor{doors: d}, Traces: tracesDoor{doors: d}, Active: d, Status: d}
}
