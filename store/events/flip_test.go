package events_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tripod/store"
	"tripod/store/events"
)

// The damage tests change the files of a store that has everything: a journal,
// fresh and merged parts of two days, columns of all kinds. Whatever they do,
// nothing panics, and each answer is right, or what is missing was reported.

// damageLacks are excuses: what the engine does not see yet.
type damageLacks struct {
	// CutManifest: a manifest that lacks its last whole frames is taken for the
	// truth, and the parts that it does not list are removed.
	CutManifest bool
}

// damagedStore is the undamaged one.
type damagedStore struct {
	dir   string
	files map[string][]byte
	kept  []events.Event   // number n at place n
	shown []string         // as they are to come back
	ends  map[string][]int // sizes at which a file was whole
}

func kindsOfEvents(r *rand.Rand, n int) events.Event {
	at := time.Date(2026, 3, 1, 23, 50, 0, 0, time.UTC).Add(time.Duration(n) * time.Second).Add(time.Duration(r.IntN(3000)) * time.Millisecond)
	user, took := fmt.Sprint("user-", r.IntN(12)), r.IntN(900)
	id := fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", r.Uint32(), r.IntN(1<<16), r.IntN(1<<12), r.IntN(1<<12), r.Uint64()>>16)
	msg := fmt.Sprintf("request %s of %s took %d ms", id, user, took)
	ev := events.Event{Time: at.UnixNano(), Class: uint8(r.IntN(3)), Fields: []events.Field{
		{Name: "n", Value: store.Int(int64(n))},
		{Name: "user", Value: store.String(user)},
		{Name: "took", Value: store.Int(int64(took))},
		{Name: "id", Value: store.String(id)},
		{Name: "load", Value: store.Float(float64(r.IntN(4000)) / 100)},
		{Name: "msg", Value: store.String(msg)},
		{Name: "raw", Value: store.String(fmt.Sprintf(`{"user":%q,"took":%d,"id":%q,"msg":%q}`, user, took, id, msg))},
	}}
	switch r.IntN(5) {
	case 0:
		ev.Fields = append(ev.Fields, events.Field{Name: "tags", Value: store.List(store.String("a"), store.Map(store.Attrs{{Key: "k", Value: store.Int(int64(n))}}))})
	case 1:
		ev.Fields = append(ev.Fields, events.Field{Name: "ok", Value: store.Bool(r.IntN(2) == 0)}, events.Field{Name: "bin", Value: store.Bytes([]byte{1, 2, byte(n)})})
	}
	return ev
}

// newDamagedStore fills a store and stops it.
func newDamagedStore(t *testing.T) *damagedStore {
	d := &damagedStore{dir: filepath.Join(t.TempDir(), "store"), ends: map[string][]int{}}
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		merged := 0
		o := events.Options{HeadAge: time.Nanosecond, MaxBlockRows: 32}
		o.Events.Merged = func(int, int, time.Duration) { mu.Lock(); merged++; mu.Unlock() }
		s, err := events.Open(d.dir, o)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { s.Run(ctx); close(done) }()
		r := rand.New(rand.NewPCG(11, 3))
		add := func(n int) {
			var batch []events.Event
			for range n {
				batch = append(batch, kindsOfEvents(r, len(d.kept)+len(batch)))
			}
			if err := s.Append(context.Background(), batch); err != nil {
				t.Fatal(err)
			}
			d.kept = append(d.kept, batch...)
			d.sizes(t)
		}
		for i := range 11 {
			add(60 + 10*(i%2))
			time.Sleep(3 * time.Second) // flushed
			synctest.Wait()
			d.sizes(t)
		}
		time.Sleep(15 * time.Second) // merged
		synctest.Wait()
		d.sizes(t)
		cancel()
		<-done
		for range 4 {
			add(25)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if merged == 0 {
			t.Error("nothing was merged")
		}
	})
	d.files = treeOf(t, d.dir)
	for n := range d.kept {
		d.shown = append(d.shown, string(appendShown(nil, &d.kept[n])))
	}
	return d
}

// sizes remembers how long the files are now.
func (d *damagedStore) sizes(t *testing.T) {
	for name, b := range treeOf(t, d.dir) {
		if !slices.Contains(d.ends[name], len(b)) {
			d.ends[name] = append(d.ends[name], len(b))
		}
	}
}

