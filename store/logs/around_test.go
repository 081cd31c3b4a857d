package logs_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"tripod/store"
	"tripod/store/events"
	"tripod/store/logs"
)

// streamRecords are lines of a few senders, many at the same time, some alike.
func streamRecords(rnd *rand.Rand, n int) []store.Record {
	hosts := []*store.Resource{nil}
	for _, h := range []string{"a", "b"} {
		for _, level := range []string{"info", "error"} { // as pino-loki sends it
			hosts = append(hosts, &store.Resource{Attrs: store.Attrs{
				{Key: "host.name", Value: store.String(h)}, {Key: "level", Value: store.String(level)}, {Key: "n", Value: store.Int(int64(len(h)))},
			}})
		}
	}
	out := make([]store.Record, n)
	for i := range out {
		out[i] = store.Record{
			Time: scriptStart.UnixNano() + int64(i/20), Level: pick(rnd, []store.Level{9, 17}),
			Service: pick(rnd, []string{"", "api", "web"}), Resource: pick(rnd, hosts), Body: store.String(fmt.Sprint("line ", rnd.IntN(2))),
		}
	}
	rnd.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

func sender(r *store.Record) string {
	host := ""
	if r.Resource != nil {
		host = r.Resource.Attrs.Text("host.name")
	}
	return r.Service + "@" + host
}

// around is the oracle: the whole store, oldest first.
func around(all []store.Record, q store.LogAround) (before, after, newer []string, there bool) {
	var at []int
	for i := range all {
		if all[i].Time == q.Time && q.Is(&all[i]) {
			at = append(at, i)
		}
	}
	if len(at) <= q.Nth {
		return nil, nil, nil, false
	}
	line := at[len(at)-1-q.Nth]
	var stream []string
	var times []int64
	place := -1
	for i := range all {
		if sender(&all[i]) != sender(&all[line]) {
			continue
		}
		if i == line {
			place = len(stream)
		}
		stream, times = append(stream, normal(all[i])), append(times, all[i].Time)
	}
	last := min(len(stream)-1, place+q.After)
	for i := len(stream) - 1; i > last; i-- {
		if times[i] == times[last] {
			newer = append(newer, stream[i])
		}
	}
	return stream[max(0, place-q.Before):place], stream[place+1 : last+1], newer, true
}

func TestAroundIsTheStreamInItsOrder(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	second := 0
	records := streamRecords(rnd, 1000)
	inStates(t, records, func(t *testing.T, s *logs.Store) {
		var all []store.Record
		for r, err := range s.Search(context.Background(), store.LogQuery{Range: store.TimeRange{To: 1 << 62}, Oldest: true}) {
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, r)
		}
		if len(all) != len(records) {
			t.Fatalf("%d records, want %d", len(all), len(records))
		}
		for range 200 {
			line := pick(rnd, all)
			text := normal(line)
			q := store.LogAround{Time: line.Time, Is: func(r *store.Record) bool { return normal(*r) == text }, Nth: rnd.IntN(2), Before: rnd.IntN(30), After: rnd.IntN(30)}
			got, err := s.Around(context.Background(), q)
			before, after, newer, there := around(all, q)
			if !there && errors.Is(err, store.ErrNotFound) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			second += q.Nth
			if !slices.Equal(normals(got.Newer), newer) {
				t.Fatalf("around %s, newer: got %q, want %q", text, normals(got.Newer), newer)
			}
			if normal(got.Line) != text || !slices.Equal(normals(got.Before), before) || !slices.Equal(normals(got.After), after) {
				t.Fatalf("around %s:\n%d before, want %d: %q\nwant %q\n%d after, want %d: %q\nwant %q", text,
					len(got.Before), len(before), normals(got.Before), before, len(got.After), len(after), normals(got.After), after)
			}
		}
	})
	if second < 20 {
		t.Errorf("only %d lines had one alike: the test says little of them", second)
	}
}

func normals(list []store.Record) []string {
	var out []string
	for _, r := range list {
		out = append(out, normal(r))
	}
	return out
}

func TestAroundSaysWhatItCannot(t *testing.T) {
	s, _ := running(t, t.TempDir(), events.Options{})
	appendAll(t, s.Store, store.Record{Time: 5, Body: store.String("here")})
	never := func(*store.Record) bool { return false }
	if _, err := s.Around(context.Background(), store.LogAround{Time: 5, Is: never, Before: 1}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a line that is not there: %v", err)
	}
	if _, err := s.Around(context.Background(), store.LogAround{Time: 5, Is: never, After: logs.MaxAround + 1}); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("too many lines: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	any := func(*store.Record) bool { return true }
	if _, err := s.Around(ctx, store.LogAround{Time: 5, Is: any, Before: 1}); !errors.Is(err, context.Canceled) {
		t.Errorf("nobody waits: %v", err)
	}
}
