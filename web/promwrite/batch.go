package promwrite

import (
	"errors"
	"fmt"
	"math"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"google.golang.org/protobuf/encoding/protowire"

	"tripod/store"
)

// Bounds of one series; Prometheus itself has none, but its senders send a
// few dozen labels of some hundred bytes.
const (
	maxLabels     = 256
	maxLabelBytes = 64 << 10
)

// batch appends one request's series. What is wrong with one sample or series
// is counted and the others go on; an error that is returned ends the request.
type batch struct {
	app     storage.Appender
	getRef  storage.GetRef // nil when the appender cannot
	refs    *refs
	labels  adder         // of a series; its strings point into the request
	scratch labels.Labels // what labels wrote; overwritten by the next series
	symbols []string      // of remote-write 2; they point into the request
	head    []byte        // of remote-write 1: the label bytes of the series
	words   []byte        // of remote-write 2: the same, from the symbols
	metric  string        // of remote-write 2: the series' metric; points into the request
	starts  bool          // samples may say when their counter started: remote-write 2
	seen    int           // samples and histograms of the request, whatever became of them

	series                        one
	samples, histograms, exemplar int // written
	rejected                      int
	faulty                        bool   // something is wrong, with or without a sample that was rejected
	reason                        string // of the first fault
}

// one is the series at hand: a reference, or labels, or both.
type one struct {
	ref    storage.SeriesRef
	labels labels.Labels
	last   int64 // time of its last sample in this request, Unix ms
	bits   uint64
	some   bool
}

func (b *batch) reset(app storage.Appender) {
	b.app = app
	b.getRef, _ = app.(storage.GetRef)
	b.series, b.head, b.metric, b.seen = one{}, nil, "", 0
	b.samples, b.histograms, b.exemplar, b.rejected = 0, 0, 0, 0
	b.faulty, b.reason = false, ""
	clear(b.symbols)
	b.symbols = b.symbols[:0]
}

// reject leaves n samples out, or none but something beside them. The sender
// is told of the first fault.
func (b *batch) reject(n int, format string, args ...any) {
	if !b.faulty {
		b.faulty, b.reason = true, fmt.Sprintf(format, args...)
	}
	b.rejected += n
}

// adder collects labels within the bounds.
type adder struct {
	builder     labels.ScratchBuilder
	count, size int
}

func (a *adder) reset() {
	a.builder.Reset()
	a.count, a.size = 0, 0
}

// add leaves an empty value out: it is no label.
func (a *adder) add(name, value string) {
	a.count++
	a.size += len(name) + len(value)
	if value != "" && a.over() == nil {
		a.builder.Add(name, value)
	}
}

func (a *adder) over() error {
	if a.count > maxLabels || a.size > maxLabelBytes {
		return fmt.Errorf("more than %d labels or %d bytes in labels", maxLabels, maxLabelBytes)
	}
	return nil
}

// find leads from the labels to their series, or says what is wrong with them.
func (b *batch) find() error {
	if err := b.labels.over(); err != nil {
		return err
	}
	b.labels.builder.Sort()
	b.labels.builder.Overwrite(&b.scratch)
	if b.getRef != nil {
		if ref, ls := b.getRef.GetRef(b.scratch, b.scratch.Hash()); ref != 0 {
			b.series = one{ref: ref, labels: ls}
			return nil
		}
	}
	if err := check(b.scratch); err != nil {
		return err
	}
	b.series = one{labels: b.scratch.Copy()} // the store keeps the labels of a new series
	return nil
}

func check(ls labels.Labels) error {
	if !ls.Has(labels.MetricName) {
		return errors.New("no metric name")
	}
	if !ls.IsValid(model.UTF8Validation) {
		return errors.New("metric or label name that is not valid")
	}
	if name, twice := ls.HasDuplicateLabelNames(); twice {
		return fmt.Errorf("label name %.80q is not unique", name)
	}
	return nil
}

// errForgotten says that the store no longer has a series under its reference.
var errForgotten = errors.New("forgotten series")

// sample appends a float. It returns errForgotten, with nothing done, when the
// series is known by its reference alone and the store has dropped it.
func (b *batch) sample(start, t int64, v float64) error {
	s := &b.series
	bits := math.Float64bits(v)
	if s.some && s.last == t && s.bits != bits {
		// Within one batch the store would find this only when it commits, and
		// then drop it without a word.
		b.reject(1, "%v of %s: time %d twice with different values", storage.ErrDuplicateSampleForTimestamp, b.name(), t)
		return nil
	}
	if start != 0 && t != 0 {
		b.begun(b.app.AppendSTZeroSample(s.ref, s.labels, t, start))
	}
	ref, err := b.app.Append(s.ref, s.labels, t, v)
	if err != nil {
		return b.failed(err)
	}
	s.ref, s.last, s.bits, s.some = ref, t, bits, true
	b.samples++
	return nil
}

