package events

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"tripod/store"
)

// disk is the real one with a limit on what may still be written, and syncs
// that can be made to fail.
type disk struct {
	osFiles
	room    atomic.Int64 // bytes; negative means no limit
	badSync atomic.Bool
}

func newDisk() *disk {
	d := &disk{}
	d.room.Store(-1)
	return d
}

func (d *disk) Create(name string) (file, error) { return d.wrap(d.osFiles.Create(name)) }
func (d *disk) Edit(name string) (file, error)   { return d.wrap(d.osFiles.Edit(name)) }
func (d *disk) Open(name string) (file, error)   { return d.wrap(d.osFiles.Open(name)) }

func (d *disk) wrap(f file, err error) (file, error) {
	if err != nil {
		return nil, err
	}
	return diskFile{f, d}, nil
}

type diskFile struct {
	file
	d *disk
}

// take says how much of n bytes fits.
func (d *disk) take(n int) int {
	for {
		room := d.room.Load()
		if room < 0 {
			return n
		}
		fits := min(int64(n), room)
		if d.room.CompareAndSwap(room, room-fits) {
			return int(fits)
		}
	}
}

func (f diskFile) Write(p []byte) (int, error) {
	fits := f.d.take(len(p))
	n, err := f.file.Write(p[:fits])
	if err == nil && fits < len(p) {
		err = syscall.ENOSPC
	}
	return n, err
}

func (f diskFile) WriteAt(p []byte, at int64) (int, error) {
	fits := f.d.take(len(p))
	n, err := f.file.WriteAt(p[:fits], at)
	if err == nil && fits < len(p) {
		err = syscall.ENOSPC
	}
	return n, err
}

func (f diskFile) Sync() error {
	if f.d.badSync.Load() {
		return syscall.EIO
	}
	return f.file.Sync()
}

func numbered(from, to int) []Event {
	var ev []Event
	for n := from; n < to; n++ {
		ev = append(ev, Event{Time: testDay + int64(n)*1e6, Fields: []Field{{"n", store.Int(int64(n))}, {"msg", store.String(strings.Repeat("text ", 20))}}})
	}
	return ev
}

func numbers(t *testing.T, s *Store) (got []int64) {
	t.Helper()
	for e, err := range s.Scan(t.Context(), Query{Range: everything, Oldest: true}) {
		if err != nil {
			t.Fatal(err)
		}
		v, _ := e.Get("n")
		got = append(got, v.Int())
	}
	return got
}

// isCount fails unless got is 0, 1, 2 … want-1.
func isCount(t *testing.T, got []int64, want int) {
	t.Helper()
	if len(got) != want {
		t.Fatalf("got %d events, want %d", len(got), want)
	}
	for i, n := range got {
		if n != int64(i) {
			t.Fatalf("event %d is number %d", i, n)
		}
	}
}

func TestFullDiskRefusesAndRecovers(t *testing.T) {
	d, dir := newDisk(), t.TempDir()
	s := openTest(t, dir, Options{files: d, HeadBytes: 16 << 10})
	n := 0
	add := func() error {
		err := s.Append(t.Context(), numbered(n, n+20))
		if err == nil {
			n += 20
		}
		return err
	}
	for range 4 {
		if err := add(); err != nil {
			t.Fatal(err)
		}
	}
	d.room.Store(100) // less than the next batch: the write is cut short
	for range 3 {
		if err := add(); !errors.Is(err, store.ErrFull) {
			t.Fatalf("on a full disk: got %v, want ErrFull", err)
		}
		if size, err := s.head.journal.f.Size(); err != nil || size != s.head.journal.size {
			t.Errorf("the journal has %d bytes, %v; want %d: nothing torn", size, err, s.head.journal.size)
		}
		d.room.Store(30)
		isCount(t, numbers(t, s), n)
	}
	if _, err := s.flushOne(); err != nil {
		t.Fatalf("nothing to flush: %v", err)
	}
	d.room.Store(-1)
	for len(s.frozen) == 0 {
		if err := add(); err != nil {
			t.Fatal(err)
		}
	}
	d.room.Store(10)
	if _, err := s.flushOne(); !errors.Is(err, store.ErrFull) {
		t.Fatalf("flush on a full disk: got %v, want ErrFull", err)
	}
	for s.head.bytes < s.o.HeadBytes {
		d.room.Store(-1)
		if err := add(); err != nil {
			t.Fatal(err)
		}
	}
	if err := add(); !errors.Is(err, store.ErrFull) {
		t.Fatalf("both heads full on a full disk: got %v, want ErrFull", err)
	}
	isCount(t, numbers(t, s), n)
	d.room.Store(-1)
	flush(t, s)
	if err := add(); err != nil {
		t.Fatalf("after room came back: %v", err)
	}
	s.Close()
	s = openTest(t, dir, Options{Events: Events{Damaged: func(file string, off int64, err error) {
		t.Errorf("%s at %d: %v", file, off, err)
	}}})
	isCount(t, numbers(t, s), n)
}

