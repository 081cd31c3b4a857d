package appliance

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"tripod/store/metrics"
	"tripod/store/metrics/host"
)

// hostFiles is the root of a machine that tells little.
func hostFiles(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for path, text := range map[string]string{
		"proc/stat":                "cpu0 100 1 50 4500 5 2 3 4 6 7\n",
		"proc/loadavg":             "0.50 0.25 0.10 1/123 4567\n",
		"proc/sys/kernel/hostname": "box\n",
	} {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func theMachineIsMeasured(t *testing.T, r *running) {
	r.eventually("the machine's load", func() bool {
		var answer struct {
			Data struct {
				Result []struct {
					Metric map[string]string
					Value  [2]any
				}
			}
		}
		r.call("GET", "/api/v1/query?query=node_load1", "", nil, &answer)
		if len(answer.Data.Result) != 1 {
			return false
		}
		got := answer.Data.Result[0]
		if got.Metric["job"] != "host" || got.Metric["instance"] != "box" || got.Value[1] != "0.5" {
			t.Fatalf("got %+v", got)
		}
		return true
	})
	now, err := r.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if first := now.Targets[0]; first.Pool != "host" || !first.Up || first.Samples < 15 {
		t.Errorf("its target is %+v", first)
	}
	var list struct {
		Data struct {
			Active []struct {
				Health   string `json:"health"`
				Interval string `json:"scrapeInterval"`
			} `json:"activeTargets"`
			Pools []string `json:"scrapePools"`
		}
	}
	r.call("GET", "/api/v1/targets?scrapePool=host", "", nil, &list)
	if got := list.Data.Active; len(got) != 1 || got[0].Health != "up" || got[0].Interval == "" {
		t.Errorf("of the API's targets it is %+v", got)
	}
	if r.call("GET", "/api/v1/scrape_pools", "", nil, &list); !slices.Contains(list.Data.Pools, "host") {
		t.Errorf("the pools are %q", list.Data.Pools)
	}
	if len(now.Notes) != 1 || !strings.Contains(now.Notes[0], "/sys/fs/cgroup") {
		t.Errorf("notes %q", now.Notes)
	}
}

func TestHostMetricsCanBeTurnedOff(t *testing.T) {
	for value, want := range map[string]bool{"false": true, "0": true, "true": false} {
		o, err := Load(Sources{Flags: map[string]string{"host-metrics": value}})
		if err != nil || o.NoHostMetrics != want {
			t.Errorf("%s: %v, %v", value, o.NoHostMetrics, err)
		}
	}
	for name, value := range map[string]string{"host-metrics": "perhaps", "host-root": "here"} {
		if _, err := Load(Sources{Flags: map[string]string{name: value}}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s %s: %v", name, value, err)
		}
	}
}

// BenchmarkHostRound reads this machine and writes what it tells, as is done
// once in each scrape interval.
func BenchmarkHostRound(b *testing.B) {
	st, err := metrics.Open(b.TempDir(), metrics.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer st.Close()
	reader := host.New(host.Options{})
	source := st.NewSource(labels.FromStrings("job", hostJob, "instance", "box"), host.About)
	at := time.Now().Add(-40 * time.Hour)
	for b.Loop() {
		at = at.Add(15 * time.Second)
		if err := source.Write(b.Context(), at, func(emit func(string, float64, ...string)) { reader.Read(emit) }); err != nil {
			b.Fatal(err)
		}
	}
}
