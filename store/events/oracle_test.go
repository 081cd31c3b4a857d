package events

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"tripod/store"
)

var testDay = time.Date(2026, 3, 1, 23, 55, 0, 0, time.UTC).UnixNano() // the next day is near

var testPairs = Pairs{Texts: []string{"op", "app"}, Number: "d"}

var words = []string{"connection", "Refused", "timeout", "Übung", "user_7", "db-3", "ok", "a", "4bf92f35", "naïve.txt"}

// testOps are what pairs are made of; some are seldom in a block with a class.
var testOps = []string{"GET /", "POST /", "", "zero\x00", "zero", "GET /a", "GET /b", "GET /c", "GET /d", "GET /e"}

// testID is one of few, so that rows and blocks share them.
func testID(r *rand.Rand) string {
	n := r.Uint64N(400) * 0x9e3779b97f4a7c15
	return fmt.Sprintf("%016x%016x", n, ^n)
}

// randomPair asks for both of a pair.
func randomPair(r *rand.Rand) Expr {
	least := float64(int(1)<<r.IntN(21) - r.IntN(20))
	besides := []Expr{
		ClassIn(1 << r.IntN(4)),
		Compare{"d", Op(r.IntN(5)), least},
		Measured{func(name string) bool { return name == "d" }, store.Value.Number, func(f float64) bool { return least <= f }, least, math.Inf(1)},
		Measured{func(name string) bool { return name == "d" || name == "n" }, store.Value.Number, func(f float64) bool { return f <= least }, math.Inf(-1), least},
	}
	and := And{Equal{"op", testOps[r.IntN(len(testOps))]}, besides[r.IntN(len(besides))]}
	if r.IntN(2) == 0 {
		return And{And{besides[r.IntN(len(besides))]}, and}
	}
	return and
}

// randomEvent makes an event that shares words, names and times with others.
func randomEvent(r *rand.Rand) Event {
	word := func() string { return words[r.IntN(len(words))] }
	e := Event{Time: testDay + r.Int64N(1200)*int64(time.Second)/2, Class: uint8(r.IntN(4))}
	for range r.IntN(6) {
		f := Field{Name: []string{"msg", "service", "status", "took", "tags", "x"}[r.IntN(6)]}
		switch r.IntN(7) {
		case 0:
			f.Value = store.Int(r.Int64N(600))
		case 1:
			f.Value = store.Float(float64(r.IntN(50)) / 4)
		case 2:
			f.Value = store.Bool(r.IntN(2) == 0)
		case 3:
			f.Value = store.List(store.String(word()), store.Map(store.Attrs{{Key: word(), Value: store.Int(r.Int64N(9))}}))
		case 4:
			f.Value = store.Bytes([]byte(word()))
		default:
			f.Value = store.String(word() + " " + word() + ", " + word())
		}
		e.Fields = append(e.Fields, f)
	}
	for n := r.IntN(10); n < 9 && len(e.Fields) < 8; n += 7 { // mostly one, seldom none or two
		f := Field{"app", store.String([]string{"web", "api worker", "db"}[r.IntN(3)])}
		if r.IntN(40) == 0 {
			f.Value = store.Int(5)
		}
		e.Fields = append(e.Fields, f)
		if r.IntN(3) == 0 {
			if f.Name = "origin"; r.IntN(30) == 0 {
				f.Value = store.String("db")
			}
			e.Fields = append(e.Fields, f)
		}
	}
	e.Fields = append(e.Fields, Field{"n", store.Int(int64(r.Uint32()))})
	for n := r.IntN(40); n < 38 && len(e.Fields) < 12; n += 37 { // mostly one, seldom two
		e.Fields = append(e.Fields, Field{"op", store.String(testOps[r.IntN(len(testOps))])})
	}
	if r.IntN(10) > 0 {
		e.Fields = append(e.Fields, Field{"d", store.Int(1<<r.IntN(20) - 9)})
	}
	e.Fields = append(e.Fields, Field{"tid", store.String(testID(r))})
	if r.IntN(200) == 0 { // a name that looks like that of a pair
		e.Fields = append(e.Fields, Field{"op\x01d", store.String("")})
	}
	return e
}

