package logs_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"tripod/store"
	"tripod/store/logs"
)

// compareOracle counts of one side, in the plainest way, the lines that have
// each value and each pattern; values of a field, under the name that people
// ask for, count once a line.
func compareOracle(t *testing.T, records []store.Record, queries ...store.LogQuery) (lines int64, of map[[2]string]int64) {
	of = map[[2]string]int64{}
	for _, q := range queries {
		n, err := logs.Parse(strings.TrimSpace(q.Text + " " + q.Narrow))
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			if !q.Range.Has(r.Time) || !oracle(n, &r) {
				continue
			}
			lines++
			of[[2]string{"level", r.Level.Word()}]++
			of[[2]string{"", logs.ShapeText(r.Message())}]++
			if r.Service != "" {
				of[[2]string{"service", r.Service}]++
			}
			for _, a := range r.Attrs {
				of[[2]string{a.Key, a.Value.Text()}]++
			}
			if r.Resource != nil {
				for _, a := range r.Resource.Attrs {
					of[[2]string{a.Key, a.Value.Text()}]++
				}
			}
		}
	}
	return lines, of
}

// compareRecords change after half of the time: errors come, a host goes, and a
// field becomes another; the host stands now in the record, now in its resource.
func compareRecords() []store.Record {
	rnd := rand.New(rand.NewPCG(7, 9))
	var out []store.Record
	for i := range 600 {
		r := store.Record{Time: scriptStart.UnixNano() + int64(i)*int64(time.Second), Level: store.LevelInfo, Service: pick(rnd, []string{"api", "api", "web"})}
		r.Body = store.String(fmt.Sprintf("request %d done", rnd.IntN(1000)))
		r.Attrs = store.Attrs{{Key: "host", Value: store.String(fmt.Sprint("h", rnd.IntN(3)))}, {Key: "coin", Value: store.String(fmt.Sprint(rnd.IntN(2)))}, {Key: "status", Value: store.Int(200)}}
		switch late := i >= 300; {
		case late && rnd.IntN(4) == 0:
			r.Level, r.Body = store.LevelError, store.String(fmt.Sprintf("no answer after %dms", rnd.IntN(1000)))
			r.Attrs[2].Value = store.Int(503)
			r.Attrs = append(r.Attrs, store.Attr{Key: "retry", Value: store.Bool(true)})
		case !late && rnd.IntN(3) == 0:
			r.Attrs[0].Value = store.String("old")
		}
		if i%5 > 2 { // of some, the sender says so
			r.Resource = &store.Resource{Attrs: r.Attrs[:1:1]}
			r.Attrs = r.Attrs[1:]
		}
		out = append(out, r)
	}
	return out
}

func TestCompareCountsAsTheOracleDoes(t *testing.T) {
	records := compareRecords()
	half := scriptStart.Add(300 * time.Second)
	end := scriptStart.Add(600 * time.Second)
	late, early := store.Between(half, end), store.Between(scriptStart, half)
	cases := map[string]store.CompareQuery{
		"against before":        {LogQuery: store.LogQuery{Range: late}, With: []store.LogQuery{{Range: early}}},
		"of a query":            {LogQuery: store.LogQuery{Range: late, Text: "service:api"}, With: []store.LogQuery{{Range: early, Text: "service:api"}}},
		"of a narrowed query":   {LogQuery: store.LogQuery{Range: late, Narrow: "service:web"}, With: []store.LogQuery{{Range: early, Narrow: "service:web"}}},
		"against what is aside": {LogQuery: store.LogQuery{Range: store.Between(half, half.Add(100*time.Second))}, With: []store.LogQuery{{Range: early}, {Range: store.Between(half.Add(100*time.Second), end)}}},
		"against all":           {LogQuery: store.LogQuery{Range: late, Text: "level:error"}, With: []store.LogQuery{{Range: late}}, Within: true},
	}
	inStates(t, records, func(t *testing.T, s *logs.Store) {
		for name, q := range cases {
			q.Top = 1000
			got, err := s.Compare(context.Background(), q)
			if err != nil || len(got.List) == 0 || got.Kinds != len(got.List) || len(got.Many) > 0 {
				t.Fatalf("%s: got %+v, %v", name, got, err)
			}
			own, ofOwn := compareOracle(t, records, q.LogQuery)
			others, ofOthers := compareOracle(t, records, q.With...)
			if got.Own != (store.ComparedLogs{Lines: own, Read: own}) || got.Others != (store.ComparedLogs{Lines: others, Read: others}) {
				t.Errorf("%s: of %+v and %+v, want %d and %d lines", name, got.Own, got.Others, own, others)
			}
			told := map[[2]string]bool{}
			last := math.Inf(1)
			for _, d := range got.List {
				key := [2]string{d.Field, d.Value}
				if told[key] || d.Tells > last || d.Tells <= 0 {
					t.Errorf("%s: %v comes twice or in no order", name, key)
				}
				told[key], last = true, d.Tells
				if d.Lines != ofOwn[key] || d.Others != ofOthers[key] {
					t.Errorf("%s: %v has %d and %d lines, want %d and %d", name, key, d.Lines, d.Others, ofOwn[key], ofOthers[key])
				}
				if d.Share != float64(d.Lines)/float64(own) || d.OthersShare != float64(d.Others)/float64(others) {
					t.Errorf("%s: %v has shares %v and %v", name, key, d.Share, d.OthersShare)
				}
			}
			all := map[[2]string]bool{}
			for key := range ofOwn {
				all[key] = true
			}
			for key := range ofOthers {
				all[key] = true
			}
			if got.Told != len(all) {
				t.Errorf("%s: %d values were compared, want %d", name, got.Told, len(all))
			}
			for _, noise := range [][2]string{{"coin", "0"}, {"coin", "1"}} {
				if told[noise] {
					t.Errorf("%s: %v differs by chance alone", name, noise)
				}
			}
		}
	})
}

