package logql_test

import (
	"fmt"
	"testing"
	"time"

	"tripod/store"
	"tripod/store/logs"
	"tripod/store/logs/logql"
)

// TestFileMarksAreNoLabels reads lines of a file: they are of one series, and
// nobody who looks for a number finds a line by where it stands.
func TestFileMarksAreNoLabels(t *testing.T) {
	s, err := logs.Open(t.TempDir(), logs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	start := time.Unix(1_700_000_000, 0)
	var list []store.Record
	for i := range 50 {
		rec := store.Record{Time: start.UnixNano() + int64(i), Service: "app", Attrs: store.Attrs{
			{Key: store.AttrFileID, Value: store.String(fmt.Sprint("f", i/25))},
			{Key: store.AttrFileOffset, Value: store.Int(int64(4000 + i))},
			{Key: "log.iostream", Value: store.String("stdout")},
		}}
		if rec.SetLine(fmt.Sprint("plain ", i)); i%2 == 1 {
			rec.Body, rec.Attrs = store.Value{}, rec.Attrs[:3:3]
			rec.SetLine(fmt.Sprintf(`{"msg":"json","n":%d}`, i))
		}
		list = append(list, rec)
	}
	if err := s.Append(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	want := "[{detected_level unknown} {log_iostream stdout} {service_name app}]"
	end := start.Add(time.Second).UnixNano()
	for name, e := range map[string]*logql.Engine{"fast": logql.New(s), "naive": logql.NewNaive(s)} {
		got, err := e.Metric(t.Context(), store.LogMetricQuery{Text: `count_over_time({service_name="app"}[1m])`, From: end, To: end})
		if err != nil || len(got) != 1 || fmt.Sprint(got[0].Labels) != want || got[0].Points[0].Value != 50 {
			t.Errorf("%s: got %+v, %v; want 50 lines of %s", name, got, err, want)
		}
	}
	for query, want := range map[string]int{"4007": 0, "f1": 0, "7": 1, "log.file.offset:4007": 1, "log.file.id:f1": 25} {
		n := 0
		for _, err := range s.Search(t.Context(), store.LogQuery{Text: query, Range: store.TimeRange{To: end}}) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		if n != want {
			t.Errorf("%s finds %d lines, want %d", query, n, want)
		}
	}
}
