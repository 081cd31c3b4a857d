package scrape

import (
	"context"
	"errors"
	"math"
	"strings"
	"sync"

	"github.com/VictoriaMetrics/VictoriaMetrics/lib/auth"
	"github.com/VictoriaMetrics/VictoriaMetrics/lib/prompb"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
)

// push appends what one scrape found. It runs inside the scrape, of which one
// a core is worked on at a time.
func (m *Manager) push(at *auth.Token, wr *prompb.WriteRequest) {
	s := sinks.Get().(*sink)
	defer sinks.Put(s)
	s.open(m)
	series, broken := m.limit(at, wr.Timeseries)
	s.broken = broken
	s.recall(series)
	for i := range series {
		if err := s.series(&series[i]); err != nil {
			m.failed(errors.Join(err, s.app.Rollback()))
			return
		}
	}
	if s.broken {
		s.end(series[len(series)-1].Samples[0].Timestamp)
	}
	if err := s.app.Commit(); err != nil {
		m.failed(err)
		return
	}
	if s.refused > 0 && m.o.Refused != nil {
		m.o.Refused(s.refused)
	}
	if m.o.Family != nil && s.news(wr.Metadata) {
		for i := range wr.Metadata {
			m.o.Family(family(&wr.Metadata[i]))
		}
	}
	s.keep()
}

func family(md *prompb.MetricMetadata) (string, metadata.Metadata) {
	return strings.Clone(md.MetricFamilyName), metadata.Metadata{
		Type: model.MetricType(md.Type.String()), Help: strings.Clone(md.Help), Unit: strings.Clone(md.Unit),
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
	buf     []byte
	refused int

	memory *memory
	whole  bool // this is all of a target's scrape, with up at its end
	good   bool // and the target is up
	broken bool // and nothing of it is kept: a limit
	target key
	page   *page
	reader reader
	next   []row // what is remembered after this scrape
}

var sinks = sync.Pool{New: func() any { return new(sink) }}

func (s *sink) open(m *Manager) {
	s.app = m.o.Sink.Appender(context.Background()) // a scrape that was made is kept, also while stopping
	s.getRef, _ = s.app.(storage.GetRef)
	s.memory, s.refused, s.page = m.memory, 0, nil
	s.reader, s.next = reader{}, s.next[:0]
}

// recall takes what is remembered of the target of a scrape.
func (s *sink) recall(series []prompb.TimeSeries) {
	up := ofUp(series)
	if s.whole = up != nil; !s.whole {
		return
	}
	s.good = up.Samples[0].Value == 1
	s.buf = appendLabels(s.buf[:0], up.Labels)
	s.target = s.memory.key(s.buf)
	s.page = s.memory.take(s.target)
	if !ended(up) {
		s.reader.rows = s.page.rows
	}
}

// keep remembers this scrape in the place of the one before. One that failed
// has no series, and one that says that the target is gone is forgotten.
func (s *sink) keep() {
	switch {
	case !s.whole || s.broken:
	case s.good:
		s.page.rows = append(s.page.rows[:0], s.next...)
		fallthrough
	case s.reader.rows != nil:
		s.memory.keep(s.target, s.page)
	}
}

// end marks all that the target told in its last scrape, but what this scrape
// has told, as ended. What was forgotten ends by itself, five minutes later.
func (s *sink) end(at int64) {
	told := map[storage.SeriesRef]bool{0: true}
	for _, r := range s.next {
		told[r.ref] = true
	}
	for _, r := range s.page.rows {
		if !told[r.ref] {
			s.app.Append(r.ref, labels.EmptyLabels(), at, math.Float64frombits(value.StaleNaN)) // a series that is gone has no end
		}
	}
}

// news says whether metadata are others than those of the scrape before.
func (s *sink) news(about []prompb.MetricMetadata) bool {
	if !s.good || !s.whole {
		return true
	}
	before := s.page.told
	s.buf, s.page.told = s.memory.said(s.buf[:0], about)
	return s.page.told != before
}

func (s *sink) series(ts *prompb.TimeSeries) error {
	var ref storage.SeriesRef
	var k key
	if s.whole {
		s.buf = appendLabels(s.buf[:0], ts.Labels)
		k = s.memory.key(s.buf)
		ref = s.reader.find(k)
	}
	ref, err := s.samples(ref, ts)
	if (s.good || s.broken) && s.whole {
		s.next = append(s.next, row{k, ref})
	}
	return err
}

// samples appends those of a series, whose reference is 0 when it is not
// known, and gives the reference.
func (s *sink) samples(ref storage.SeriesRef, ts *prompb.TimeSeries) (storage.SeriesRef, error) {
	var ls labels.Labels
	if ref == 0 {
		ref, ls = s.find(ts.Labels)
	}
	for _, x := range ts.Samples {
		if x.Value == noSampleLimit && nameOf(ts.Labels) == "scrape_samples_limit" {
			continue // ours, not the user's
		}
		got, err := s.app.Append(ref, ls, x.Timestamp, x.Value)
		if err != nil && !refused(err) && ls.IsEmpty() { // the store has dropped the series
			ref, ls = s.find(ts.Labels)
			got, err = s.app.Append(ref, ls, x.Timestamp, x.Value)
		}
		switch {
		case err == nil:
			ref = got
		case refused(err):
			s.refused++
		default:
			return 0, err
		}
	}
	return ref, nil
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
