package metrics

import (
	"context"
	"errors"
	"math"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
)

// Source writes what something in this process tells at one moment after the
// other, as a scrape would: what is not told any more ends at once, with a
// stale marker. It is for one goroutine.
type Source struct {
	s       *Store
	extra   labels.Labels
	about   func(name string) (counter bool, help string)
	known   map[string]bool // families whose metadata was set
	last    map[storage.SeriesRef]told
	round   int
	builder labels.ScratchBuilder
	scratch labels.Labels
}

// told is a series of a source.
type told struct {
	ls    labels.Labels
	round int // in which it was last told
}

// NewSource makes one; extra are labels of every series, about tells what a
// metric is.
func (s *Store) NewSource(extra labels.Labels, about func(name string) (counter bool, help string)) *Source {
	return &Source{s: s, extra: extra, about: about, known: map[string]bool{}, last: map[storage.SeriesRef]told{}}
}

// Write takes one round: tell is called once and gives samples, each with names
// and values of labels in turn. Beside them it writes up, and what a scrape
// tells about itself.
func (s *Source) Write(ctx context.Context, at time.Time, tell func(emit func(name string, v float64, kv ...string))) error {
	app := s.s.Appender(ctx)
	s.round++
	r := sourceRound{Source: s, app: app, at: at.UnixMilli()}
	begin := time.Now()
	tell(r.emit)
	samples := float64(r.n)
	r.emit("scrape_duration_seconds", time.Since(begin).Seconds())
	r.emit("scrape_samples_scraped", samples)
	r.emit("up", 1)
	r.end()
	if r.err != nil {
		return errors.Join(r.err, app.Rollback())
	}
	return app.Commit()
}

// End writes that every series of the source ends now.
func (s *Source) End(ctx context.Context, at time.Time) error {
	app := s.s.Appender(ctx)
	s.round++
	r := sourceRound{Source: s, app: app, at: at.UnixMilli()}
	r.end()
	if r.err != nil {
		return errors.Join(r.err, app.Rollback())
	}
	return app.Commit()
}

type sourceRound struct {
	*Source
	app storage.Appender
	at  int64 // Unix ms
	n   int
	err error
}

func (r *sourceRound) emit(name string, v float64, kv ...string) {
	if r.err != nil {
		return
	}
	r.describe(name)
	ref, ls := r.find(name, kv)
	ref, err := r.app.Append(ref, ls, r.at, v)
	switch {
	case err == nil:
		r.n++
		r.last[ref] = told{ls, r.round}
	case !Refused(err):
		r.err = err
	}
}

func (r *sourceRound) describe(name string) {
	if r.known[name] {
		return
	}
	r.known[strings.Clone(name)] = true
	if counter, help := r.about(name); help != "" {
		md := metadata.Metadata{Type: model.MetricTypeGauge, Help: help}
		if counter {
			md.Type = model.MetricTypeCounter
		}
		r.s.meta.set(name, md)
	}
}

// find gives the series' reference and labels, which are made only when the
// series is new.
func (r *sourceRound) find(name string, kv []string) (storage.SeriesRef, labels.Labels) {
	r.builder.Reset()
	r.builder.Add(labels.MetricName, name)
	for i := 0; i+1 < len(kv); i += 2 {
		if kv[i+1] != "" {
			r.builder.Add(kv[i], kv[i+1])
		}
	}
	r.extra.Range(func(l labels.Label) { r.builder.Add(l.Name, l.Value) })
	r.builder.Sort()
	r.builder.Overwrite(&r.scratch)
	if get, ok := r.app.(storage.GetRef); ok {
		if ref, ls := get.GetRef(r.scratch, r.scratch.Hash()); ref != 0 {
			return ref, ls
		}
	}
	return 0, r.scratch.Copy()
}

// end marks the series that were not told in this round.
func (r *sourceRound) end() {
	stale := math.Float64frombits(value.StaleNaN)
	for ref, t := range r.last {
		if t.round == r.round {
			continue
		}
		if _, err := r.app.Append(ref, t.ls, r.at, stale); err != nil && !Refused(err) {
			r.err = errors.Join(r.err, err)
		}
		delete(r.last, ref)
	}
}
