package events

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tripod/store"
)

// powerCut is one moment at which the power fails.
type powerCut struct {
	at       string // the change that was under way
	dir      string // what was left
	must     int    // events 0 to must-1 were promised to be there
	appended int    // no others than 0 to appended-1 may be there
}

// powerTest writes events in order and takes pictures of what would be left.
type powerTest struct {
	t    *testing.T
	o    Options
	r    *rand.Rand
	cutR *rand.Rand // with mu
	disk *powerDisk
	most int // cuts
	root string

	mu       sync.Mutex
	times    map[string]int // how often each step was seen
	cuts     []powerCut
	acked    []time.Time // of each event, when it was acknowledged
	appended int

	merged, sealed, dropped atomic.Int32 // parts
}

// cutRounds is TEST_TRIPOD_CRASH_ROUNDS, or what is given.
func cutRounds(n int) int {
	if r, err := strconv.Atoi(os.Getenv("TEST_TRIPOD_CRASH_ROUNDS")); err == nil && r > 0 {
		return r
	}
	return n
}

// at takes a picture at the first times of every step, and at some others.
func (p *powerTest) at(stage string, c change) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := stage + " " + c.step()
	p.times[key]++
	if len(p.cuts) >= p.most || p.times[key] > 1 && p.cutR.IntN(30) > 0 {
		return
	}
	cut := powerCut{at: key, dir: filepath.Join(p.root, fmt.Sprint("cut", len(p.cuts))), must: p.promised(), appended: p.appended}
	if err := p.disk.image(p.cutR, cut.dir); err != nil {
		p.t.Error(err)
		return
	}
	p.cuts = append(p.cuts, cut)
}

// promised is how many events a power cut may not take: with Sync batch all
// that were acknowledged, else those of a second ago and before.
func (p *powerTest) promised() int {
	if p.o.Sync == "batch" {
		return len(p.acked)
	}
	ago := time.Now().Add(-time.Second)
	n, _ := slices.BinarySearchFunc(p.acked, ago, func(t, ago time.Time) int { return t.Compare(ago) })
	return n
}

// options are those of a store on the disk. Old events expire at once.
func (p *powerTest) options(f files) Options {
	o := p.o
	o.files = f
	o.HeadBytes, o.HeadAge, o.MaxBlockRows = 6<<10, time.Nanosecond, 8
	o.Retention = 24 * time.Hour
	o.Now = func() time.Time { return time.Unix(0, testDay).Add(10 * time.Minute) }
	o.Events.Merged = func(parts, _ int, _ time.Duration) { p.merged.Add(int32(parts)) }
	o.Events.Sealed = func(int, time.Duration) { p.sealed.Add(1) }
	o.Events.Dropped = func(string, string) { p.dropped.Add(1) }
	o.Events.Failed = func(what string, err error) { p.t.Errorf("%s: %v", what, err) }
	return o
}

// powerEvents are events from to to-1, of two days.
func powerEvents(from, to int) []Event {
	ev := make([]Event, 0, to-from)
	for n := from; n < to; n++ {
		ev = append(ev, Event{
			Time: testDay + int64(n*7%600)*int64(time.Second), Class: uint8(n % 3),
			Fields: []Field{
				{"n", store.Int(int64(n))},
				{"user", store.String(fmt.Sprint("user-", n%9))},
				{"msg", store.String(fmt.Sprintf("request %d of user-%d took %d ms until the power failed", n, n%9, n%77))},
			},
		})
	}
	return ev
}

// keepAppending waits while both heads are full.
func keepAppending(s *Store, ev []Event) {
	for s.Append(context.Background(), ev) != nil {
		time.Sleep(time.Second)
	}
}

// oldEvents are those that retention drops: they may be there or not.
func oldEvents(n int) []Event {
	old := make([]Event, n)
	for i := range old {
		old[i] = Event{Time: testDay - int64(48*time.Hour), Class: 7, Fields: []Field{{"msg", store.String("old")}}}
	}
	return old
}

