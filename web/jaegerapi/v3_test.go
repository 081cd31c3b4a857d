package jaegerapi

import (
	"encoding/json"
	"errors"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"tripod/store"
)

func TestSearchParametersV3(t *testing.T) {
	at := func(text string) int64 {
		tm, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		return tm.UnixNano()
	}
	hour := store.TimeRange{From: at("2026-03-12T13:00:00Z"), To: at("2026-03-12T14:00:00Z") + 1}
	all := store.TraceQuery{Service: "shop", Operation: "GET /work", Limit: 7, SpanMin: 1500 * time.Microsecond, SpanMax: 2 * time.Second,
		Tags: map[string]string{"error": "true", "http.status_code": "500"}, Range: hour}
	tags := "&query.attributes=" + url.QueryEscape(`{"error":"true","http.status_code":"500"}`)
	for name, c := range map[string]struct {
		params string
		want   store.TraceQuery
	}{
		"only times": {timesV3, store.TraceQuery{Range: hour, Limit: defaultLimit}},
		"camelCase":  {timesV3 + "&query.serviceName=shop&query.operationName=GET+/work&query.searchDepth=7&query.durationMin=1.5ms&query.durationMax=2s&query.rawTraces=true" + tags, all},
		"snake_case": {"query.start_time_min=2026-03-12T13:00:00Z&query.start_time_max=2026-03-12T14:00:00Z&query.service_name=shop&query.operation_name=GET+/work" +
			"&query.num_traces=7&query.duration_min=1.5ms&query.duration_max=2s" + tags, all},
		"the newer name wins":   {timesV3 + "&query.searchDepth=3&query.search_depth=4", store.TraceQuery{Range: hour, Limit: 3}},
		"a zone with a bare +":  {"query.start_time_min=2026-03-12T14:00:00+01:00&query.start_time_max=2026-03-12T15:00:00+01:00", store.TraceQuery{Range: hour, Limit: defaultLimit}},
		"nanoseconds":           {"query.startTimeMin=2026-03-12T13:00:00.000000001Z&query.startTimeMax=2026-03-12T14:00:00Z", store.TraceQuery{Range: store.TimeRange{From: hour.From + 1, To: hour.To}, Limit: defaultLimit}},
		"more than is answered": {timesV3 + "&query.searchDepth=1000000", store.TraceQuery{Range: hour, Limit: maxLimit}},
	} {
		t.Run(name, func(t *testing.T) {
			e := loaded()
			resp, body := get(t, e, Options{}, "/api/v3/traces?"+c.params)
			if resp.StatusCode != 200 || !reflect.DeepEqual(e.asked, c.want) {
				t.Errorf("got %d %.200s, asked %+v; want %+v", resp.StatusCode, body, e.asked, c.want)
			}
		})
	}
}

func TestSearchRefusesBadParametersV3(t *testing.T) {
	for params, why := range map[string]string{
		"query.startTimeMax=2026-03-12T14:00:00Z":                                         "query.startTimeMin is required",
		"query.startTimeMin=2026-03-12T14:00:00Z":                                         "query.startTimeMax is required",
		"query.start_time_min=1773324360&query.start_time_max=2026-03-12T14:00:00Z":       "malformed parameter query.start_time_min",
		"query.startTimeMin=2026-03-12T14:00:00Z&query.startTimeMax=2026-03-12T14:00:00Z": "must be before",
		"query.startTimeMin=1066-03-12T14:00:00Z&query.startTimeMax=2026-03-12T14:00:00Z": "between the years",
		timesV3 + "&query.num_traces=0":                                                   "malformed parameter query.num_traces",
		timesV3 + "&query.durationMin=5":                                                  "malformed parameter query.durationMin",
		timesV3 + "&query.duration_max=-1s":                                               "malformed parameter query.duration_max",
		timesV3 + "&query.durationMin=2s&query.durationMax=1s":                            "must not be less",
		timesV3 + "&query.attributes=%5B%5D":                                              "malformed parameter query.attributes",
	} {
		for _, path := range []string{"/api/v3/traces?", "/api/v3/trace-summaries?"} {
			resp, body := get(t, loaded(), Options{}, path+params)
			var a struct{ Error faultV3 }
			if err := json.Unmarshal([]byte(body), &a); err != nil || resp.StatusCode != 400 || a.Error.Code != 400 || !strings.Contains(a.Error.Message, why) {
				t.Errorf("%s%s: got %d %s, want 400 and %q", path, params, resp.StatusCode, body, why)
			}
		}
	}
}

