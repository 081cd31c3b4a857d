package events

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tripod/store"
)

// year is a store that lives through many days, of which each brings a few
// events in several parts.
type year struct {
	t       *testing.T
	s       *Store
	stop    func()
	kept    []Event // in order of time
	mu      sync.Mutex
	now     time.Time // Options.Now: a day takes some seconds of the tickers' clock
	dropped map[string][]string
	sealed  int // parts that got an index
}

const (
	perDay  = 3 // batches, each of which becomes a part
	busyDay = 9 // so many on one of seven days: its parts are merged
	perPart = 8 // events
)

var firstDay = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

func newYear(t *testing.T) *year {
	return &year{t: t, now: firstDay, dropped: map[string][]string{}}
}

func (y *year) open(dir string, o Options) {
	o.files = tracedFiles{hook: func(string, change) {}} // which syncs nothing
	o.Now = y.clock
	o.HeadAge = time.Nanosecond // flushed a second later
	o.MaxBlockRows = 4          // so that a merged part is worth an index
	o.Events.Sealed = func(int, time.Duration) {
		y.mu.Lock()
		defer y.mu.Unlock()
		y.sealed++
	}
	o.Events.Dropped = func(day, reason string) {
		y.mu.Lock()
		defer y.mu.Unlock()
		y.dropped[day] = append(y.dropped[day], reason)
	}
	o.Events.Failed = func(what string, err error) { y.t.Errorf("%s: %v", what, err) }
	o.Events.Damaged = func(file string, off int64, err error) { y.t.Errorf("%s at %d: %v", file, off, err) }
	s, err := Open(dir, o)
	if err != nil {
		y.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	y.s = s
	y.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			y.t.Error(err)
		}
		if err := s.Close(); err != nil {
			y.t.Error(err)
		}
	})
}

func (y *year) clock() time.Time {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.now
}

func (y *year) pass(d time.Duration) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.now = y.now.Add(d)
}

// gone is which days were dropped and why, and how many parts got an index.
func (y *year) gone() (map[string][]string, int) {
	y.mu.Lock()
	defer y.mu.Unlock()
	return maps.Clone(y.dropped), y.sealed
}

func (y *year) day() string { return y.now.Format(time.DateOnly) }

// live lets a day go by.
func (y *year) live() {
	y.t.Helper()
	batches := perDay
	if y.now.Weekday() == time.Friday {
		batches = busyDay
	}
	for range batches {
		batch := make([]Event, perPart)
		for i := range batch {
			n := len(y.kept) + i
			batch[i] = Event{
				Time: y.now.UnixNano() + int64(i)*int64(time.Second), Class: uint8(n % 3),
				Fields: []Field{
					{Name: "n", Value: store.Int(int64(n))},
					{Name: "day", Value: store.String(y.day())},
					{Name: "msg", Value: store.String(fmt.Sprintf("request %d of user-%d took %d ms", n, n%17, n%90))},
				},
			}
		}
		if err := y.s.Append(context.Background(), batch); err != nil {
			y.t.Fatal(err)
		}
		y.kept = append(y.kept, batch...)
		y.pass(24 * time.Hour / time.Duration(batches))
		time.Sleep(4 * time.Second)
	}
	time.Sleep(12 * time.Second) // more than the engine takes to tidy up
}

// has asks in several ways for the events from a time on.
func (y *year) has(from, to time.Time) {
	y.t.Helper()
	r := store.TimeRange{From: from.UnixNano(), To: to.UnixNano()}
	for name, q := range map[string]struct {
		where Expr
		test  func(n int) bool
	}{
		"everything": {nil, func(int) bool { return true }},
		"a word":     {Word{Fields: []string{"msg"}, Text: "7"}, func(n int) bool { return n == 7 || n%17 == 7 || n%90 == 7 }},
		"a day":      {Equal{Field: "day", Text: "2025-07-04"}, func(n int) bool { return y.kept[n].Text("day") == "2025-07-04" }},
		"a class":    {ClassIn(2), func(n int) bool { return n%3 == 1 }},
	} {
		var want []int64
		for n := range y.kept {
			if r.Has(y.kept[n].Time) && q.test(n) {
				want = append(want, int64(n))
			}
		}
		var got []int64
		for e, err := range y.s.Scan(context.Background(), Query{Range: r, Where: q.where, Oldest: true}) {
			if err != nil {
				y.t.Fatal(err)
			}
			v, _ := e.Get("n")
			got = append(got, v.Int())
		}
		if !slices.Equal(got, want) {
			y.t.Fatalf("%s: %s from %v: got %d events, want %d", y.day(), name, from, len(got), len(want))
		}
		counts, err := y.s.Count(context.Background(), Query{Range: r, Where: q.where}, 24*time.Hour)
		if err != nil {
			y.t.Fatal(err)
		}
		sum := int64(0)
		for _, b := range counts {
			for _, n := range b.Counts {
				sum += n
			}
		}
		if sum != int64(len(want)) {
			y.t.Fatalf("%s: %s from %v: counted %d, want %d", y.day(), name, from, sum, len(want))
		}
	}
}

// load is what a process holds.
type load struct{ files, routines int }

func loadOf(t *testing.T) load {
	runtime.GC() // what is closed by a finalizer only would be found closed by luck
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc")
	}
	return load{len(list), runtime.NumGoroutine()}
}