func randomExpr(r *rand.Rand, depth int) Expr {
	word := func() string { return words[r.IntN(len(words))] }
	var names []string
	if r.IntN(2) == 0 {
		names = []string{"msg", "service", "absent"}[:1+r.IntN(3)]
	}
	if depth > 0 && r.IntN(2) == 0 {
		kids := make([]Expr, r.IntN(3)+1)
		for i := range kids {
			kids[i] = randomExpr(r, depth-1)
		}
		switch r.IntN(3) {
		case 0:
			return And(kids)
		case 1:
			return Or(kids)
		}
		return Not{kids[0]}
	}
	switch r.IntN(22) {
	case 20:
		return Equal{"tid", testID(r)}
	case 21:
		return []Expr{
			OneOf{"tid", map[string]bool{testID(r): true, testID(r): true, "absent": true}},
			ValueIn{[]string{"tid"}, testID(r)[:1], func(text string) bool { return text[31] == '0' }},
		}[r.IntN(2)]
	case 18, 19:
		return randomPair(r)
	case 14:
		return Equal{[]string{"app", "app", "origin"}[r.IntN(3)], []string{"web", "db", "absent", "5"}[r.IntN(4)]}
	case 15:
		return Not{Exists{[]string{"app", "origin"}[r.IntN(2)]}}
	case 16:
		return Any{Named: func(name string) bool { return name == "app" || name == "origin" && depth > 0 }, Test: func(v store.Value) bool { return v.Text() != "db" }}
	case 12:
		named := func(name string) bool { return name != "msg" }
		return Within{named, []Expr{Word{nil, word()}, Phrase{nil, word() + " " + word()}, Regexp{nil, regexp.MustCompile("[RÜ]e?")}}[r.IntN(3)]}
	case 11:
		n := r.IntN(9)
		named := func(name string) bool { return len(name)%2 == n%2 }
		if r.IntN(2) == 0 {
			named = nil
		}
		return Any{Named: named, Test: func(v store.Value) bool { return len(v.Text()) > 2*n }}
	case 10:
		from := float64(r.IntN(300))
		return Measured{func(name string) bool { return name != "x" }, store.Value.Number, func(f float64) bool { return from <= f && f < from+50 }, from, from + 50}
	case 9:
		return OneOf{"status", map[string]bool{fmt.Sprint(r.IntN(600)): true, "true": true}}
	case 0:
		return Word{names, word()}
	case 1:
		return Phrase{names, word() + " " + word()}
	case 2:
		return Equal{[]string{"status", "msg", "x"}[r.IntN(3)], []string{fmt.Sprint(r.IntN(600)), "true", word() + " " + word() + ", " + word()}[r.IntN(3)]}
	case 13:
		c := word()[:1]
		return ValueIn{[]string{"msg", "status"}, c, func(text string) bool { return len(text)%2 == 0 }}
	case 3:
		return Substring{names, word()[1:], r.IntN(2) == 0}
	case 4:
		return Substring{names, " " + word() + ", ", r.IntN(2) == 0}
	case 5:
		return Regexp{names, regexp.MustCompile(`[a-c]\w+ ok`)}
	case 6:
		return Compare{"took", Op(r.IntN(5)), float64(r.IntN(12))}
	case 7:
		return Exists{[]string{"tags", "absent"}[r.IntN(2)]}
	case 8:
		return ClassIn(r.IntN(16))
	}
	n := int64(r.IntN(3))
	return Func{Fn: func(e *Event) bool { v, _ := e.Get("n"); return v.Int()%3 == n }, Implied: Exists{"n"}}
}

// oracle answers from a list in order of arrival.
type oracle struct{ events []Event }

func (o *oracle) scan(q Query) []string {
	var hit []int
	for i := range o.events {
		if e := &o.events[i]; q.Range.Has(e.Time) && (q.Where == nil || q.Where.Match(e)) {
			hit = append(hit, i)
		}
	}
	slices.SortStableFunc(hit, func(a, b int) int { return compareTime(o.events[a].Time, o.events[b].Time) })
	if !q.Oldest {
		slices.Reverse(hit)
	}
	if q.Limit > 0 && len(hit) > q.Limit {
		hit = hit[:q.Limit]
	}
	out := make([]string, len(hit))
	for i, h := range hit {
		out[i] = show(&o.events[h])
	}
	return out
}

// count counts what scan finds.
func (o *oracle) count(q Query, step int64) map[int64][Classes]int64 {
	out := map[int64][Classes]int64{}
	for i := range o.events {
		e := &o.events[i]
		if q.Range.Has(e.Time) && (q.Where == nil || q.Where.Match(e)) {
			start := q.Origin + floorDiv(e.Time-q.Origin, step)*step
			c := out[start]
			c[e.Class]++
			out[start] = c
		}
	}
	return out
}

func show(e *Event) string {
	s := fmt.Sprintf("%d/%d", e.Time, e.Class)
	for _, f := range e.Fields {
		s += fmt.Sprintf(" %s=%d:%s", f.Name, f.Value.Kind, f.Value.Text())
	}
	return s
}