// running calls f with a store that runs meanwhile.
func (p *powerTest) running(dir string, fs files, f func(s *Store)) {
	s, err := Open(dir, p.options(fs))
	if err != nil {
		p.t.Fatalf("open %s: %v", dir, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { s.Run(ctx); close(done) }()
	defer func() {
		cancel()
		<-done
		if err := s.Close(); err != nil {
			p.t.Error(err)
		}
	}()
	f(s)
}

// write appends batches; some sleeps are long enough for flushes and merges.
func (p *powerTest) write(s *Store, batches int) {
	for range batches {
		n := 1 + p.r.IntN(12)
		p.mu.Lock()
		from := p.appended
		p.appended += n
		p.mu.Unlock()
		keepAppending(s, powerEvents(from, from+n))
		p.mu.Lock()
		for range n {
			p.acked = append(p.acked, time.Now())
		}
		p.mu.Unlock()
		switch p.r.IntN(6) {
		case 0:
			time.Sleep(time.Duration(p.r.IntN(3000)) * time.Millisecond)
		case 1:
			s.Append(context.Background(), oldEvents(3)) // may be refused
		case 2:
			time.Sleep(300 * time.Millisecond)
		}
	}
	time.Sleep(25 * time.Second)
}

// check opens what was left. With nested it cuts the power once more while
// that is done, and checks what then is left.
func (p *powerTest) check(cut powerCut, nested bool) {
	p.t.Helper()
	where := fmt.Sprintf("power cut %s (%s)", cut.at, filepath.Base(cut.dir))
	disk := newPowerDisk(p.t, cut.dir)
	disk.lacks = p.disk.lacks
	again := powerCut{dir: cut.dir + "again", must: cut.must, appended: cut.appended}
	var mu sync.Mutex
	left := p.r.IntN(60)
	fs := disk.files(func(stage string, c change) {
		mu.Lock()
		defer mu.Unlock()
		if left--; nested && left == 0 {
			again.at = cut.at + " and then " + stage + " " + c.step()
			if err := disk.image(p.r, again.dir); err != nil {
				p.t.Error(err)
			}
		}
	})
	p.running(cut.dir, fs, func(s *Store) {
		have := p.has(s, where, cut.must, cut.appended)
		mu.Lock()
		again.appended += 10
		mu.Unlock()
		keepAppending(s, powerEvents(cut.appended, cut.appended+10))
		time.Sleep(15 * time.Second)
		if got := p.has(s, where+", later", cut.must, cut.appended+10); got != have+10 {
			p.t.Fatalf("%s: %d events became %d with 10 more", where, have, got)
		}
	})
	if again.at != "" {
		p.check(again, false)
	}
}

// has fails unless events 0 to must-1 are there, none beyond most, and none
// twice or changed.
func (p *powerTest) has(s *Store, where string, must, most int) int {
	p.t.Helper()
	seen := map[int64]bool{}
	for e, err := range s.Scan(context.Background(), Query{Range: everything}) {
		if err != nil {
			p.t.Fatalf("%s: %v", where, err)
		}
		if e.Class == 7 {
			continue
		}
		v, _ := e.Get("n")
		n := v.Int()
		if want := powerEvents(int(n), int(n)+1)[0]; n >= int64(most) || seen[n] || show(e) != show(&want) {
			p.t.Fatalf("%s: got %.200s, there twice: %v, want %.200s of at most %d", where, show(e), seen[n], show(&want), most)
		}
		seen[n] = true
	}
	for n := range must {
		if !seen[int64(n)] {
			p.t.Fatalf("%s: event %d of %d is lost; %d are there", where, n, must, len(seen))
		}
	}
	return len(seen)
}

// TestCrashPowerCut lets the power fail at every step of publishing, and again
// while the store is opened afterwards.
func TestCrashPowerCut(t *testing.T) {
	const each = 60 // cuts of one store
	for _, mode := range []string{"batch", "interval"} {
		t.Run(mode, func(t *testing.T) {
			steps := map[string]int{}
			for range max(2, (cutRounds(0)+each-1)/each) {
				synctest.Test(t, func(t *testing.T) { powerFails(t, mode, each, steps) })
				if t.Failed() {
					return
				}
			}
			for _, want := range []string{"half write N.wal", "after sync N.wal", "after sync MANIFEST", "after remove N.wal", "after rename", "after syncdir wal", "before syncdir N-N-N"} {
				if !slices.ContainsFunc(slices.Collect(maps.Keys(steps)), func(step string) bool { return strings.HasPrefix(step, want) }) {
					t.Errorf("no power cut %s", want)
				}
			}
			t.Logf("%d steps", len(steps))
		})
	}
}

func powerFails(t *testing.T, mode string, cuts int, steps map[string]int) {
	seed := rand.Uint64()
	p := &powerTest{t: t, o: Options{Sync: mode}, r: rand.New(rand.NewPCG(seed, 1)), cutR: rand.New(rand.NewPCG(seed, 2)), root: t.TempDir(), most: cuts, times: map[string]int{}}
	dir := filepath.Join(p.root, "store")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	p.disk = newPowerDisk(t, dir)
	p.disk.lacks.Removals = true
	p.running(dir, p.disk.files(p.at), func(s *Store) {
		p.write(s, 150)
		p.has(s, "before any cut", p.appended, p.appended)
	})
	if p.merged.Load() == 0 || p.sealed.Load() == 0 || p.dropped.Load() == 0 {
		t.Errorf("%d parts merged, %d sealed, %d dropped: the test says little", p.merged.Load(), p.sealed.Load(), p.dropped.Load())
	}
	for _, cut := range p.cuts {
		steps[cut.at]++
		p.check(cut, true)
	}
}
