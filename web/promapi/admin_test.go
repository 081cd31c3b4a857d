package promapi_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"tripod/store/metrics"
)

func (s *server) count(t *testing.T, selector string) string {
	t.Helper()
	v, _, err := s.store.Instant(t.Context(), "sum(count_over_time("+selector+"[2h]))", seedEnd)
	if err != nil {
		t.Fatal(err)
	}
	_, n, _ := strings.Cut(v.String(), "=> ")
	n, _, _ = strings.Cut(n, " @")
	return n
}

func TestDeleteSeries(t *testing.T) {
	for name, c := range map[string]struct {
		params string
		status int
		error  string
		left   map[string]string
	}{
		"a series":     {"match[]=up{instance=\"host0:80\"}", 204, "", map[string]string{"up": fmt.Sprint(5 * 241)}},
		"two":          {"match[]=up{instance=\"host0:80\"}&match[]=up{instance=\"host1:80\"}", 204, "", map[string]string{"up": fmt.Sprint(4 * 241)}},
		"a while":      {fmt.Sprintf("match[]=up&start=%d&end=%d", seedEnd.Add(-time.Minute).Unix(), seedEnd.Unix()), 204, "", map[string]string{"up": fmt.Sprint(6 * 236)}},
		"what is late": {"match[]=late", 204, "", map[string]string{"late": "", "up": fmt.Sprint(6 * 241)}},
		"no selector":  {"start=1", 400, "no match[] parameter provided", nil},
		"a bad start":  {"match[]=up&start=x", 400, `invalid parameter "start": invalid time value for 'start': cannot parse "x" to a valid timestamp`, nil},
		"one of two":   {"match[]=up&match[]=up{", 400, `invalid parameter "match[]": 1:4: parse error: unexpected end of input inside braces`, map[string]string{"up": fmt.Sprint(6 * 241)}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			seed(t, s.store)
			got := get(t, s.Config.Handler, "POST", "/api/v1/admin/tsdb/delete_series?"+c.params)
			if got.status != c.status {
				t.Fatalf("%d %v", got.status, got.body)
			}
			if m, _ := got.body.(map[string]any); c.error != "" && (m["error"] != c.error || m["errorType"] != "bad_data") {
				t.Errorf("%v, want %q", m, c.error)
			}
			for selector, want := range c.left {
				if n := s.count(t, selector); n != want {
					t.Errorf("%s of %s are left, want %s", n, selector, want)
				}
			}
		})
	}
}

// A snapshot opens as a store of its own and answers the same; what was
// deleted before is not in it.
func TestSnapshot(t *testing.T) {
	for name, c := range map[string]struct {
		params string
		same   bool
	}{"all": {"", true}, "what is in blocks": {"skip_head=true", false}} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			seed(t, s.store)
			if got := get(t, s.Config.Handler, "PUT", "/api/v1/admin/tsdb/delete_series?match[]=up"); got.status != 204 {
				t.Fatal(got)
			}
			got := get(t, s.Config.Handler, "POST", "/api/v1/admin/tsdb/snapshot?"+c.params)
			if got.status != 200 {
				t.Fatal(got)
			}
			folder := got.body.(map[string]any)["data"].(map[string]any)["name"].(string)
			copied, err := metrics.Open(filepath.Join(s.dir, "snapshots", folder), metrics.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer copied.Close()
			if !c.same {
				// The late ones were put into a block, to be deleted from.
				v, _, err := copied.Instant(t.Context(), "count({__name__=~\".+\"})", seedEnd.Add(-10*time.Minute))
				if err != nil || !strings.HasPrefix(v.String(), "{} => 1 ") {
					t.Errorf("%v, %v", v, err)
				}
				return
			}
			for _, q := range []string{"sum(requests_total)", "late", "up", "native", "count({__name__=~\".+\"})", "sum(count_over_time(requests_total[2h]))"} {
				want, _, err := s.store.Instant(t.Context(), q, seedEnd)
				if err != nil {
					t.Fatal(err)
				}
				if v, _, err := copied.Instant(t.Context(), q, seedEnd); err != nil || v.String() != want.String() {
					t.Errorf("%s is %v in the snapshot, %v; want %v", q, v, err, want)
				}
			}
		})
	}
}

func TestAdminRefuses(t *testing.T) {
	s := newServer(t)
	if got := get(t, s.Config.Handler, "POST", "/api/v1/admin/tsdb/snapshot?skip_head=x"); got.status != 400 ||
		got.body.(map[string]any)["error"] != `invalid parameter "skip_head": unable to parse boolean: strconv.ParseBool: parsing "x": invalid syntax` {
		t.Error(got)
	}
	for _, path := range []string{"snapshot", "delete_series", "clean_tombstones"} {
		if got := s.status(t, "GET", "/api/v1/admin/tsdb/"+path); got != 405 {
			t.Errorf("GET %s: %d", path, got)
		}
	}
	// A snapshot that cannot be written is no success and leaves nothing.
	if err := os.WriteFile(filepath.Join(s.dir, "snapshots"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := get(t, s.Config.Handler, "POST", "/api/v1/admin/tsdb/snapshot"); got.status != 500 || got.body.(map[string]any)["errorType"] != "internal" {
		t.Error(got)
	}
}

func TestHeadStats(t *testing.T) {
	s := newServer(t)
	seed(t, s.store)
	got := get(t, s.Config.Handler, "GET", "/api/v1/status/tsdb?limit=1").body.(map[string]any)["data"].(map[string]any)
	want := []any{map[string]any{"name": "lat_bucket", "value": number("18")}}
	if !reflect.DeepEqual(got["seriesCountByMetricName"], want) {
		t.Errorf("%v, want %v", got["seriesCountByMetricName"], want)
	}
	if head := got["headStats"].(map[string]any); head["chunkCount"] == number("0") || head["numSeries"] == number("0") {
		t.Error(head)
	}
}