func collect(t *testing.T, s *Store, q Query) []string {
	t.Helper()
	var got []string
	for e, err := range s.Scan(t.Context(), q) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, show(e))
	}
	return got
}

var everything = store.TimeRange{From: 0, To: 1 << 62}

func openTest(t *testing.T, dir string, o Options) *Store {
	t.Helper()
	s, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// flush freezes the head and turns all frozen heads into parts.
func flush(t *testing.T, s *Store) {
	t.Helper()
	if err := s.lockTurn(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s.head.rows > 0 {
		if err := s.rotate(); err != nil {
			t.Fatal(err)
		}
	}
	<-s.turn
	for more := true; more; {
		var err error
		if more, err = s.flushOne(); err != nil {
			t.Fatal(err)
		}
	}
}

func mergeAll(t *testing.T, s *Store) {
	t.Helper()
	for more := true; more; {
		var err error
		if more, err = s.mergeOne(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func sealAll(t *testing.T, s *Store) {
	t.Helper()
	for more := true; more; {
		var err error
		if more, err = s.sealOne(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestScanAnswersLikeBruteForce asks the same of the engine, in every state
// that its events can be in, and of a list.
func TestScanAnswersLikeBruteForce(t *testing.T) {
	type env struct {
		s *Store
		o *oracle
		r *rand.Rand
	}
	add := func(t *testing.T, v *env, n int) {
		for n > 0 {
			batch := make([]Event, min(n, 1+v.r.IntN(40)))
			for i := range batch {
				batch[i] = randomEvent(v.r)
			}
			if err := v.s.Append(t.Context(), batch); err != nil {
				t.Fatal(err)
			}
			v.o.events = append(v.o.events, batch...)
			n -= len(batch)
		}
	}
	for name, fill := range map[string]func(*testing.T, *env){
		"head":    func(t *testing.T, v *env) { add(t, v, 5000) },
		"flushed": func(t *testing.T, v *env) { add(t, v, 3000); flush(t, v.s) },
		"mixed": func(t *testing.T, v *env) {
			add(t, v, 1000)
			flush(t, v.s)
			add(t, v, 1000)
			flush(t, v.s)
			add(t, v, 900)
		},
		"flushing": func(t *testing.T, v *env) { add(t, v, 900); v.s.rotate(); add(t, v, 900) },
		"merged": func(t *testing.T, v *env) {
			for range 2*mergeRun + 1 {
				add(t, v, 120)
				flush(t, v.s)
			}
			mergeAll(t, v.s)
			if n := len(v.s.parts); n != 6 {
				t.Errorf("got %d parts, want 6: three a day", n)
			}
			add(t, v, 100)
		},
		"sealed": func(t *testing.T, v *env) {
			for range mergeRun {
				add(t, v, 800)
				flush(t, v.s)
			}
			mergeAll(t, v.s)
			sealAll(t, v.s)
			if !slices.ContainsFunc(v.s.parts, func(p *part) bool { return p.sealed.Load() }) {
				t.Error("no part is sealed")
			}
			add(t, v, 100)
		},
		"reopened": func(t *testing.T, v *env) {
			add(t, v, 700)
			flush(t, v.s)
			add(t, v, 700)
			v.s.rotate()
			add(t, v, 700)
			v.s.Close()
			v.s = openTest(t, v.s.dir, v.s.o) // counted by app as before
			add(t, v, 300)
			flush(t, v.s)
			add(t, v, 100)
		},
		"counted by another field since": func(t *testing.T, v *env) {
			for _, by := range []string{"app", "service", "", "app"} {
				v.s.o.CountBy = by
				v.s.o.CountSame = []string{"origin", ""}[len(by)%2]
				v.s.o.Pairs.Number = []string{"d", "n"}[len(by)%2]
				for range mergeRun - 2 {
					add(t, v, 200)
					flush(t, v.s)
				}
				mergeAll(t, v.s)
				sealAll(t, v.s)
			}
			v.s.o.Pairs = testPairs
		},
	} {
		t.Run(name, func(t *testing.T) {
			v := &env{o: &oracle{}, r: rand.New(rand.NewPCG(7, uint64(len(name))))}
			v.s = openTest(t, t.TempDir(), Options{MaxBlockRows: 100, CountBy: "app", CountSame: "origin", Pairs: testPairs})
			fill(t, v)
			for range 60 {
				compare(t, v.s, v.o, v.r)
			}
		})
	}
}

func compare(t *testing.T, s *Store, o *oracle, r *rand.Rand) {
	t.Helper()
	q := Query{Range: everything, Where: randomExpr(r, 2), Oldest: r.IntN(2) == 0}
	if r.IntN(3) > 0 {
		q.Range.From = testDay + r.Int64N(600)*int64(time.Second)
		q.Range.To = q.Range.From + r.Int64N(300)*int64(time.Second)
	}
	if r.IntN(3) == 0 {
		q.Limit = 1 + r.IntN(50)
	}
	if r.IntN(8) == 0 {
		q.Where = nil
	}
	if got, want := collect(t, s, q), o.scan(q); !slices.Equal(got, want) {
		t.Fatalf("%#v: got %d events, want %d\ngot  %.300q\nwant %.300q", q, len(got), len(want), got, want)
	}
	if q.Range == everything {
		return
	}
	step := []time.Duration{time.Second * 7, time.Minute, 5 * time.Minute}[r.IntN(3)]
	q.Origin = []int64{0, q.Range.From, 30e9, -1, 1, 1 - 120e9}[r.IntN(6)]
	got, err := s.Count(t.Context(), q, step)
	if err != nil {
		t.Fatal(err)
	}
	q.Limit = 0
	want := o.count(q, int64(step))
	for _, b := range got {
		if b.Counts != want[b.Start] {
			t.Fatalf("%#v step %v at %d: got %v, want %v", q, step, b.Start, b.Counts, want[b.Start])
		}
		delete(want, b.Start)
	}
	if len(want) > 0 {
		t.Fatalf("%#v step %v: buckets missing: %v", q, step, want)
	}
	q.Fields = [][]string{{"status"}, {"msg", "took"}, {"service", "absent", "tags"}, {"app"}, {}}[r.IntN(5)]
	compareFold(t, s, o, q, step)
	compareTally(t, s, o, q)
}

// compareFold asks for events of which some stand for many.
func compareFold(t *testing.T, s *Store, o *oracle, q Query, step time.Duration) {
	t.Helper()
	seen := func(e *Event) string {
		key := fmt.Sprint(floorDiv(e.Time-q.Origin, int64(step)), " ", e.Class)
		for _, f := range e.Fields {
			if slices.Contains(q.Fields, f.Name) { // of a head, events have all
				key += fmt.Sprintf(" %s=%d:%s", f.Name, f.Value.Kind, f.Value.Text())
			}
		}
		return key
	}
	got, want := map[string]int64{}, map[string]int64{}
	if err := s.Fold(t.Context(), q, step, func(e *Event, n int64) error {
		got[seen(e)] += n
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for i := range o.events {
		if e := &o.events[i]; q.Range.Has(e.Time) && (q.Where == nil || q.Where.Match(e)) {
			want[seen(e)]++
		}
	}
	if !maps.Equal(got, want) {
		t.Fatalf("%#v in steps of %v: got %v, want %v", q, step, got, want)
	}
	if len(want) == 0 {
		return
	}
	enough := errors.New("enough")
	if err := s.Fold(t.Context(), q, step, func(*Event, int64) error { return enough }); !errors.Is(err, enough) {
		t.Fatalf("%#v: ended with %v", q, err)
	}
}

// TestScanWhileIngesting lets writers, the flusher and readers run together:
// what was acknowledged before a scan began is in it, in order, once.
func TestScanWhileIngesting(t *testing.T) {
	s := openTest(t, t.TempDir(), Options{MaxBlockRows: 200, HeadBytes: 64 << 10})
	ctx, stop := context.WithCancel(t.Context())
	var run, writers sync.WaitGroup
	run.Go(func() { s.Run(ctx) })
	defer run.Wait()
	defer stop()
	const perWriter, batch = 4000, 20
	var mu sync.Mutex
	acked := 0
	for w := range 3 {
		writers.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(w)))
			for i := 0; i < perWriter; {
				ev := make([]Event, batch)
				for j := range ev {
					ev[j] = randomEvent(r)
				}
				if err := s.Append(ctx, ev); err != nil {
					continue // both heads are full for the moment
				}
				i += batch
				mu.Lock()
				acked += batch
				mu.Unlock()
			}
		})
	}
	for got := 0; got < 3*perWriter; {
		mu.Lock()
		want := acked
		mu.Unlock()
		n, last := 0, int64(0)
		for e, err := range s.Scan(ctx, Query{Range: everything, Oldest: true}) {
			if err != nil {
				t.Fatal(err)
			}
			if e.Time < last {
				t.Fatal("out of order")
			}
			last = e.Time
			n++
		}
		if n < want {
			t.Fatalf("got %d events, %d were acknowledged before", n, want)
		}
		if n < got {
			t.Fatalf("got %d events, and %d before", n, got)
		}
		got = n
	}
	writers.Wait()
	if u := s.Usage(); u.Items != 3*perWriter || u.Accepted != 3*perWriter {
		t.Errorf("got %+v", u)
	}
}
