package scrape

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/VictoriaMetrics/VictoriaMetrics/lib/auth"
	"github.com/VictoriaMetrics/VictoriaMetrics/lib/prompb"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/storage"
)

// push appends what one scrape found. It runs inside the scrape, of which one
// a core is worked on at a time.
func (m *Manager) push(at *auth.Token, wr *prompb.WriteRequest) {
	app := m.o.Sink.Appender(context.Background()) // a scrape that was made is kept, also while stopping
	s := sinks.Get().(*sink)
	defer sinks.Put(s)
	s.app, s.refused = app, 0
	s.getRef, _ = app.(storage.GetRef)
	series := m.limit(at, wr.Timeseries)
	for i := range series {
		if err := s.series(&series[i]); err != nil {
			m.failed(errors.Join(err, app.Rollback()))
			return
		}
	}
	if err := app.Commit(); err != nil {
		m.failed(err)
		return
	}
	if s.refused > 0 && m.o.Refused != nil {
		m.o.Refused(s.refused)
	}
	if m.o.Family == nil {
		return
	}
	for i := range wr.Metadata {
		md := &wr.Metadata[i]
		m.o.Family(strings.Clone(md.MetricFamilyName), metadata.Metadata{
			Type: model.MetricType(md.Type.String()), Help: strings.Clone(md.Help), Unit: strings.Clone(md.Unit),
		})
	}
}

func (m *Manager) failed(err error) {
	if m.o.Failed != nil {
		m.o.Failed(err)
	}
}

// sink appends one scrape. Its strings point into the scrape's buffers, which
// the next scrape overwrites.
type sink struct {
	app     storage.Appender
	getRef  storage.GetRef // nil when the appender cannot
	builder labels.ScratchBuilder
	scratch labels.Labels
	refused int
}

var sinks = sync.Pool{New: func() any { return new(sink) }}

func (s *sink) series(ts *prompb.TimeSeries) error {
	ref, ls := s.find(ts.Labels)
	for _, x := range ts.Samples {
		if x.Value == noSampleLimit && ls.Get(labels.MetricName) == "scrape_samples_limit" {
			continue // ours, not the user's
		}
		got, err := s.app.Append(ref, ls, x.Timestamp, x.Value)
		switch {
		case err == nil:
			ref = got
		case refused(err):
			s.refused++
		default:
			return err
		}
	}
	return nil
}

// find is the series' reference and its labels, which are copied only when the
// series is new: the store keeps them then.
func (s *sink) find(from []prompb.Label) (storage.SeriesRef, labels.Labels) {
	s.builder.Reset()
	for _, l := range from {
		name := l.Name
		if name == "" {
			name = labels.MetricName
		}
		if l.Value != "" {
			s.builder.Add(name, l.Value)
		}
	}
	s.builder.Sort()
	s.builder.Overwrite(&s.scratch)
	if s.getRef != nil {
		if ref, ls := s.getRef.GetRef(s.scratch, s.scratch.Hash()); ref != 0 {
			return ref, ls
		}
	}
	return 0, s.scratch.Copy()
}

func refused(err error) bool {
	return errors.Is(err, storage.ErrOutOfBounds) ||
		errors.Is(err, storage.ErrTooOldSample) ||
		errors.Is(err, storage.ErrOutOfOrderSample) ||
		errors.Is(err, storage.ErrDuplicateSampleForTimestamp)
}
