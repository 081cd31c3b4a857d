package jaegerapi

import (
	"math"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"tripod/store"
)

const defaultDependencies = 24 * time.Hour

// dependency is a call from one service to another, however it was made.
type dependency struct {
	Parent    string `json:"parent"`
	Child     string `json:"child"`
	CallCount int64  `json:"callCount"`
}

func (a *API) dependencies(w http.ResponseWriter, r *http.Request) {
	rng, err := dependencyRange(r.URL.Query(), a.o.Now())
	if err != nil {
		writeError(w, err)
		return
	}
	found, err := a.doors.Dependencies.Dependencies(r.Context(), rng)
	if err != nil {
		writeError(w, err)
		return
	}
	writeList(w, dependenciesOf(found))
}

// dependenciesOf leaves out who is called from outside only and databases, and adds up what
// comes by queues and otherwise.
func dependenciesOf(found []store.Dependency) []dependency {
	var out []dependency
	for _, d := range found {
		if d.Caller == "" || d.Kind == store.DependencyDatabase {
			continue
		}
		if n := len(out); n > 0 && out[n-1].Parent == d.Caller && out[n-1].Child == d.Callee {
			out[n-1].CallCount += d.Calls
			continue
		}
		out = append(out, dependency{d.Caller, d.Callee, d.Calls})
	}
	return out
}

// dependencyRange reads endTs and lookback in milliseconds; without endTs the
// range ends now.
func dependencyRange(p url.Values, now time.Time) (store.TimeRange, error) {
	end, err := milliParam(p, "endTs", now.UnixMilli())
	if err != nil {
		return store.TimeRange{}, err
	}
	back, err := milliParam(p, "lookback", defaultDependencies.Milliseconds())
	if err != nil {
		return store.TimeRange{}, err
	}
	end = min(end, math.MaxInt64/1_000_000-1) + 1 // Jaeger includes the millisecond
	return store.TimeRange{From: max(end-1-back, 0) * 1_000_000, To: end * 1_000_000}, nil
}

func milliParam(p url.Values, name string, otherwise int64) (int64, error) {
	text := p.Get(name)
	if text == "" {
		return otherwise, nil
	}
	ms, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		return 0, bad(name, err)
	}
	return int64(ms), nil
}
