package pages

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"tripod/store"
)

func stateOf(t *testing.T, target string) State {
	t.Helper()
	p, err := New(Options{Now: func() time.Time { return halfPastTwo }})
	if err != nil {
		t.Fatal(err)
	}
	return p.state(httptest.NewRequest(http.MethodGet, target, nil))
}

func TestParseTime(t *testing.T) {
	cases := map[string]struct {
		in   string
		want time.Time
	}{
		"now":               {"now", halfPastTwo},
		"an hour ago":       {"now-1h", halfPastTwo.Add(-time.Hour)},
		"units together":    {"now-2h30m", halfPastTwo.Add(-150 * time.Minute)},
		"days":              {"now-7d", halfPastTwo.Add(-168 * time.Hour)},
		"ahead":             {"now+5m", halfPastTwo.Add(5 * time.Minute)},
		"ahead, unescaped":  {"now 5m", halfPastTwo.Add(5 * time.Minute)},
		"Unix ms":           {"1773325920000", time.Date(2026, 3, 12, 14, 32, 0, 0, time.UTC)},
		"Unix s":            {"1773325920", time.Date(2026, 3, 12, 14, 32, 0, 0, time.UTC)},
		"RFC 3339":          {"2026-03-12T15:32:00+01:00", halfPastTwo},
		"date and time":     {"2026-03-12 13:32:10", time.Date(2026, 3, 12, 13, 32, 10, 0, time.UTC)},
		"time of day":       {"14:06", time.Date(2026, 3, 12, 14, 6, 0, 0, time.UTC)},
		"date":              {"2026-03-01", time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)},
		"with space around": {" now-15m ", halfPastTwo.Add(-15 * time.Minute)},
	}
	for name, c := range cases {
		got, err := ParseTime(c.in, halfPastTwo)
		if err != nil || !got.Equal(c.want) {
			t.Errorf("%s: %q: got %v, %v, want %v", name, c.in, got, err, c.want)
		}
	}
	for _, bad := range []string{"", "yesterday", "now-", "now-1x", "now1h", "now-99999999h", "1e3", "9223372036854775807", "-1", "2026-13-01"} {
		if got, err := ParseTime(bad, halfPastTwo); err == nil {
			t.Errorf("%q: got %v, want an error", bad, got)
		}
	}
}

func FuzzParseTime(f *testing.F) {
	for _, s := range []string{"now-1h", "now-1.5d", "1773325920000", "14:06", "2026-03-12T14:32:00Z", "now-0.0000001ms"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := ParseTime(s, halfPastTwo)
		if err == nil && (got.Year() < 1900 || got.Year() > 2200) {
			t.Errorf("%q: got %v", s, got)
		}
	})
}

func TestStateReadsTheAddress(t *testing.T) {
	st := stateOf(t, "/logs?from=now-6h&service=b&service=a&service=b&q=level%3Aerror&refresh=30&view=patterns&cols=x&cols=y")
	if st.Range != store.Between(halfPastTwo.Add(-6*time.Hour), halfPastTwo) {
		t.Errorf("range: got %v", st.Range)
	}
	if got := strings.Join(st.Services, " "); got != "b a" {
		t.Errorf("services: got %s", got)
	}
	if st.Query != "level:error" || st.Refresh != 30*time.Second || st.View != "patterns" || len(st.Cols) != 2 || len(st.Problems) != 0 {
		t.Errorf("got %+v", st)
	}
	carry := st.Carry()
	if got := carry.Href("/traces"); got != "/traces?from=now-6h&refresh=30&service=b&service=a" {
		t.Errorf("carry: got %s", got)
	}
	if got := st.With("q", "", "view", "lines"); strings.Contains(got, "q=") || !strings.Contains(got, "view=lines") || !strings.Contains(st.Self(), "q=") {
		t.Errorf("with: got %s", got)
	}
}

func TestAYoungApplianceShowsItsMinutes(t *testing.T) {
	cases := map[string]struct {
		target string
		age    time.Duration
		want   string
	}{
		"seconds old":        {"/", 20 * time.Second, "now-5m"},
		"minutes old":        {"/", 10 * time.Minute, "now-15m"},
		"an hour old":        {"/", time.Hour, "now-1h"},
		"a range was chosen": {"/?from=now-6h", 20 * time.Second, "now-6h"},
		"an end was chosen":  {"/?to=now-10m", 20 * time.Second, "now-1h"},
		"nothing is kept":    {"/", -1, "now-1h"},
	}
	for name, c := range cases {
		p, err := New(Options{Now: func() time.Time { return halfPastTwo }, Oldest: func() time.Time {
			if c.age < 0 {
				return time.Time{}
			}
			return halfPastTwo.Add(-c.age)
		}})
		if err != nil {
			t.Fatal(err)
		}
		if got := p.state(httptest.NewRequest(http.MethodGet, c.target, nil)).From; got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

func TestAnAddressThatCannotBeReadGivesTheLastHour(t *testing.T) {
	for _, target := range []string{"/?from=gibberish", "/?from=now&to=now-1h", "/?from=now-1h&to=never", "/?from=now&to=now"} {
		st := stateOf(t, target)
		if st.Range != store.Between(halfPastTwo.Add(-time.Hour), halfPastTwo) || len(st.Problems) != 1 {
			t.Errorf("%s: got %v, %q", target, st.Range, st.Problems)
		}
	}
	if st := stateOf(t, "/?q="+strings.Repeat("a", maxValue+1)); st.Query != "" || len(st.Problems) != 1 {
		t.Errorf("a parameter without bound was taken: %q", st.Problems)
	}
}

func TestTheTimeControlMovesByTheWidthOfTheRange(t *testing.T) {
	from, to := halfPastTwo.Add(-3*time.Hour), halfPastTwo.Add(-2*time.Hour)
	st := stateOf(t, "/logs?q=x&from="+unixMS(from)+"&to="+unixMS(to))
	pick := st.pick()
	cases := map[string]struct{ got, want string }{
		"earlier":  {pick.Earlier, "/logs?from=" + unixMS(from.Add(-time.Hour)) + "&q=x&to=" + unixMS(to.Add(-time.Hour))},
		"later":    {pick.Later, "/logs?from=" + unixMS(from.Add(time.Hour)) + "&q=x&to=" + unixMS(to.Add(time.Hour))},
		"zoom out": {pick.ZoomOut, "/logs?from=" + unixMS(from.Add(-30*time.Minute)) + "&q=x&to=" + unixMS(to.Add(30*time.Minute))},
		"label":    {pick.Label, "11:32 – 12:32"},
	}
	for name, c := range cases {
		if c.got != c.want {
			t.Errorf("%s: got %s, want %s", name, c.got, c.want)
		}
	}
	moving := stateOf(t, "/logs?from=now-1h")
	if got := moving.pick().Later; got != "/logs?from=now-1h" {
		t.Errorf("later than now: got %s, want the range that follows the clock", got)
	}
	if got := moving.pick().ZoomOut; got != "/logs?from=now-2h" {
		t.Errorf("zoom out at now: got %s", got)
	}
}

func unixMS(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }
