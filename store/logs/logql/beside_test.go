package logql_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"tripod/store"
	"tripod/store/logs"
	"tripod/store/logs/logql"
)

// besideRecords are records of OTLP, whose labels came beside their lines.
func besideRecords(r *rand.Rand, start time.Time, n int) (list []store.Record) {
	keys := []string{"http.route", "http_route", "9lives", "", "level", "status", "trace_id", "naïve", "service_name", "scope.name"}
	values := []store.Value{store.String("/a"), store.String("b"), store.String(""), store.Int(200), store.Int(503), store.Float(0.1), store.Bool(true), {}, store.List(store.Int(1))}
	for i := range n {
		rec := store.Record{Time: start.UnixNano() + int64(i)*1e6, Service: "api", Level: store.LevelInfo, Body: store.String(fmt.Sprint("line ", i))}
		for range r.IntN(5) {
			rec.Attrs = append(rec.Attrs, store.Attr{Key: pick(r, keys...), Value: pick(r, values...)})
		}
		if r.IntN(2) == 0 {
			rec.TraceID = store.TraceID{1, byte(r.IntN(3))}
			rec.Scope = &store.Scope{Name: pick(r, "", "pino"), Version: pick(r, "", "1")}
		}
		list = append(list, rec)
	}
	return list
}

// TestLabelsBesideLines groups and filters by labels that came with the lines,
// which the fields tell unless a line was taken apart.
func TestLabelsBesideLines(t *testing.T) {
	start := time.Unix(1_700_000_000, 0)
	for seed := range uint64(3) {
		r := rand.New(rand.NewPCG(seed, 1))
		s, err := logs.Open(t.TempDir(), logs.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		fast, naive := logql.New(s), logql.NewNaive(s)
		ask := func(taken bool) {
			t.Helper()
			for range 40 {
				label := pick(r, "http_route", "_9lives", "_", "level", "status", "trace_id", "span_id", "na_ve", "service_name", "scope_name", "scope_version", "detected_level", "none")
				filter := pick(r, "", "", `| status >= 300`, `| http_route="/a"`, `| http_route!=""`, `| status=~"2.*" or level="info"`)
				text := fmt.Sprintf(`sum by (%s, %s) (%s({service_name="api"} %s [10s]))`, label, pick(r, "status", "service_name"), pick(r, "count_over_time", "rate"), filter)
				if r.IntN(4) == 0 {
					text = fmt.Sprintf(`sum by (%s) (sum_over_time({service_name="api"} %s | unwrap status [10s]))`, label, filter)
				}
				var receipt store.Receipt
				q := store.LogMetricQuery{Text: text, From: start.Add(time.Second).UnixNano(), To: start.Add(time.Minute).UnixNano(), Step: 7 * time.Second, Receipt: &receipt}
				got, gotErr := fast.Metric(t.Context(), q)
				q.Receipt = nil
				want, wantErr := naive.Metric(t.Context(), q)
				if fmt.Sprint(gotErr) != fmt.Sprint(wantErr) || gotErr == nil && !reflect.DeepEqual(got, want) {
					t.Fatalf("seed %d, taken %v: %s: got %+v, %v; want %+v, %v", seed, taken, text, got, gotErr, want, wantErr)
				}
				if reads := strings.Join(receipt.Reads, "; "); !taken && gotErr == nil && strings.Contains(reads, "lines") {
					t.Errorf("%s reads %s", text, reads)
				}
			}
		}
		if err := s.Append(t.Context(), besideRecords(r, start, 1500)); err != nil {
			t.Fatal(err)
		}
		ask(false)
		var rec store.Record
		rec.Time, rec.Service = start.UnixNano()+5, "api"
		rec.SetLine(`{"msg":"a line that was taken apart","status":404,"http_route":"/a"}`)
		if err := s.Append(t.Context(), []store.Record{rec}); err != nil {
			t.Fatal(err)
		}
		ask(true)
	}
}