func TestIDsV3(t *testing.T) {
	want := store.TraceID{0x4b, 0xf9, 0xfb, 0xff, 15: 0x36}
	for _, text := range []string{"4bf9fbff000000000000000000000036", "S/n7/wAAAAAAAAAAAAAANg==", "S_n7_wAAAAAAAAAAAAAANg==", "S/n7/wAAAAAAAAAAAAAANg"} {
		e := &engine{traces: []store.Trace{{ID: want, Spans: loaded().traces[1].Spans}}}
		if resp, body := get(t, e, Options{}, "/api/v3/traces/"+url.PathEscape(text)); resp.StatusCode != 200 {
			t.Errorf("%s: got %d %s", text, resp.StatusCode, body)
		}
	}
}

// TestLeftOutV3 tells of traces for which there is no room.
func TestLeftOutV3(t *testing.T) {
	for most, want := range map[int]string{3: "1 further traces are left out", 4: ""} {
		e := loaded()
		e.traces = e.traces[:2]
		resp, _ := get(t, e, Options{MaxSpans: most}, "/api/v3/traces?"+timesV3)
		if got := resp.Header.Get("Warning"); resp.StatusCode != 200 || (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("at most %d: got %d, %q", most, resp.StatusCode, got)
		}
	}
}

func TestDependencyRange(t *testing.T) {
	for params, want := range map[string]store.TimeRange{
		"":                                 {From: now.Add(-24 * time.Hour).UnixNano(), To: now.UnixNano() + 1e6},
		"endTs=1773324360000":              {From: 1773324360e9 - int64(24*time.Hour), To: 1773324360e9 + 1e6},
		"endTs=1773324360000&lookback=500": {From: 1773324359.5e9, To: 1773324360e9 + 1e6},
		"endTs=5&lookback=999999999999999": {From: 0, To: 6e6},
		"endTs=9223372036854775807":        {From: 9223372036854e6 - int64(24*time.Hour) - 1e6, To: 9223372036854e6},
	} {
		e := loaded()
		if resp, body := get(t, e, Options{}, "/api/dependencies?"+params); resp.StatusCode != 200 || e.within != want {
			t.Errorf("%s: got %d %s, asked %+v, want %+v", params, resp.StatusCode, body, e.within, want)
		}
	}
}

func FuzzParamsV3(f *testing.F) {
	f.Add(timesV3+"&query.attributes=%7B%7D&query.durationMin=1ms&query.searchDepth=5", "S_n7_wAAAAAAAAAAAAAANg==")
	f.Fuzz(func(t *testing.T, query, id string) {
		if _, err := idV3(id); err != nil && !errors.Is(err, store.ErrInvalid) {
			t.Errorf("got %v, want an error that blames the request", err)
		}
		params, _ := url.ParseQuery(query)
		r, err := dependencyRange(params, now)
		if err == nil && r.From > r.To {
			t.Errorf("%q: got %+v", query, r)
		}
		q, err := traceQueryV3(params)
		if err != nil {
			if !errors.Is(err, store.ErrInvalid) && !errors.Is(err, store.ErrTooLarge) {
				t.Errorf("got %v, want an error that blames the request", err)
			}
			return
		}
		if q.Range.From >= q.Range.To || q.Limit < 1 || q.Limit > maxLimit || q.SpanMin < 0 || q.SpanMax < 0 || len(q.Tags) > maxTags {
			t.Errorf("%q: got %+v, which is out of bounds", query, q)
		}
	})
}
