package events

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tripod/store"
)

// serviceEvents are lines of a service and their members, as a log store keeps
// them.
func serviceEvents(r *rand.Rand, n int) []Event {
	var ev []Event
	id := ""
	for i := range n {
		at := testDay + int64(i)*7e6
		if i%4 == 0 {
			id = fmt.Sprintf("%08x-%04x-4%03x-a%03x-%012x", r.Uint32(), r.IntN(1<<16), r.IntN(1<<12), r.IntN(1<<12), r.Uint64N(1<<48))
		}
		msg := []string{
			fmt.Sprintf("took %d ms for user u_%d of dead-beef", r.IntN(900), r.IntN(50)), "Connection refused", fmt.Sprintf("read %d of %d: ok", r.IntN(9), r.IntN(9)),
			"dead-" + id, id + "-beef done", "Request X" + strings.ToUpper(id), "İs 5 K\u212aeLvin",
		}[r.IntN(7)]
		trace := fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64())
		took, status := float64(r.IntN(90_000))/1000, int64(200+r.IntN(4))
		line := fmt.Sprintf(`{"level":"info","time":%d,"msg":"%s","reqId":"%s","trace_id":"%s","status":%d,"took":%.3f,"tags":["a b","c%d"]}`, at/1e6, msg, id, trace, status, took, i%3)
		e := Event{Time: at, Class: uint8(r.IntN(3)), Fields: []Field{{"msg", store.String(msg)}, {"trace", store.String(trace)}, {"reqId", store.String(id)},
			{"status", store.Int(status)}, {"took", store.Float(took)}}}
		if i%9 == 0 {
			e.Fields = append(e.Fields[1:2:2], e.Fields[3:]...)
		}
		e.Fields = append(e.Fields, Field{"raw", store.String(line)}, Field{"said", store.String(fmt.Sprint(msg, " ", i))})
		ev = append(ev, e)
	}
	return ev
}

// cut is a piece of a random event's text, sometimes bent.
func cut(r *rand.Rand, ev []Event) string {
	e := &ev[r.IntN(len(ev))]
	text := e.Fields[r.IntN(len(e.Fields))].Value.Text()
	if text == "" {
		return "x"
	}
	if len(text) < 40 && r.IntN(3) == 0 {
		return text
	}
	from := r.IntN(len(text))
	to := from + 1 + r.IntN(min(len(text)-from, 1+r.IntN(40)))
	piece := text[from:to]
	if r.IntN(5) == 0 {
		piece = piece[1:] + "7"
	}
	return piece
}

const batchOfFew = 5

// batchesOf are events in batches of so many.
func batchesOf(t *testing.T, ev []Event, n int) (batches []*batch) {
	t.Helper()
	var m lineMemory
	w := newBatchWriter()
	for part := range slices.Chunk(ev, n) {
		w.reset(&m)
		for i := range part {
			if err := w.add(&part[i]); err != nil {
				t.Fatal(err)
			}
		}
		batches = append(batches, w.frame().batch)
	}
	return batches
}

// TestFindAgreesWithMatch holds what is found by columns against what each
// event says for itself.
func TestFindAgreesWithMatch(t *testing.T) {
	for seed := range uint64(25) {
		r := rand.New(rand.NewPCG(seed, 4))
		ev := serviceEvents(r, 300)
		for i := range ev {
			if seed%2 == 0 && r.IntN(12) == 0 {
				e := pinoEvent(r, ev[i].Time)
				e.Time = ev[i].Time
				ev[i] = e.Clone()
			}
		}
		batches := batchesOf(t, ev, batchOfFew)
		b, build := blockOf(t, ev)
		filter, err := readFilter(build.filter.append(nil, &build.keys))
		if err != nil {
			t.Fatal(err)
		}
		for range 150 {
			text := cut(r, ev)
			names := [][]string{nil, {"raw"}, {"msg", "trace"}, {"reqId"}, {"said"}}[r.IntN(5)]
			quoted := regexp.QuoteMeta(strings.ToValidUTF8(text, "?"))
			x := []Expr{
				Word{names, text}, Phrase{names, text}, Substring{names, text, false}, Substring{names, text, true},
				Regexp{names, regexp.MustCompile(quoted + `[a-z0-9]+`)}, Equal{"msg", text}, Equal{"reqId", text},
				Regexp{names, regexp.MustCompile(`(?i)` + quoted)},
				Any{Test: func(v store.Value) bool { return strings.Contains(v.Text(), text) }},
			}[r.IntN(9)]
			if r.IntN(4) == 0 {
				x = Not{x}
			}
			f := newFilter(x)
			if err := f.enter(b, 0, b.len()); err != nil {
				t.Fatal(err)
			}
			sharp := compile(sharpen(x))
			may := f.plan.may(func(k planKey) bool { return filter.Contains(k.hash) || k.within(b.meta) })
			for i := range ev {
				want := x.Match(&ev[i])
				if got := f.hits.has(i); got != want {
					t.Fatalf("seed %d, %#v on row %d: got %v, want %v\n%s", seed, x, i, got, want, show(&ev[i]))
				}
				if bt := batches[i/batchOfFew]; want && !(f.root.mayBeIn(bt) && sharp.mayBeIn(bt)) {
					t.Fatalf("seed %d, %#v matches row %d, and is not seen in the bytes of its batch\n%s", seed, x, i, show(&ev[i]))
				}
				if want && !may {
					t.Fatalf("seed %d, %#v matches row %d, and the filter says no\n%s", seed, x, i, show(&ev[i]))
				}
			}
		}
	}
}

// TestFindsOneOfIDs asks for ids of any form among ids of rows that share them.
func TestFindsOneOfIDs(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	form := func(n uint64) string {
		hex := fmt.Sprintf("%016x%016x", n*0x9e3779b97f4a7c15, n)
		switch n % 9 {
		case 0:
			return strings.ToUpper(hex)
		case 1:
			return hex[:16]
		case 2:
			return "trace " + hex
		case 3:
			return fmt.Sprintf("%s-%s-%s-%s-%s", hex[:8], hex[8:12], hex[12:16], hex[16:20], hex[20:])
		}
		return hex
	}
	for _, forms := range []uint64{1, 9} { // of one form a block keeps bytes alone
		s := openTest(t, t.TempDir(), Options{MaxBlockRows: 500})
		o := &oracle{}
		for i := range 4000 {
			e := Event{Time: testDay + int64(i)*1e6}
			if n := uint64(i/20 + r.IntN(30)); forms > 1 || i%7 > 0 {
				e.Fields = []Field{{"id", store.String(form(9*n/forms + 4*(2-min(forms, 2))))}}
			}
			o.events = append(o.events, e)
		}
		if err := s.Append(t.Context(), o.events); err != nil {
			t.Fatal(err)
		}
		flush(t, s)
		for range 60 {
			texts := map[string]bool{"": true, "zz": true, "abc": true, form(1 << 40): true}
			for range r.IntN(40) {
				id := o.events[r.IntN(len(o.events))]
				if v, ok := id.Get("id"); ok {
					texts[v.Str()] = true
					texts[strings.ToUpper(v.Str())] = r.IntN(2) == 0
				}
			}
			q := Query{Range: everything, Where: And{OneOf{"id", texts}, Not{OneOf{"id", map[string]bool{form(uint64(r.IntN(200))): true}}}}}
			if got, want := collect(t, s, q), o.scan(q); !slices.Equal(got, want) {
				t.Fatalf("%d forms: found %d, want %d", forms, len(got), len(want))
			}
		}
	}
}