// begun takes what became of a zero at the time when a counter started. Most
// are refused, because the series has a later sample already; that is no fault
// of the sender, who says the same start with each sample.
func (b *batch) begun(ref storage.SeriesRef, err error) {
	if err == nil {
		b.series.ref = ref
	}
}

func (b *batch) histogram(msg []byte) error {
	w, err := readHistogram(msg, b.starts)
	if err != nil {
		return err
	}
	b.seen++
	h, fh := w.value()
	if err := coarser(h, fh); err != nil {
		b.reject(1, "%v of %s", err, b.name())
		return nil
	}
	if w.start != 0 && w.t != 0 {
		b.begun(b.app.AppendHistogramSTZeroSample(b.series.ref, b.series.labels, w.t, w.start, h, fh))
	}
	ref, err := b.app.AppendHistogram(b.series.ref, b.series.labels, w.t, h, fh)
	if err != nil {
		return b.failed(err)
	}
	b.series.ref = ref
	b.histograms++
	return nil
}

// coarser brings a histogram of a schema that is finer than any that is
// stored, but may come, to the finest that is.
func coarser(h *histogram.Histogram, fh *histogram.FloatHistogram) error {
	switch {
	case h != nil && histogram.IsExponentialSchemaReserved(h.Schema) && h.Schema > histogram.ExponentialSchemaMax:
		return h.ReduceResolution(histogram.ExponentialSchemaMax)
	case fh != nil && histogram.IsExponentialSchemaReserved(fh.Schema) && fh.Schema > histogram.ExponentialSchemaMax:
		return fh.ReduceResolution(histogram.ExponentialSchemaMax)
	}
	return nil
}

func (b *batch) failed(err error) error {
	switch {
	case refused(err):
		b.reject(1, "%v of %s", err, b.name())
		return nil
	case b.series.labels.IsEmpty():
		return errForgotten
	}
	return err
}

// name is the metric's, for messages.
func (b *batch) name() string {
	switch {
	case !b.series.labels.IsEmpty():
		return b.series.labels.Get(labels.MetricName)
	case b.head != nil:
		return metricName(b.head)
	}
	return b.metric
}

func refused(err error) bool {
	var h histogram.Error
	return errors.Is(err, storage.ErrOutOfBounds) ||
		errors.Is(err, storage.ErrTooOldSample) ||
		errors.Is(err, storage.ErrOutOfOrderSample) ||
		errors.Is(err, storage.ErrDuplicateSampleForTimestamp) ||
		errors.As(err, &h)
}

// point is one sample message: value 1, time 2, in remote-write 2 start time 3.
func (b *batch) point(msg []byte) error {
	var t, start int64
	var v float64
	m := message{b: msg}
	for num, typ, ok := m.next(); ok; num, typ, ok = m.next() {
		switch num {
		case 1:
			v = m.double(typ)
		case 2:
			t = int64(m.varint(typ))
		case 3:
			if b.starts {
				start = int64(m.varint(typ))
			} else {
				m.skip(num, typ)
			}
		default:
			m.skip(num, typ)
		}
	}
	if m.err != nil {
		return m.err
	}
	b.seen++
	return b.sample(start, t, v)
}

// addExemplar reads value 2 and time 3; labels are field 1, in the request's own form.
// An exemplar that the store does not want is dropped: it is a hint, and no
// sender can do anything about it.
func (b *batch) addExemplar(msg []byte, label func(func(name, value string), *message, protowire.Type) error) error {
	var e exemplar.Exemplar
	var ls adder
	m := message{b: msg}
	for num, typ, ok := m.next(); ok; num, typ, ok = m.next() {
		switch num {
		case 1:
			if err := label(ls.add, &m, typ); errors.Is(err, errWire) {
				return err
			} else if err != nil {
				b.reject(0, "exemplar of %s with %v", b.name(), err)
				return nil
			}
		case 2:
			e.Value = m.double(typ)
		case 3:
			e.Ts, e.HasTs = int64(m.varint(typ)), true
		default:
			m.skip(num, typ)
		}
	}
	if m.err != nil || b.series.ref == 0 || ls.over() != nil {
		return m.err
	}
	ls.builder.Sort()
	e.Labels = ls.builder.Labels()
	if _, err := b.app.AppendExemplar(b.series.ref, b.series.labels, e); err == nil {
		b.exemplar++
	}
	return nil
}

func (b *batch) partial() error {
	if !b.faulty {
		return nil
	}
	return &store.PartialError{Rejected: b.rejected, Reason: b.reason}
}
