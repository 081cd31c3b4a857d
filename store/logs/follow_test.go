package logs_test

import (
	"context"
	"errors"
	"testing"

	"tripod/store"
	"tripod/store/logs"
)

func follow(t *testing.T, s *logs.Store, text string) *logs.Follower {
	t.Helper()
	n, err := logs.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	f, err := s.Follow(n)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return f
}

func said(words ...string) []store.Record {
	var list []store.Record
	for i, w := range words {
		list = append(list, store.Record{Time: scriptStart.UnixNano() + int64(i), Body: store.String(w)})
	}
	return list
}

func TestFollowersSeeWhatIsKept(t *testing.T) {
	s := open(t, t.TempDir())
	f, gone := follow(t, s, "pool"), follow(t, s, "*")
	gone.Close()
	batch := said("pool a", "other", "pool b")
	if err := s.Append(context.Background(), batch); err != nil {
		t.Fatal(err)
	}
	batch[0].Body = store.String("used again")
	for _, want := range []string{"pool a", "pool b"} {
		if r := <-f.Records; r.Message() != want {
			t.Errorf("got %q, want %q", r.Message(), want)
		}
	}
	if len(f.Records) > 0 || len(gone.Records) > 0 {
		t.Errorf("%d and %d records are left", len(f.Records), len(gone.Records))
	}
}

func TestSlowFollowersLoseAndAreTold(t *testing.T) {
	s := open(t, t.TempDir())
	f := follow(t, s, "*")
	sent := 0
	for range 20 {
		batch := said(make([]string, 100)...)
		if err := s.Append(context.Background(), batch); err != nil {
			t.Fatal(err)
		}
		sent += len(batch)
	}
	if lost := f.Dropped(); int(lost)+len(f.Records) != sent || lost == 0 {
		t.Errorf("%d lost and %d waiting of %d", lost, len(f.Records), sent)
	}
	if lost := f.Dropped(); lost != 0 {
		t.Errorf("%d lost again", lost)
	}
}

func TestFollowersAreBounded(t *testing.T) {
	s := open(t, t.TempDir())
	for range 64 {
		follow(t, s, "*")
	}
	if _, err := s.Follow(logs.All{}); !errors.Is(err, store.ErrOverloaded) {
		t.Errorf("got %v, want that it is overloaded", err)
	}
}