func TestCompareOrdersByWhatTells(t *testing.T) {
	s := open(t, t.TempDir())
	appendAll(t, s, compareRecords()...)
	half := scriptStart.Add(300 * time.Second)
	got, err := s.Compare(context.Background(), store.CompareQuery{
		LogQuery: store.LogQuery{Range: store.Between(half, half.Add(300*time.Second))}, With: []store.LogQuery{{Range: store.Between(scriptStart, half)}}, Top: 5,
	})
	if err != nil || len(got.List) != 5 || got.Kinds <= 5 {
		t.Fatalf("got %+v, %v", got, err)
	}
	if d := got.List[0]; d.Field != "host" || d.Value != "old" || d.Lines != 0 {
		t.Errorf("first is %+v, want the host that is gone", d)
	}
	if d := got.List[1]; d.Others != 0 || d.Lines == 0 {
		t.Errorf("second is %+v, want what comes with the errors", d)
	}
}

// A value that few lines have may differ by chance; one of many does not.
func TestCompareKeepsSmallNumbersQuiet(t *testing.T) {
	s := open(t, t.TempDir())
	var records []store.Record
	for i := range 2000 {
		r := store.Record{Time: scriptStart.UnixNano() + int64(i), Body: store.String("x"), Attrs: store.Attrs{{Key: "even", Value: store.String(fmt.Sprint(i%2 == 0))}}}
		if i >= 1997 {
			r.Attrs = append(r.Attrs, store.Attr{Key: "three", Value: store.String("late")})
		}
		if i >= 1000 && i%20 == 0 {
			r.Attrs = append(r.Attrs, store.Attr{Key: "fifty", Value: store.String("late")})
		}
		records = append(records, r)
	}
	appendAll(t, s, records...)
	at := func(n int64) time.Time { return time.Unix(0, scriptStart.UnixNano()+n) }
	got, err := s.Compare(context.Background(), store.CompareQuery{
		LogQuery: store.LogQuery{Range: store.Between(at(1000), at(2000))}, With: []store.LogQuery{{Range: store.Between(at(0), at(1000))}}, Top: 10,
	})
	if err != nil || len(got.List) != 1 || got.List[0].Field != "fifty" || got.List[0].Lines != 50 {
		t.Errorf("got %+v, %v, want what fifty lines have alone", got, err)
	}
}

// Of ids it is compared whether lines have them, and of too many only that.
func TestCompareSaysWhichFieldsHaveTooManyValues(t *testing.T) {
	for lines, many := range map[int64]string{600: "[]", 11_000: "[id]"} {
		s := open(t, t.TempDir())
		var records []store.Record
		for i := range 2 * lines {
			r := store.Record{Time: scriptStart.UnixNano() + i, Body: store.String("x")}
			if i >= lines {
				r.Attrs = store.Attrs{{Key: "id", Value: store.String(fmt.Sprint("id", i))}}
			}
			records = append(records, r)
		}
		appendAll(t, s, records...)
		at := func(n int64) time.Time { return time.Unix(0, scriptStart.UnixNano()+n) }
		got, err := s.Compare(context.Background(), store.CompareQuery{
			LogQuery: store.LogQuery{Range: store.Between(at(lines), at(2*lines))}, With: []store.LogQuery{{Range: store.Between(at(0), at(lines))}}, Top: 10,
		})
		if err != nil || fmt.Sprint(got.Many) != many || len(got.List) != 1 || !got.List[0].Exists || got.List[0].Lines != lines || got.List[0].Others != 0 {
			t.Errorf("%d ids: got %+v, %v", lines, got, err)
		}
	}
}

func TestCompareEndsWithItsRequest(t *testing.T) {
	s := open(t, t.TempDir())
	appendAll(t, s, compareRecords()...)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.Compare(ctx, store.CompareQuery{LogQuery: store.LogQuery{Range: scriptRange()}, With: []store.LogQuery{{Range: scriptRange()}}}); err == nil {
		t.Error("a comparison of nobody went on")
	}
}

// TestCompareCountsALineOnce has lines with a field twice.
func TestCompareCountsALineOnce(t *testing.T) {
	s := open(t, t.TempDir())
	at := scriptStart.UnixNano()
	for i := range 200 {
		r := store.Record{Time: at + int64(i)*int64(time.Second), Level: store.LevelInfo, Service: "api", Body: store.String("x")}
		if i < 100 {
			tag := store.Attr{Key: "tag", Value: store.String("a")}
			r.Attrs = store.Attrs{tag, tag}
		}
		appendAll(t, s, r)
	}
	half := at + 100*int64(time.Second)
	got, err := s.Compare(context.Background(), store.CompareQuery{
		LogQuery: store.LogQuery{Range: store.TimeRange{From: at, To: half}},
		With:     []store.LogQuery{{Range: store.TimeRange{From: half, To: half + 100*int64(time.Second)}}}, Top: 9,
	})
	if err != nil || len(got.List) != 1 {
		t.Fatalf("got %+v, %v", got, err)
	}
	if d := got.List[0]; d.Field != "tag" || d.Value != "a" || d.Lines != 100 || d.Share != 1 || d.Others != 0 {
		t.Errorf("got %+v", d)
	}
}
