package logs_test

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tripod/store"
	"tripod/store/events"
	"tripod/store/logs"
	"tripod/store/logs/logql"
)

// damagedStore has 400 lines "n=0" to "n=399", a second apart, of which those of
// one block of 50, somewhere in the middle, cannot be read.
func damagedStore(t *testing.T) *logs.Store {
	t.Helper()
	dir := t.TempDir()
	s, flushed := running(t, dir, events.Options{MaxBlockRows: 50, HeadAge: 1})
	var list []store.Record
	for n := range 400 {
		list = append(list, store.Record{Time: int64(n+1) * 1e9, Level: store.LevelInfo, Service: "shop", Body: store.String(fmt.Sprintf("n=%d of what is %x", n, n*n))})
	}
	if err := s.Append(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	for n := 0; n < len(list); {
		n += <-flushed
	}
	s.stop()
	parts, _ := filepath.Glob(filepath.Join(dir, "*", "*.part"))
	if len(parts) != 1 {
		t.Fatalf("parts %v", parts)
	}
	b, err := os.ReadFile(parts[0])
	if err != nil {
		t.Fatal(err)
	}
	for at := len(b) / 4; at < len(b); at += 16 { // until it is in a column that is asked for
		b[at] ^= 0x55
		if err := os.WriteFile(parts[0], b, 0o600); err != nil {
			t.Fatal(err)
		}
		b[at] ^= 0x55
		broken, err := logs.Open(dir, logs.Options{LogQL: logql.Parse})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { broken.Close() })
		for _, err := range broken.Search(t.Context(), store.LogQuery{Text: "what", Range: store.TimeRange{To: math.MaxInt64}}) {
			if err != nil {
				return broken
			}
		}
	}
	t.Fatal("no byte can be damaged")
	return nil
}

// TestRestIsAnsweredWhenABlockCannotBeRead by LogQL, for lines and numbers.
func TestRestIsAnsweredWhenABlockCannotBeRead(t *testing.T) {
	s := damagedStore(t)
	en := logql.New(s)
	const lines = `{service_name="shop"} |= "what"`
	got, unread := map[string]bool{}, 0
	for e, err := range en.Lines(t.Context(), store.LogQuery{Text: lines, Range: store.TimeRange{To: math.MaxInt64}}) {
		switch {
		case errors.Is(err, store.ErrUnread):
			unread++
		case err != nil:
			t.Fatal(err)
		default:
			got[e.Line] = true
		}
	}
	if len(got) < 300 || len(got) >= 400 || unread == 0 {
		t.Fatalf("%d lines, %d errors", len(got), unread)
	}
	streams := 0
	for labels, err := range en.Streams(t.Context(), store.LogQuery{Text: lines, Range: store.TimeRange{To: math.MaxInt64}}) {
		if err == nil && labels.Get("service_name") == "shop" {
			streams++
		}
	}
	if streams == 0 {
		t.Error("no streams")
	}
	for _, query := range []string{
		`sum(count_over_time(` + lines + ` [10m]))`,
		`sum by (service_name) (count_over_time(` + lines + ` [10m]))`,
		`sum(count_over_time(` + lines + ` | logfmt [10m]))`,
		`1 * sum by (x) (count_over_time(` + lines + ` | label_format x=service_name [10m]))`,
	} {
		list, err := en.Metric(t.Context(), store.LogMetricQuery{Text: query, From: 500e9, To: 500e9, Step: time.Second})
		if !errors.Is(err, store.ErrUnread) || len(list) != 1 || list[0].Points[0].Value != float64(len(got)) {
			t.Errorf("%s: got %+v, %v, want %d", query, list, err, len(got))
		}
	}
	if _, err := en.Metric(t.Context(), store.LogMetricQuery{Text: `sum(rate(` + lines + ` | unwrap n [10m]))`, From: 500e9, To: 500e9}); err != nil && !errors.Is(err, store.ErrUnread) {
		t.Error(err)
	}
}