func treeOf(t *testing.T, dir string) map[string][]byte {
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

func (d *damagedStore) restore(t *testing.T, name string, damaged []byte) {
	t.Helper()
	if err := os.RemoveAll(d.dir); err != nil {
		t.Fatal(err)
	}
	files := maps.Clone(d.files)
	if files[name] = damaged; damaged == nil {
		delete(files, name)
	}
	for name, b := range files {
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, b, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}

// question is one that is asked after every damage.
type question struct {
	q    events.Query
	want []int64 // numbers in order

	counted bool // count it too
}

func (d *damagedStore) questions() map[string]*question {
	all := store.TimeRange{From: 0, To: 1 << 62}
	part := store.TimeRange{From: d.kept[100].Time, To: d.kept[500].Time}
	some := d.kept[333]
	qs := map[string]*question{
		"everything":  {q: events.Query{Range: all, Oldest: true}},
		"a part":      {q: events.Query{Range: part}, counted: true},
		"the newest":  {q: events.Query{Range: all, Limit: 30}},
		"a user":      {q: events.Query{Range: all, Where: events.Equal{Field: "user", Text: "user-7"}}, counted: true},
		"an id":       {q: events.Query{Range: all, Where: events.Equal{Field: "id", Text: some.Text("id")}}},
		"a word":      {q: events.Query{Range: all, Where: events.Word{Fields: []string{"msg"}, Text: "took"}, Oldest: true}},
		"a substring": {q: events.Query{Range: all, Where: events.Substring{Text: some.Text("id")[4:12]}}},
		"numbers":     {q: events.Query{Range: all, Where: events.Compare{Field: "took", Op: events.OpLess, Number: 40}}},
		"a class":     {q: events.Query{Range: part, Where: events.ClassIn(1 << 1)}, counted: true},
		"an absence":  {q: events.Query{Range: all, Where: events.And{events.Not{X: events.Exists{Field: "ok"}}, events.Not{X: events.Word{Text: "a"}}}}},
	}
	for _, c := range qs {
		for n := range d.kept {
			if e := &d.kept[n]; c.q.Range.Has(e.Time) && (c.q.Where == nil || c.q.Where.Match(e)) {
				c.want = append(c.want, int64(n))
			}
		}
		slices.SortStableFunc(c.want, func(a, b int64) int { return int(d.kept[a].Time - d.kept[b].Time) })
		if !c.q.Oldest {
			slices.Reverse(c.want)
		}
		if c.q.Limit > 0 {
			c.want = c.want[:c.q.Limit]
		}
	}
	return qs
}

// ask opens the store and fails on an answer that is wrong, or that lacks
// something of which nothing was said.
func (d *damagedStore) ask(t *testing.T, qs map[string]*question, what string, silent bool) {
	t.Helper()
	var mu sync.Mutex
	var said []string
	say := func(s string) { mu.Lock(); said = append(said, s); mu.Unlock() }
	o := events.Options{MaxBlockRows: 32}
	o.Events.Damaged = func(file string, off int64, err error) {
		say(fmt.Sprintf("%s at %d: %v", filepath.Base(file), off, err))
	}
	s, err := events.Open(d.dir, o)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	defer s.Close()
	var buf []byte
	for name, c := range qs {
		var got []int64
		for e, err := range s.Scan(t.Context(), c.q) {
			if err != nil {
				say(err.Error())
				break
			}
			n := number(e)
			buf = appendShown(buf[:0], e)
			if n < 0 || n >= int64(len(d.kept)) || string(buf) != d.shown[n] {
				t.Fatalf("%s: %s: got %.300s", what, name, buf)
			}
			if where := c.q.Where; !c.q.Range.Has(e.Time) || where != nil && !where.Match(e) || slices.Contains(got, n) {
				t.Fatalf("%s: %s: got event %d, that does not match or is there twice", what, name, n)
			}
			got = append(got, n)
		}
		if !slices.Equal(got, c.want) && len(said) == 0 && !silent {
			t.Fatalf("%s: %s: got %d events, want %d, and nothing was said", what, name, len(got), len(c.want))
		}
		if !d.inOrder(got, c.q.Oldest) {
			t.Fatalf("%s: %s: out of order", what, name)
		}
		if !c.counted {
			continue
		}
		d.count(t, s, c, what+": count of "+name, func() bool { return len(said) > 0 || silent }, say)
	}
}

func (d *damagedStore) inOrder(got []int64, oldest bool) bool {
	return slices.IsSortedFunc(got, func(a, b int64) int {
		if !oldest {
			a, b = b, a
		}
		return int(d.kept[a].Time - d.kept[b].Time)
	})
}

// count compares counts: fewer only if something was said, never more.
func (d *damagedStore) count(t *testing.T, s *events.Store, c *question, what string, excused func() bool, say func(string)) {
	t.Helper()
	const step = int64(time.Minute)
	want := map[int64]int64{}
	total := 0
	for n := range d.kept {
		if e := &d.kept[n]; c.q.Range.Has(e.Time) && (c.q.Where == nil || c.q.Where.Match(e)) {
			want[e.Time/step*step]++
			total++
		}
	}
	q := c.q
	q.Limit = 0
	got, err := s.Count(t.Context(), q, time.Duration(step))
	if err != nil {
		say(err.Error())
		return
	}
	sum := 0
	for _, b := range got {
		n := int64(0)
		for _, m := range b.Counts {
			n += m
		}
		if n > want[b.Start] {
			t.Fatalf("%s: %d in a minute that has %d", what, n, want[b.Start])
		}
		sum += int(n)
	}
	if sum != total && !excused() {
		t.Fatalf("%s: %d, want %d, and nothing was said", what, sum, total)
	}
}

func appendShown(b []byte, e *events.Event) []byte {
	b = append(strconv.AppendInt(b, e.Time, 10), '/', '0'+e.Class)
	for _, f := range e.Fields {
		b = append(append(append(b, ' '), f.Name...), '=', '0'+byte(f.Value.Kind), ':')
		b = append(b, f.Value.Text()...)
	}
	return b
}

// placesIn are n places, one in each region of a file, and some more at both
// ends, where headers and footers are.
func placesIn(r *rand.Rand, size, n int) []int {
	out := []int{r.IntN(min(16, size)), size - 1}
	for i := range n {
		out = append(out, (i*size+r.IntN(size))/n, size-1-r.IntN(min(200, size)))
	}
	return out
}

// TestEveryDamageIsReportedOrHarmless flips bits, cuts, blanks and lengthens
// files: at 8 places of each, with TEST_TRIPOD_CRASH_ROUNDS=200 at 200.
func TestEveryDamageIsReportedOrHarmless(t *testing.T) {
	lacks := damageLacks{CutManifest: true}
	d := newDamagedStore(t)
	qs := d.questions()
	places := 3
	if n, err := strconv.Atoi(os.Getenv("TEST_TRIPOD_CRASH_ROUNDS")); err == nil {
		places = max(places, n/2)
	}
	for _, name := range slices.Sorted(maps.Keys(d.files)) {
		rel, err := filepath.Rel(d.dir, name)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(rel, func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(len(rel)), 9))
			whole := d.files[name]
			d.restore(t, name, whole)
			d.ask(t, qs, "undamaged", false)
			for _, at := range placesIn(r, len(whole), places) {
				try := func(what string, damaged []byte, silent bool) {
					t.Helper()
					d.restore(t, name, damaged)
					d.ask(t, qs, fmt.Sprintf("%s at %d of %d", what, at, len(whole)), silent)
				}
				flipped := bytes.Clone(whole)
				flipped[at] ^= 1 << r.IntN(8)
				try("flipped", flipped, false)
				try("cut", slices.Clip(whole[:at]), slices.Contains(d.ends[name], at))
				blank := bytes.Clone(whole)
				clear(blank[at:min(at+64, len(blank))])
				try("blanked", blank, false)
				twice := slices.Concat(whole[:at], whole[at:min(at+16, len(whole))], whole[at:])
				try("lengthened", twice, false)
			}
			// A journal that is as it once was cannot be told from one that has
			// never been more.
			journal := filepath.Ext(name) == ".wal"
			for _, end := range d.ends[name] {
				d.restore(t, name, whole[:min(end, len(whole))])
				d.ask(t, qs, fmt.Sprintf("cut back to %d of %d", end, len(whole)), journal || lacks.CutManifest && rel == "MANIFEST")
			}
			d.restore(t, name, nil)
			d.ask(t, qs, "removed", journal)
		})
	}
}
