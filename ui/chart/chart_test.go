package chart

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
)

var update = flag.Bool("update", false, "rewrite testdata")

func golden(t *testing.T, name string, c templ.Component) {
	t.Helper()
	var buf bytes.Buffer
	if err := c.Render(context.Background(), &buf); err != nil {
		t.Fatal(err)
	}
	got := strings.ReplaceAll(buf.String(), "><", ">\n<") + "\n"
	path := filepath.Join("testdata", name+".html")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; run with -update and read the diff\ngot:\n%s", path, got)
	}
}

var nan = math.NaN()

func TestCharts(t *testing.T) {
	from := time.Date(2026, 3, 12, 13, 32, 0, 0, time.UTC)
	frame := Frame{Label: "Log lines per 15 min by level", Height: 64, Left: 34, From: from.UnixNano(), To: from.Add(time.Hour).UnixNano(), Brush: true}
	starts := make([]int64, 5)
	for i := range starts { // aligned to the step, so the first begins before the range
		starts[i] = from.Add(time.Duration(i)*15*time.Minute - 2*time.Minute).UnixNano()
	}
	golden(t, "bars", BarChart(Bars{Frame: frame, Starts: starts, Step: 15 * time.Minute, Stacks: []Stack{
		{Class: "k-info", Values: []float64{100, 1200, 0, 800, 20}},
		{Class: "k-err", Values: []float64{0, 1, 0, 400}},
	}}))
	frame.Marks = []Mark{{At: from.Add(30 * time.Minute).UnixNano(), Text: "deploy 1.18.0"}}
	golden(t, "lines", LineChart(Lines{Frame: frame, Series: []Line{{Class: "c1", Values: []float64{1, 2, nan, 4, nan, 3, 3}, Fill: true}, {Class: "c2", Dash: true, Values: []float64{0, 0}}}}))
	golden(t, "points", PointChart(Points{Frame: frame, Log: true, Min: 0.001, Max: 10, Points: []Point{
		{At: from.Add(6 * time.Minute).UnixNano(), Y: 0.1, Class: "k-err", Title: "1.41 s", Href: "/traces/7f"},
		{At: from.Add(90 * time.Minute).UnixNano(), Y: 0, Class: "k-mute"},
	}}))
	golden(t, "spark", Spark([]float64{nan, 1, 2, 0}, "c2", 20, 0))
	golden(t, "empty", BarChart(Bars{Frame: Frame{Label: "nothing", Height: 64}}))
}

func TestFormats(t *testing.T) {
	cases := map[string]struct{ got, want string }{
		"number":               {Number(41.23), "41.2"},
		"number, small":        {Number(0.0421), "0.0421"},
		"number, whole":        {Number(3), "3"},
		"number, trimmed":      {Number(4.2), "4.2"},
		"number, thousands":    {Number(142060), "142,060"},
		"number, to 1,000":     {Number(999.7), "1,000"},
		"number, negative":     {Number(-18), "−18"},
		"number, none":         {Number(nan), Dash},
		"number, tiny":         {Number(1e-9), "1e-09"},
		"brief":                {Brief(0.904), "0.9"},
		"brief, below 0.1":     {Brief(0.0475), "0.05"},
		"brief, large":         {Brief(1410.4), "1,410"},
		"count":                {Count(-1234567), "−1,234,567"},
		"tick":                 {Tick(1500), "1.5k"},
		"tick, millions":       {Tick(3e6), "3M"},
		"tick, fraction":       {Tick(0.25), "0.25"},
		"duration, µs":         {Duration(400 * time.Microsecond).String(), "400 µs"},
		"duration, ms":         {Duration(38 * time.Millisecond).String(), "38 ms"},
		"duration, s":          {Duration(1410 * time.Millisecond).String(), "1.41 s"},
		"duration, min":        {Duration(130 * time.Second).String(), "2 min 10 s"},
		"duration, h":          {Duration(185 * time.Minute).String(), "3 h 5 min"},
		"duration, days":       {Duration(41 * 24 * time.Hour).String(), "41 days"},
		"duration, to 1,000":   {Duration(999600 * time.Nanosecond).String(), "1 ms"},
		"bytes":                {Bytes(96000).String(), "96 KB"},
		"bytes, one digit":     {Bytes(6.23e9).String(), "6.2 GB"},
		"bytes, few":           {Bytes(312).String(), "312 B"},
		"percent":              {Percent(0.042).String(), "4.2 %"},
		"percent from 10":      {Percent(0.184).String(), "18 %"},
		"percent, none":        {Percent(0).String(), "0 %"},
		"percent, not quite 0": {Percent(0.0002).String(), "< 0.1 %"},
		"change up":            {Change(112, 100), "+12 %"},
		"change down":          {Change(82, 100), "−18 %"},
		"change, many times":   {Change(1400, 100), "×14"},
		"change, new":          {Change(3, 0), "new"},
	}
	for name, c := range cases {
		if c.got != c.want {
			t.Errorf("%s: got %q, want %q", name, c.got, c.want)
		}
	}
}

