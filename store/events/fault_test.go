package events

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
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
	for range 10 {
		if err := add(); err != nil && !errors.Is(err, store.ErrOverloaded) {
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

// damage lists what was reported.
type damage struct {
	mu    sync.Mutex
	files []string
}

func (d *damage) events() Events {
	return Events{Damaged: func(file string, _ int64, _ error) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.files = append(d.files, filepath.Base(file))
	}}
}

// TestTornJournal cuts the journal at every length.
func TestTornJournal(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir, Options{})
	var ends []int64
	for n := 0; n < 40; n += 10 {
		if err := s.Append(t.Context(), numbered(n, n+10)); err != nil {
			t.Fatal(err)
		}
		ends = append(ends, s.head.journal.size)
	}
	name := s.head.journal.name
	s.Close()
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for cut := 0; cut <= len(whole); cut += 7 {
		if err := os.WriteFile(name, whole[:cut], 0o644); err != nil {
			t.Fatal(err)
		}
		want := 0
		for _, end := range ends {
			if int64(cut) >= end {
				want += 10
			}
		}
		s, err := Open(dir, Options{})
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		isCount(t, numbers(t, s), want)
		if err := s.Append(t.Context(), numbered(want, want+5)); err != nil {
			t.Fatal(err)
		}
		s.Close()
		s, err = Open(dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		isCount(t, numbers(t, s), want+5)
		s.Close()
	}
}

// TestFlippedBits flips one bit after the other in each kind of file: no panic,
// a report, and everything that the bit did not hold is there.
func TestFlippedBits(t *testing.T) {
	for name, c := range map[string]struct {
		flushed bool
		file    func(s *Store) string
		lose    int // at most so many events
	}{
		"journal":  {false, func(s *Store) string { return s.head.journal.name }, 50},
		"part":     {true, func(s *Store) string { return s.parts[0].name }, 100},
		"manifest": {true, func(s *Store) string { return manifestName(s.dir) }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := openTest(t, dir, Options{MaxBlockRows: 25})
			for n := 0; n < 200; n += 50 {
				if err := s.Append(t.Context(), numbered(n, n+50)); err != nil {
					t.Fatal(err)
				}
				if c.flushed {
					flush(t, s)
				}
			}
			file := c.file(s)
			s.Close()
			files := readTree(t, dir)
			whole := files[file]
			step := max(1, len(whole)/30)
			for at := 0; at < len(whole); at += step {
				writeTree(t, dir, files)
				bad := bytes.Clone(whole)
				bad[at] ^= 1 << (at % 8)
				if err := os.WriteFile(file, bad, 0o644); err != nil {
					t.Fatal(err)
				}
				checkDamaged(t, dir, at, c.lose)
			}
		})
	}
}

func checkDamaged(t *testing.T, dir string, at, lose int) {
	t.Helper()
	var d damage
	s, err := Open(dir, Options{Events: d.events()})
	if err != nil {
		t.Fatalf("flipped at %d: %v", at, err)
	}
	defer s.Close()
	seen := map[int64]bool{}
	for e, err := range s.Scan(t.Context(), Query{Range: everything, Where: Exists{"n"}}) {
		if err == nil {
			v, _ := e.Get("n")
			seen[v.Int()] = true
		}
	}
	if lost := 200 - len(seen); lost > lose || lost > 0 && len(d.files) == 0 {
		t.Fatalf("flipped at %d: %d events lost, reported: %v", at, lost, d.files)
	}
}

func readTree(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			out[name], err = os.ReadFile(name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func writeTree(t *testing.T, dir string, files map[string][]byte) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	for name, b := range files {
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, b, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLostManifest finds the parts again by their footers, and counts nothing
// twice: neither what was merged nor what the journal still has.
func TestLostManifest(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir, Options{})
	n := 0
	add := func() {
		t.Helper()
		if err := s.Append(t.Context(), numbered(n, n+10)); err != nil {
			t.Fatal(err)
		}
		n += 10
	}
	for range mergeRun {
		add()
		flush(t, s)
	}
	sources := readTree(t, dir)
	mergeAll(t, s)
	if got := len(readTree(t, dir)); got != 3 {
		t.Errorf("%d files are left, want part, journal, manifest", got)
	}
	add()
	flush(t, s)
	add() // into the journal, which a part holds as well
	wal := s.head.journal.name
	if err := s.head.journal.sync(); err != nil {
		t.Fatal(err)
	}
	journal := readTree(t, dir)[wal]
	flush(t, s)
	s.Close()
	files := readTree(t, dir)
	for name, b := range sources {
		if files[name] == nil && filepath.Ext(name) == ".part" {
			files[name] = b
		}
	}
	files[wal] = journal
	delete(files, manifestName(dir))
	writeTree(t, dir, files)
	s = openTest(t, dir, Options{})
	isCount(t, numbers(t, s), n)
	add()
	s.Close()
	isCount(t, numbers(t, openTest(t, dir, Options{})), n)
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
			if err := s.retain(); err != nil {
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
	if err := s.retain(); err != nil || len(s.parts) != 0 || dropped[2] != "2026-03-03 bytes" {
		t.Errorf("got %v, %d parts, dropped %v", err, len(s.parts), dropped)
	}
}