// TestFullDiskIsTold once when it begins and once when it is over, although
// small batches fit in between.
func TestFullDiskIsTold(t *testing.T) {
	d, now := newDisk(), time.Unix(0, testDay)
	var told []bool
	s := openTest(t, t.TempDir(), Options{files: d, Now: func() time.Time { return now }, Events: Events{Full: func(full bool) { told = append(told, full) }}})
	add := func() { s.Append(t.Context(), numbered(0, 20)) }
	add()
	for range 3 {
		d.room.Store(100)
		add()
		d.room.Store(-1)
		now = now.Add(fullFor / 2)
		add()
	}
	if !slices.Equal(told, []bool{true}) {
		t.Errorf("told %v", told)
	}
	now = now.Add(fullFor / 2)
	add()
	add()
	if !slices.Equal(told, []bool{true, false}) {
		t.Errorf("told %v", told)
	}
}

func TestBothHeadsFullPushBack(t *testing.T) {
	s := openTest(t, t.TempDir(), Options{HeadBytes: 8 << 10})
	n := 0
	var err error
	for ; n < 10_000 && err == nil; n += 10 {
		err = s.Append(t.Context(), numbered(n, n+10))
	}
	if !errors.Is(err, store.ErrOverloaded) {
		t.Fatalf("got %v, want ErrOverloaded", err)
	}
	n -= 10
	isCount(t, numbers(t, s), n)
	flush(t, s)
	if err := s.Append(t.Context(), numbered(n, n+10)); err != nil {
		t.Fatal(err)
	}
	isCount(t, numbers(t, s), n+10)
}

func TestBatchSyncFailureIsNotAcknowledged(t *testing.T) {
	d, dir := newDisk(), t.TempDir()
	s := openTest(t, dir, Options{files: d, Sync: "batch"})
	if err := s.Append(t.Context(), numbered(0, 10)); err != nil {
		t.Fatal(err)
	}
	d.badSync.Store(true)
	if err := s.Append(t.Context(), numbered(10, 20)); !errors.Is(err, syscall.EIO) {
		t.Fatalf("got %v, want EIO", err)
	}
	d.badSync.Store(false)
	if !s.badSync.Load() {
		t.Error("the journal is still trusted")
	}
	if s.rotateOld(t.Context()); len(s.frozen) != 1 {
		t.Error("the head is not on its way into parts")
	}
	if err := s.Append(t.Context(), numbered(10, 20)); err != nil {
		t.Fatal(err)
	}
	s.Close()
	isCount(t, numbers(t, openTest(t, dir, Options{})), 20)
}

// TestAppendGroups sees many appenders share the journal, and leave it when
// their context ends.
func TestAppendGroups(t *testing.T) {
	s := openTest(t, t.TempDir(), Options{})
	s.turn <- struct{}{} // nobody commits
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	gone := make(chan error, 1)
	go func() { gone <- s.Append(ctx, numbered(100, 101)) }()
	for queued(s) < 1 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	for i := range 8 {
		wg.Go(func() {
			if err := s.Append(t.Context(), numbered(i, i+1)); err != nil {
				t.Error(err)
			}
		})
	}
	for queued(s) < 8 {
		time.Sleep(time.Millisecond)
	}
	<-s.turn
	wg.Wait()
	isCount(t, numbers(t, s), 8)
}

func queued(s *Store) int {
	s.queueMu.Lock()
	defer s.queueMu.Unlock()
	return len(s.queue)
}

func TestRetention(t *testing.T) {
	now := time.Unix(0, testDay)
	var dropped []string
	o := Options{
		Retention: 24 * time.Hour, Now: func() time.Time { return now },
		Events: Events{Dropped: func(day, reason string) { dropped = append(dropped, day+" "+reason) }},
	}
	dir := t.TempDir()
	s := openTest(t, dir, o)
	for range 3 {
		ev := numbered(0, 50)
		for i := range ev {
			ev[i].Time = now.UnixNano() - int64(i)
		}
		if err := s.Append(t.Context(), ev); err != nil {
			t.Fatal(err)
		}
		flush(t, s)
		now = now.Add(20 * time.Hour)
	}
	// A reader that began before the drop reads on to its end.
	n := 0
	for _, err := range s.Scan(t.Context(), Query{Range: everything}) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 1 {
			if err := s.retain(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n != 150 {
		t.Errorf("the reader got %d events, want 150", n)
	}
	if want := []string{"2026-03-01 age", "2026-03-02 age"}; !slices.Equal(dropped, want) {
		t.Errorf("dropped %v, want %v", dropped, want)
	}
	if got := len(numbers(t, s)); got != 50 {
		t.Errorf("got %d events, want 50", got)
	}
	for name := range readTree(t, dir) {
		if strings.Contains(name, "2026-03-02") {
			t.Errorf("%s is still there", name)
		}
	}
	s.o.MaxBytes = 1
	if err := s.retain(t.Context()); err != nil || len(s.parts) != 0 || dropped[2] != "2026-03-03 bytes" {
		t.Errorf("got %v, %d parts, dropped %v", err, len(s.parts), dropped)
	}
}