// TestAYearOfDays sees open files and goroutines stay flat over 400 daily
// partitions, and queries over all of them right, before and after a restart.
func TestAYearOfDays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		y := newYear(t)
		y.open(dir, Options{})
		defer func() { y.stop() }()
		var early load
		for day := range 400 {
			y.live()
			if day == 160 { // by now as many indexes are open as may be
				y.has(firstDay, y.now)
				synctest.Wait()
				early = loadOf(t)
			}
			if day > 160 && day%40 == 0 {
				y.has(firstDay, y.now)
				y.has(y.now.AddDate(0, 0, -9), y.now.AddDate(0, 0, -3))
				synctest.Wait()
				if got := loadOf(t); got.files > early.files || got.routines > early.routines {
					t.Fatalf("after %d days %+v, after 160 %+v", day, got, early)
				}
			}
		}
		days := dayFolders(t, dir)
		if len(days) != 400 || days[0] != "2025-01-01" || days[399] != "2026-02-04" {
			t.Errorf("%d day folders from %s to %s", len(days), days[0], days[len(days)-1])
		}
		if u := y.s.Usage(); u.Items != int64(len(y.kept)) || u.Oldest != y.kept[0].Time {
			t.Errorf("usage %+v of %d events", u, len(y.kept))
		}
		y.stop()
		y.open(dir, Options{})
		y.has(firstDay, y.now)
		synctest.Wait()
		if got := loadOf(t); got.files > early.files || got.routines > early.routines {
			t.Fatalf("after a restart %+v, after 160 days %+v", got, early)
		}
		dropped, sealed := y.gone()
		if sealed < 20 {
			t.Errorf("only %d parts got an index", sealed)
		}
		if len(dropped) > 0 {
			t.Errorf("dropped %v without retention", dropped)
		}
	})
}

// TestRetentionByAgeOverMonths keeps 30 days and says which day it dropped.
func TestRetentionByAgeOverMonths(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		y := newYear(t)
		y.open(dir, Options{Retention: 30 * 24 * time.Hour})
		defer func() { y.stop() }()
		for day := range 120 {
			y.live()
			if day == 60 { // what was dropped does not come back
				y.stop()
				y.open(dir, Options{Retention: 30 * 24 * time.Hour})
			}
			if day%20 == 19 {
				y.has(y.now.AddDate(0, 0, -29), y.now)
				onlyDaysFrom(t, dir, y.now.AddDate(0, 0, -31))
			}
		}
		dropped, _ := y.gone()
		for day := firstDay; day.Before(y.now.AddDate(0, 0, -31)); day = day.AddDate(0, 0, 1) {
			if got := dropped[day.Format(time.DateOnly)]; len(got) == 0 || slices.ContainsFunc(got, func(r string) bool { return r != "age" }) {
				t.Errorf("%v: dropped for %v, want age", day, got)
			}
		}
		for day := range dropped {
			if day > y.now.AddDate(0, 0, -30).Format(time.DateOnly) {
				t.Errorf("%s was dropped on %s", day, y.day())
			}
		}
	})
}

// TestRetentionByBytesOverMonths keeps so many bytes, the newest.
func TestRetentionByBytesOverMonths(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const most = 40 << 10
		dir := t.TempDir()
		y := newYear(t)
		y.open(dir, Options{MaxBytes: most})
		defer func() { y.stop() }()
		for range 90 {
			y.live()
			if u := y.s.Usage(); u.Bytes > most {
				t.Fatalf("%s: %d bytes, want at most %d", y.day(), u.Bytes, most)
			}
		}
		u := y.s.Usage()
		oldest := time.Unix(0, u.Oldest).UTC()
		if u.Bytes < most/2 || !oldest.After(firstDay.AddDate(0, 0, 10)) {
			t.Errorf("%d bytes from %v on: too little or too much was dropped", u.Bytes, oldest)
		}
		y.has(oldest, y.now)
		if got := bytesIn(t, dir); got > most+16<<10 {
			t.Errorf("%d bytes on disk, want some %d", got, most)
		}
		dropped, _ := y.gone()
		for day, reasons := range dropped {
			if day > oldest.Format(time.DateOnly) || slices.ContainsFunc(reasons, func(r string) bool { return r != "bytes" }) {
				t.Errorf("%s was dropped for %v; the oldest is of %v", day, reasons, oldest)
			}
		}
		if len(dropped) < 10 {
			t.Errorf("only %d days were dropped", len(dropped))
		}
	})
}

// dayFolders are the folders of days that hold anything.
func dayFolders(t *testing.T, dir string) (days []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if _, err := time.Parse(time.DateOnly, e.Name()); err != nil {
			continue
		}
		if in, err := os.ReadDir(filepath.Join(dir, e.Name())); err == nil && len(in) > 0 {
			days = append(days, e.Name())
		}
	}
	return days
}

func onlyDaysFrom(t *testing.T, dir string, oldest time.Time) {
	t.Helper()
	for _, d := range dayFolders(t, dir) {
		if d < oldest.Format(time.DateOnly) {
			t.Errorf("%s is still there, older than %v", d, oldest)
		}
	}
}

// bytesIn is how many bytes lie in a folder, without what MaxBytes does not count:
// the manifest and, so far, the indexes.
func bytesIn(t *testing.T, dir string) (n int64) {
	t.Helper()
	err := filepath.WalkDir(dir, func(name string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasSuffix(name, "MANIFEST") || strings.Contains(name, ".index/") {
			return err
		}
		info, err := e.Info()
		if err == nil {
			n += info.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
