package pages

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tripod/store"
)

// fakeTail hands out what a test gives it.
type fakeTail struct {
	asked store.LogQuery
	each  func([]store.Record, int64) error
	err   error
}

func (f *fakeTail) Tail(ctx context.Context, q store.LogQuery, ready func() error, each func([]store.Record, int64) error) error {
	if f.err != nil {
		return f.err
	}
	f.asked, f.each = q, each
	if err := ready(); err != nil {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}

// sink is a browser: it takes batches and the time at which they came.
type sink struct {
	http.ResponseWriter
	mu      sync.Mutex
	batches []logBatch
	times   []time.Time
}

func (s *sink) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for line := range strings.Lines(string(b)) {
		var batch logBatch
		if err := json.Unmarshal([]byte(line), &batch); err != nil {
			return 0, err
		}
		s.batches, s.times = append(s.batches, batch), append(s.times, time.Now())
	}
	return len(b), nil
}

func (s *sink) Flush() {}

// following runs a test against a tail in a world of its own time.
func following(t *testing.T, target string, records []store.Record, test func(t *testing.T, f *fakeTail, s *sink, p *Pages)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f, s := &fakeTail{}, &sink{ResponseWriter: httptest.NewRecorder()}
		p, err := New(Options{Logs: &fakeLogs{records: records}, LogTail: f})
		if err != nil {
			t.Fatal(err)
		}
		mux := http.NewServeMux()
		p.Register(mux)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			mux.ServeHTTP(s, httptest.NewRequest("GET", target, nil).WithContext(ctx))
			close(done)
		}()
		synctest.Wait()
		test(t, f, s, p)
		cancel()
		<-done
	})
}

func newLine(msg string) store.Record {
	return store.Record{Time: time.Now().UnixNano(), Service: "s", Level: store.LevelInfo, Body: store.String(msg)}
}

func TestTailSendsFourBatchesASecond(t *testing.T) {
	following(t, "/logs/tail?q=pool&service=s", nil, func(t *testing.T, f *fakeTail, s *sink, _ *Pages) {
		if f.asked.Text != "pool" || f.asked.Narrow != "service:s" {
			t.Errorf("follows %+v", f.asked)
		}
		for i := range 100 {
			time.Sleep(20 * time.Millisecond)
			if err := f.each([]store.Record{newLine(fmt.Sprint("pool ", i))}, 0); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Second)
		rows := 0
		for i, b := range s.batches {
			rows += strings.Count(b.Rows, `class="lr `)
			if i > 1 && s.times[i].Sub(s.times[i-1]) < tailEvery {
				t.Errorf("batch %d came %v after the one before", i, s.times[i].Sub(s.times[i-1]))
			}
			if b.Rate != 0 {
				t.Errorf("50 lines a second were sampled: %+v", b)
			}
		}
		if rows != 100 {
			t.Errorf("%d rows, want 100", rows)
		}
		some := s.batches[2].Rows // a dozen lines
		if from, to := strings.Index(some, "<time>"), strings.LastIndex(some, "<time>"); from == to || some[from:from+18] <= some[to:to+18] || !strings.Contains(some, "<mark>pool</mark>") {
			t.Errorf("the newest does not stand first, or is not marked: %s", some)
		}
	})
}

func TestTailSamplesAbove200LinesASecond(t *testing.T) {
	following(t, "/logs/tail", nil, func(t *testing.T, f *fakeTail, s *sink, _ *Pages) {
		time.Sleep(tailEvery / 20) // so that no batch is due just when lines come
		for range 400 {            // 10 s with 2,000 lines a second
			time.Sleep(25 * time.Millisecond)
			var list []store.Record
			for i := range 50 {
				list = append(list, newLine(fmt.Sprint("n", i)))
			}
			if err := f.each(list, 0); err != nil {
				t.Fatal(err)
			}
		}
		came, shown, rate := 0, 0, 0
		for _, b := range s.batches[len(s.batches)-20:] {
			came, shown, rate = came+b.Came, shown+b.Shown, b.Rate
		}
		if came != 10_000 || shown < 950 || shown > 1050 || rate < 1900 || rate > 2100 {
			t.Errorf("of %d lines in 5 s %d were shown and %d a second told", came, shown, rate)
		}
	})
}

