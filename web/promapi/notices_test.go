package promapi_test

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/util/features"
	"github.com/prometheus/prometheus/util/notifications"

	"tripod/store/metrics"
	"tripod/web/promapi"
)

// follow asks for live notices, and gives a reader of their lines.
func follow(t *testing.T, h http.Handler) (*http.Response, func() string) {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	req, err := http.NewRequestWithContext(t.Context(), "GET", srv.URL+"/api/v1/notifications/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	lines := bufio.NewScanner(resp.Body)
	return resp, func() string {
		for lines.Scan() {
			if lines.Text() != "" {
				return lines.Text()
			}
		}
		return "the end"
	}
}

func TestLiveNoticesAsPrometheus(t *testing.T) {
	w := newWorld(t)
	for name, h := range map[string]http.Handler{"ours": w.ours, "theirs": w.theirs} {
		t.Run(name, func(t *testing.T) {
			w.notices = notifications.NewNotifications(1, nil)
			w.notices.AddNotification("first")
			if name == "ours" {
				mux := http.NewServeMux()
				promapi.New(promapi.Doors{Notices: w.notices}, promapi.Options{}).Register(mux)
				h = mux
			}
			resp, next := follow(t, h)
			if got := resp.Header; resp.StatusCode != 200 || got.Get("Content-Type") != "text/event-stream" || got.Get("Cache-Control") != "no-cache" {
				t.Errorf("%s %v", resp.Status, got)
			}
			if got := next(); !strings.HasPrefix(got, `data: {"text":"first","date":"`) || !strings.HasSuffix(got, `"active":true}`) {
				t.Error(got)
			}
			w.notices.DeleteNotification("first")
			if got := next(); !strings.HasSuffix(got, `"active":false}`) {
				t.Error(got)
			}
			if second, _ := follow(t, h); second.StatusCode != http.StatusNoContent {
				t.Errorf("one more than may follow: %s", second.Status)
			}
		})
	}
}

// A HEAD takes no place among those that follow.
func TestLiveNoticesRefuseHeadAsPrometheus(t *testing.T) {
	w := newWorld(t)
	mux := http.NewServeMux()
	notices := notifications.NewNotifications(1, nil)
	promapi.New(promapi.Doors{Notices: notices}, promapi.Options{}).Register(mux)
	for name, h := range map[string]http.Handler{"ours": mux, "theirs": w.theirs} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			got := httptest.NewRecorder()
			h.ServeHTTP(got, httptest.NewRequestWithContext(ctx, "HEAD", "/api/v1/notifications/live", nil))
			if got.Code != http.StatusMethodNotAllowed || !strings.Contains(got.Header().Get("Allow"), "GET") {
				t.Errorf("%d %v", got.Code, got.Header())
			}
		})
	}
}

// What is told of PromQL is what the engine reads: a switch that is on is told so.
func TestFeaturesAreTheEngines(t *testing.T) {
	told := features.NewRegistry()
	on, err := metrics.ParseFeatures([]string{"promql-duration-expr"})
	if err != nil {
		t.Fatal(err)
	}
	s, err := metrics.Open(t.TempDir(), metrics.Options{Features: on, Told: told})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	got := told.Get()
	for _, c := range []struct {
		kind, name string
		want       bool
	}{
		{features.PromQL, "duration_expr", true}, {features.PromQL, "delayed_name_removal", false}, {features.PromQLFunctions, "rate", true},
		{features.PromQLOperators, "limitk", false}, {features.TSDB, "exemplar_storage", true}, {features.TSDB, "native_histograms", true},
	} {
		if v, ok := got[c.kind][c.name]; !ok || v != c.want {
			t.Errorf("%s %s: %v %v", c.kind, c.name, v, ok)
		}
	}
}
