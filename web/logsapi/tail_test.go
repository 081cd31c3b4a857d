package logsapi

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"tripod/store"
)

func TestTail(t *testing.T) {
	for name, q := range map[string]string{"a search line": "service:shop new", "LogQL": `{service_name="shop"} |= "new"`} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, Options{})
			s := w.open("/api/v1/logs/tail", "q", q)
			if got := s.next(); got.Heartbeat == "" {
				t.Fatalf("got %+v, want a sign that it follows", got)
			}
			w.keep(sent(0, "cart", "new"), sent(0, "shop", `{"msg":"new one","level":"warn"}`), sent(0, "shop", "new two"))
			one, two := s.next(), s.next()
			if one.Msg != "new one" || one.Level != "warn" || one.Service != "shop" || one.Line != `{"msg":"new one","level":"warn"}` || two.Msg != "new two" {
				t.Errorf("got %+v and %+v", one, two)
			}
		})
	}
}

// flood hands over more lines than a batch takes.
type flood struct {
	Records
	lost int64
}

func (f flood) Tail(ctx context.Context, _ store.LogQuery, ready func() error, each func([]store.Record, int64) error) error {
	if err := ready(); err != nil {
		return err
	}
	line := strings.Repeat("x", 100<<10)
	for i := range 30 {
		if err := each([]store.Record{{Time: int64(i), Body: store.String(line)}}, 0); err != nil {
			return err
		}
	}
	if err := each(nil, f.lost); err != nil {
		return err
	}
	return fmt.Errorf("the engine: %w", store.ErrClosed)
}

func TestTailTellsOfLostLinesAndWhyItEnds(t *testing.T) {
	w := serve(t, nil, Doors{Records: flood{lost: 7}}, Options{})
	s := w.open("/api/v1/logs/tail")
	s.next()
	for i := range 30 {
		if got := s.next(); got.Time != time.Unix(0, int64(i)).UTC().Format(timeLayout) {
			t.Fatalf("line %d has time %s", i, got.Time)
		}
	}
	if got := s.next(); got.Dropped != 7 {
		t.Errorf("got %+v, want 7 lost", got)
	}
	if got := s.next(); got.Error == nil || got.Error.Message != "the engine: closed" {
		t.Errorf("got %+v, want why it ended", got)
	}
	if _, err := s.r.ReadByte(); err == nil {
		t.Error("goes on behind its end")
	}
}

// TestTailSendsFourBatchesASecond counts the waits between lines that come one
// by one.
func TestTailSendsFourBatchesASecond(t *testing.T) {
	w := newWorld(t, Options{})
	s := w.open("/api/v1/logs/tail")
	s.next()
	start := time.Now()
	for i := range 4 { // each is read before the next one is sent
		w.keep(sent(0, "s", fmt.Sprint(i)))
		if got := s.next(); got.Msg != fmt.Sprint(i) {
			t.Fatalf("got %+v", got)
		}
	}
	if took := time.Since(start); took < 700*time.Millisecond {
		t.Errorf("4 batches in %v", took)
	}
}

func TestTailEndsWithTheServer(t *testing.T) {
	w := newWorld(t, Options{})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.api.Run(ctx) }()
	s := w.open("/api/v1/logs/tail")
	s.next()
	stop()
	if got := s.next(); got.Error == nil || !strings.Contains(got.Error.Message, "the server stops") {
		t.Errorf("got %+v", got)
	}
	<-ended
}

func TestTailsAreBounded(t *testing.T) {
	w := newWorld(t, Options{MaxTails: 1})
	w.open("/api/v1/logs/tail").next()
	if resp, body := w.get("/api/v1/logs/tail"); resp.StatusCode != 429 || w.parse(body).Error == nil {
		t.Errorf("got %d %s", resp.StatusCode, body)
	}
}

func TestFaultsOfATail(t *testing.T) {
	w := newWorld(t, Options{})
	for name, c := range map[string]struct{ name, value, message string }{
		"a search line": {"q", "a and", "something to search for is missing"},
		"LogQL":         {"q", "{", ""},
		"numbers":       {"q", `rate({a="b"}[1m])`, "cannot be followed"},
		"a parameter":   {"limit", "1", `parameter "limit"`},
	} {
		t.Run(name, func(t *testing.T) {
			resp, body := w.get("/api/v1/logs/tail", c.name, c.value)
			if got := w.parse(body); resp.StatusCode != 400 || got.Error == nil || !strings.Contains(got.Error.Message, c.message) {
				t.Errorf("got %d %s", resp.StatusCode, body)
			}
		})
	}
}