func TestTailHoldsFewLinesAndTellsOfLost(t *testing.T) {
	following(t, "/logs/tail", nil, func(t *testing.T, f *fakeTail, s *sink, _ *Pages) {
		list := make([]store.Record, 20_000)
		for i := range list {
			list[i] = newLine(fmt.Sprint("n", i))
		}
		if err := f.each(list, 7); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * tailEvery)
		b := s.batches[1] // the first is of what came before
		if b.Came != 20_000 || b.Lost != 7 || b.Shown > tailMost || b.Shown < tailMost/2 {
			t.Errorf("came %d, lost %d, shown %d", b.Came, b.Lost, b.Shown)
		}
	})
}

func TestTailBeginsWhereThePageEnded(t *testing.T) {
	synctestStart := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // of every such world
	var records []store.Record
	for i := range 5 {
		r := newLine(fmt.Sprint("line ", i))
		r.Time = synctestStart.Add(-time.Duration(i) * time.Second).UnixNano()
		records = append(records, r)
	}
	since := placeOf(&records[3]).String()
	following(t, "/logs/tail?since="+since, records, func(t *testing.T, f *fakeTail, s *sink, _ *Pages) {
		if err := f.each([]store.Record{records[0], newLine("new")}, 0); err != nil { // the first is in both
			t.Fatal(err)
		}
		time.Sleep(tailEvery + time.Millisecond)
		var all strings.Builder
		for _, b := range s.batches {
			all.WriteString(b.Rows)
		}
		for text, want := range map[string]int{"line 0": 1, "line 1": 1, "line 2": 1, "line 3": 0, "line 4": 0, "new": 1} {
			if got := strings.Count(all.String(), ">\n"+text) + strings.Count(all.String(), ">"+text); got != want {
				t.Errorf("%q is sent %d times, want %d", text, got, want)
			}
		}
		if s.batches[0].Gap {
			t.Error("nothing was left out")
		}
	})
}

func TestTailSaysWhyItEnds(t *testing.T) {
	following(t, "/logs/tail", nil, func(t *testing.T, _ *fakeTail, s *sink, p *Pages) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_ = p.Run(ctx) // which always says that its context ended
		synctest.Wait()
		if got := s.batches[len(s.batches)-1].Error; got != "The appliance is closing." {
			t.Errorf("the last batch says %q", got)
		}
	})
	p, err := New(Options{Logs: &fakeLogs{}, LogTail: &fakeTail{err: fmt.Errorf("64 tails at a time: %w", store.ErrOverloaded)}})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	p.Register(mux)
	if got := ask(mux, "/logs/tail").Code; got != http.StatusTooManyRequests {
		t.Errorf("no room: status %d", got)
	}
}

func TestLiveIsOfNowAlone(t *testing.T) {
	mux := screenOf(t, Options{Logs: storyLogs(), LogTail: &fakeTail{}})
	for target, live := range map[string]bool{
		"/logs?live=1": true, "/logs?live=1&from=now-15m": true, "/logs?live=1&from=1773313200000&to=1773316800000": false,
		"/logs?live=1&sort=oldest": false, "/logs": false, "/logs?live=1&cursor=l1773316798000000000-0123456789": false,
	} {
		body := ask(mux, target).Body.String()
		if got := strings.Contains(body, `data-tail="/logs/tail?`); got != live {
			t.Errorf("%s: live %v", target, got)
		}
		if got := strings.Contains(body, `aria-pressed="true"`); got != live {
			t.Errorf("%s: the button says %v", target, got)
		}
	}
}

func TestTailSaysWhatItLeavesOut(t *testing.T) {
	start := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // of every such world
	var records []store.Record
	for i := range 300 {
		r := newLine(fmt.Sprint("line ", i))
		r.Time = start.Add(-time.Duration(i) * time.Second).UnixNano()
		records = append(records, r)
	}
	since := placeOf(&records[299]).String()
	following(t, "/logs/tail?since="+since, records, func(t *testing.T, _ *fakeTail, s *sink, _ *Pages) {
		b := s.batches[0]
		if !b.Gap || b.Shown != logRows || !strings.Contains(b.Rows, "line 0<") || strings.Contains(b.Rows, "line 298<") {
			t.Errorf("gap %v, %d rows, from %.300s", b.Gap, b.Shown, b.Rows)
		}
	})
}
