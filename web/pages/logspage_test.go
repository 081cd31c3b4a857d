package pages

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"tripod/store"
	"tripod/store/logs"
)

// crowded are lines of which many share a nanosecond and some all that they say.
func crowded(rnd *rand.Rand, n int) []store.Record {
	out := make([]store.Record, n)
	for i := range out {
		out[i] = line(0, store.LevelInfo, "s", fmt.Sprint("line ", rnd.IntN(3)))
		out[i].Time = noon.Add(-time.Minute).UnixNano() + int64(i/40)
	}
	return out
}

// keep is a real store with records in it.
func keep(t testing.TB, records []store.Record) *logs.Store {
	t.Helper()
	s, err := logs.Open(t.TempDir(), logs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := s.Append(context.Background(), records); err != nil {
		t.Fatal(err)
	}
	return s
}

// listing is a screen over a real store, and an address of it.
type listing struct {
	t *testing.T
	p *Pages
}

func newListing(t *testing.T, records []store.Record) listing {
	s := keep(t, records)
	p, err := New(Options{Logs: s, LogStream: s, LogTail: s, Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	return listing{t, p}
}

// page gives the ids of the rows at an address.
func (l listing) page(address string, rows int) (ids []string, page logPage) {
	l.t.Helper()
	a := l.p.logAsk(httptest.NewRequest("GET", address, nil))
	a.rows = rows
	page, err := l.p.listLogs(context.Background(), a)
	if err != nil {
		l.t.Fatalf("%s: %v", address, err)
	}
	for _, pl := range a.placesOf(page) {
		ids = append(ids, pl.String())
	}
	return ids, page
}

// walk follows the pages of a list in one direction, from a place on or, with
// none, from the top.
func (l listing) walk(address, from string, rows int, down bool) []string {
	var all []string
	for next := address + from; ; {
		ids, page := l.page(next, rows)
		switch {
		case len(ids) == 0:
			return all
		case down:
			all = append(all, ids...)
			next = address + "&cursor=" + ids[len(ids)-1]
			if !page.below {
				return all
			}
		default:
			all = append(ids, all...)
			next = address + "&before=" + ids[0]
			if !page.above {
				return all
			}
		}
	}
}

func TestPagesOfAListFitTogether(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	l := newListing(t, crowded(rnd, 400))
	for _, address := range []string{"/logs?q=line", "/logs?sort=oldest"} {
		all, page := l.page(address, 1000)
		if len(all) != 400 || page.above || page.below {
			t.Fatalf("%s: %d rows, above %v, below %v", address, len(all), page.above, page.below)
		}
		if sorted := slices.Compact(slices.Sorted(slices.Values(all))); len(sorted) != len(all) {
			t.Errorf("%s: %d names for %d rows", address, len(sorted), len(all))
		}
		for _, rows := range []int{1, 7, 60} {
			if got := l.walk(address, "", rows, true); !slices.Equal(got, all) {
				t.Errorf("%s in pages of %d: %d rows, want %d", address, rows, len(got), len(all))
			}
		}
		for range 40 {
			i := rnd.IntN(len(all))
			rows := 1 + rnd.IntN(70)
			got, page := l.page(address+"&before="+all[i], rows)
			from := max(0, i-rows)
			if !slices.Equal(got, all[from:i]) || page.above != (from > 0) {
				t.Fatalf("%s, %d before %s: got %q, above %v; want %q", address, rows, all[i], got, page.above, all[from:i])
			}
			got, page = l.page(address+"&sel="+all[i], 100)
			from = max(0, i-logLead)
			if !slices.Equal(got, all[from:min(len(all), from+100)]) || page.above != (from > 0) {
				t.Fatalf("%s at row %d: got %d rows from %s, above %v; want from row %d", address, i, len(got), got[0], page.above, from)
			}
		}
	}
}

// A place whose line is gone is where it would stand.
func TestPagesGoOnWhereALineIsGone(t *testing.T) {
	l := newListing(t, crowded(rand.New(rand.NewPCG(3, 4)), 100))
	all, _ := l.page("/logs?", 1000)
	gone := place{at: parsePlace(all[50]).at, hash: "0123456789"}.String()
	got, _ := l.page("/logs?cursor="+gone, 5)
	if len(got) != 5 || parsePlace(got[0]).at != parsePlace(all[50]).at || !slices.Contains(all[:51], got[0]) {
		t.Errorf("behind a line that is gone: %q", got)
	}
	if got, page := l.page("/logs?sel="+gone, 5); !slices.Equal(got, all[:5]) || page.above {
		t.Errorf("at a line that is gone: %q", got)
	}
}

func TestSurroundingsFitTogether(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	records := crowded(rnd, 300)
	for i := range records {
		if i%3 == 0 {
			records[i].Service = "other"
		}
	}
	l := newListing(t, records)
	for _, sort := range []string{"", "&sort=oldest"} {
		var all []string // of the stream; oldest first counts lines that are alike from the newest as well
		newest, _ := l.page("/logs?q=service:s", 1000)
		if all = newest; sort != "" {
			slices.Reverse(all)
		}
		for range 30 {
			i := rnd.IntN(len(all))
			address := "/logs?q=nothing-of-it&around=" + all[i] + sort
			got, page := l.page(address, 20)
			from, to := max(0, i-aroundRows), min(len(all), i+aroundRows+1)
			if !slices.Equal(got, all[from:to]) || page.above != (from > 0) || page.below != (to < len(all)) {
				t.Fatalf("%s: got %d rows, above %v, below %v; want rows %d to %d", address, len(got), page.above, page.below, from, to)
			}
			up := l.walk(address, "&before="+got[0], 20, false)
			down := l.walk(address, "&cursor="+got[len(got)-1], 20, true)
			if whole := slices.Concat(up, got, down); !slices.Equal(whole, all) {
				t.Fatalf("%s: %d rows in front, %d behind, %d in all; want %d", address, len(up), len(down), len(whole), len(all))
			}
		}
	}
}

func TestPlacesAreReadBack(t *testing.T) {
	for _, pl := range []place{{at: 1, hash: "0123456789"}, {at: 1773316799000000001, hash: "abcdefabcd", nth: 12}} {
		if got := parsePlace(pl.String()); got != pl {
			t.Errorf("%+v is read back as %+v", pl, got)
		}
	}
	for _, s := range []string{"", "l", "l1", "l1-", "l1-012345678", "1-0123456789", "l-1-0123456789", "l1-0123456789-", "l1-0123456789-0", "l1-0123456789-9999999", "l1-0123456789-1x", "l01-0123456789"} {
		if got := parsePlace(s); !got.zero() {
			t.Errorf("%q names %+v", s, got)
		}
	}
}
