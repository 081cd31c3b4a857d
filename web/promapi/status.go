package promapi

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/prometheus/model/metadata"
)

// metadata answers with one entry a metric: the newest word of its senders.
// limit_per_metric is read for its errors alone, and 0 means none there too.
func (a *API) metadata(r *http.Request) (answer, error) {
	limit, err := number("limit", r, -1)
	if err != nil {
		return answer{}, err
	}
	if _, err := number("limit_per_metric", r, -1); err != nil {
		return answer{}, err
	}
	all := a.d.Families.Metadata(r.FormValue("metric"))
	out := map[string][]metadata.Metadata{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if limit >= 0 && len(out) >= limit {
			break
		}
		out[name] = []metadata.Metadata{all[name]}
	}
	return answer{data: value(out)}, nil
}

func number(name string, r *http.Request, unset int) (int, error) {
	s := r.FormValue(name)
	if s == "" {
		return unset, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0, badData(errors.New(name + " must be a number"))
	}
	return n, nil
}

// buildInfo has no "features": one that is not empty makes Grafana take the
// server for Mimir.
func (a *API) buildInfo(*http.Request) (answer, error) {
	return answer{data: value(map[string]string{
		"version": a.o.Version, "revision": "", "branch": "", "buildUser": "", "buildDate": "", "goVersion": runtime.Version(),
	})}, nil
}

// runtimeInfo speaks of this process; the store replays its journal before
// anyone can ask, and what of it was torn is told on the terminal.
func (a *API) runtimeInfo(*http.Request) (answer, error) {
	p := a.process()
	dir, err := os.Getwd()
	if err != nil {
		return answer{}, fmt.Errorf("working directory: %w", err)
	}
	host, err := os.Hostname()
	if err != nil {
		return answer{}, fmt.Errorf("host name: %w", err)
	}
	return answer{data: value(struct {
		Started    time.Time `json:"startTime"`
		Dir        string    `json:"CWD"`
		Host       string    `json:"hostname"`
		Now        time.Time `json:"serverTime"`
		ConfigGood bool      `json:"reloadConfigSuccess"`
		ConfigRead time.Time `json:"lastConfigTime"`
		Corrupted  int64     `json:"corruptionCount"`
		Goroutines int       `json:"goroutineCount"`
		Processors int       `json:"GOMAXPROCS"`
		Memory     int64     `json:"GOMEMLIMIT"`
		Collector  string    `json:"GOGC"`
		Debug      string    `json:"GODEBUG"`
		Retention  string    `json:"storageRetention"`
	}{
		p.Started.UTC(), dir, host, a.o.Now().UTC(), !p.ConfigBad, p.ConfigRead.UTC(), 0, runtime.NumGoroutine(),
		runtime.GOMAXPROCS(0), debug.SetMemoryLimit(-1), os.Getenv("GOGC"), os.Getenv("GODEBUG"), p.Retention,
	})}, nil
}

func (a *API) process() Process {
	if a.d.Process == nil {
		return Process{}
	}
	return a.d.Process()
}

func (a *API) config(*http.Request) (answer, error) {
	return answer{data: value(map[string]string{"yaml": a.process().Config})}, nil
}

func (a *API) flags(*http.Request) (answer, error) {
	out := a.process().Flags
	if out == nil {
		out = map[string]string{}
	}
	return answer{data: value(out)}, nil
}

type address struct {
	URL string `json:"url"`
}

func (a *API) alertmanagers(*http.Request) (answer, error) {
	active := []address{}
	for _, url := range a.process().Managers {
		active = append(active, address{url})
	}
	return answer{data: value(map[string][]address{"activeAlertmanagers": active, "droppedAlertmanagers": {}})}, nil
}

func (a *API) healthy(w http.ResponseWriter, _ *http.Request) {
	io.WriteString(w, "Tripod is healthy.\n")
}

func (a *API) ready(w http.ResponseWriter, _ *http.Request) {
	if a.d.Ready != nil {
		if err := a.d.Ready(); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
	}
	io.WriteString(w, "Tripod is ready.\n")
}