func TestTimes(t *testing.T) {
	now := time.Date(2026, 3, 12, 14, 32, 7, 0, time.UTC) // a Thursday
	at := func(d time.Duration) time.Time { return now.Add(-d) }
	day := 24 * time.Hour
	cases := map[string]struct{ got, want string }{
		"same day":         {When(at(26*time.Minute), now), "14:06"},
		"within the week":  {When(at(2*day), now), "Tue 14:32"},
		"a week ago":       {When(at(7*day), now), "5 Mar"},
		"another year":     {When(at(100*day), now), "2 Dec 2025"},
		"range":            {Between(at(time.Hour), now, now), "13:32 – 14:32"},
		"range of days":    {Between(at(9*day), now, now), "3 Mar 14:32 – 14:32"},
		"range of seconds": {Between(at(30*time.Second), now, now), "14:31:37 – 14:32:07"},
		"log line":         {Clock(time.Date(2026, 3, 12, 14, 19, 58, 412e6, time.UTC)), "14:19:58.412"},
		"age":              {Age(18*time.Minute + 40*time.Second), "18 min"},
	}
	for name, c := range cases {
		if c.got != c.want {
			t.Errorf("%s: got %q, want %q", name, c.got, c.want)
		}
	}
}

func TestAxisTopIsRoundAndHoldsTheMaximum(t *testing.T) {
	for _, v := range []float64{0.003, 0.9, 1, 1.1, 7, 2410, 3e9} {
		top := Top(v)
		if top < v || top > 2.01*v {
			t.Errorf("Top(%g): got %g", v, top)
		}
	}
	if Top(0) != 1 || Top(nan) != 1 {
		t.Error("an axis without data must still have a top")
	}
}

func TestTicksAreRoundTimesInside(t *testing.T) {
	from := time.Date(2026, 3, 12, 13, 32, 7, 0, time.UTC)
	for _, width := range []time.Duration{time.Minute, time.Hour, 6 * time.Hour, 30 * 24 * time.Hour} {
		ticks := TimeTicks(from.UnixNano(), from.Add(width).UnixNano(), 6)
		if len(ticks) == 0 || len(ticks) > 7 {
			t.Errorf("%s: got %d ticks", width, len(ticks))
		}
		for _, tick := range ticks {
			if tick.At <= 0 || tick.At >= 1 {
				t.Errorf("%s: %s lies at %g", width, tick.Text, tick.At)
			}
		}
	}
	if got := TimeTicks(from.UnixNano(), from.Add(time.Hour).UnixNano(), 6)[0].Text; got != "13:40" {
		t.Errorf("got %s, want 13:40", got)
	}
}

func FuzzNumbersHaveNoExponentAndNoPanic(f *testing.F) {
	for _, v := range []float64{0, 1, -1, 999.5, 1e15, 1e-3, math.Inf(1), nan} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v float64) {
		Tick(v)
		Bytes(v)
		Percent(v)
		if s := Number(v); math.Abs(v) >= 0.001 && strings.ContainsAny(s, "e+") {
			t.Errorf("%g: got %s", v, s)
		}
	})
}

func TestNiceAxesHoldTheirEnds(t *testing.T) {
	for _, c := range []struct {
		lo, hi float64
		want   string
	}{
		{0, 1.58, "[0 0.5 1 1.5 2]"}, {0, 97, "[0 20 40 60 80 100]"}, {-3, 10, "[-5 0 5 10]"}, {0, 0, "[0 0.5 1]"},
		{0, 1e-9, "[0 2e-10 4e-10 6e-10 8e-10 1e-09]"}, {5, math.Inf(1), "[5 5.5 6]"},
	} {
		if got := fmt.Sprint(rounded(Nice(c.lo, c.hi, 5))); got != c.want {
			t.Errorf("%v to %v: got %s, want %s", c.lo, c.hi, got, c.want)
		}
	}
	for _, c := range []struct {
		lo, hi float64
		want   string
	}{{1, 100, "[1 2 5 10 20 50 100]"}, {0.02, 3e9, "[0.01 1 100 10000 1e+06 1e+08 1e+10]"}, {7, 7, "[1 2 5 10]"}} {
		if got := fmt.Sprint(rounded(Decades(c.lo, c.hi))); got != c.want {
			t.Errorf("log %v to %v: got %s, want %s", c.lo, c.hi, got, c.want)
		}
	}
}

func rounded(v []float64) []float64 {
	for i := range v {
		v[i], _ = strconv.ParseFloat(strconv.FormatFloat(v[i], 'g', 6, 64), 64)
	}
	return v
}

func TestABandIsBetweenItsLines(t *testing.T) {
	nan := math.NaN()
	if got, want := band([]float64{2, 4, nan, 1, 1}, []float64{1, 1, 1, 0, nan}, 4, 8), "M0 4L250 0L250 6L0 6ZM750 6L750 8Z"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestHeatCells(t *testing.T) {
	h := Heat{Frame: Frame{Height: 10, To: 4}, Starts: []int64{0, 2}, Step: 2, Rows: [][]float64{{0, 100}, {1, math.NaN()}}}
	got := h.paths()
	if got[5] != "M500 5h500v5h-500z" || got[0] != "M0 0h500v5h-500z" {
		t.Errorf("got %q", got)
	}
}

// A value between gaps can be seen, and stays in its plot.
func TestALoneValueIsAStroke(t *testing.T) {
	for name, c := range map[string]struct {
		values []float64
		want   string
	}{
		"in the middle": {[]float64{nan, 5, nan}, "M500 50h12"},
		"at the start":  {[]float64{5, nan, nan}, "M0 50h12"},
		"at the end":    {[]float64{nan, nan, 5}, "M988 50h12"},
		"not alone":     {[]float64{nan, 5, 5}, "M500 50L1000 50"},
	} {
		if got := line(c.values, 10, 100); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
