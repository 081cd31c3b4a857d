package metrics

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"tripod/store"
)

// maxAhead is how far ahead of the clock a sample may be. One sample of next
// year would make every sample of today too old.
const maxAhead = 10 * time.Minute

// Appender starts a batch. Append refuses what is too far ahead
// (storage.ErrOutOfBounds), too old (storage.ErrTooOldSample) or another
// value for a moment that has one (storage.ErrDuplicateSampleForTimestamp);
// the rest of the batch is not touched by it. After Commit the batch is in the
// journal: it survives a kill of the process, and a loss of power but for what
// the kernel had not yet written. A full disk is store.ErrFull.
//
// A labels.Labels given with reference 0 must not be changed afterwards; the
// appender keeps it when the series is new. It has the method of
// storage.GetRef.
func (s *Store) Appender(ctx context.Context) storage.Appender {
	return &appender{
		Appender: s.db.Appender(ctx),
		s:        s,
		latest:   s.o.Now().Add(maxAhead).UnixMilli(),
	}
}

type appender struct {
	storage.Appender
	s                  *Store
	latest             int64 // Unix ms
	accepted, rejected int64
	minutes            minutes
}

func (a *appender) GetRef(ls labels.Labels, hash uint64) (storage.SeriesRef, labels.Labels) {
	return a.Appender.(storage.GetRef).GetRef(ls, hash)
}

func (a *appender) Append(ref storage.SeriesRef, ls labels.Labels, t int64, v float64) (storage.SeriesRef, error) {
	if t > a.latest {
		err := tooFarAhead(t, a.latest)
		a.count(err)
		return 0, err
	}
	ref, err := a.Appender.Append(ref, ls, t, v)
	a.minutes.add(t)
	a.count(err)
	return ref, err
}

func (a *appender) AppendHistogram(ref storage.SeriesRef, ls labels.Labels, t int64, h *histogram.Histogram, fh *histogram.FloatHistogram) (storage.SeriesRef, error) {
	if t > a.latest {
		err := tooFarAhead(t, a.latest)
		a.count(err)
		return 0, err
	}
	ref, err := a.Appender.AppendHistogram(ref, ls, t, h, fh)
	a.minutes.add(t)
	a.count(err)
	return ref, err
}

func (a *appender) AppendSTZeroSample(ref storage.SeriesRef, ls labels.Labels, t, st int64) (storage.SeriesRef, error) {
	a.minutes.add(st)
	return a.Appender.AppendSTZeroSample(ref, ls, t, st)
}

func (a *appender) AppendHistogramSTZeroSample(ref storage.SeriesRef, ls labels.Labels, t, st int64, h *histogram.Histogram, fh *histogram.FloatHistogram) (storage.SeriesRef, error) {
	a.minutes.add(st)
	return a.Appender.AppendHistogramSTZeroSample(ref, ls, t, st, h, fh)
}

func (a *appender) AppendExemplar(ref storage.SeriesRef, ls labels.Labels, e exemplar.Exemplar) (storage.SeriesRef, error) {
	if e.Ts > a.latest {
		return 0, tooFarAhead(e.Ts, a.latest)
	}
	return a.Appender.AppendExemplar(ref, ls, e)
}

func (a *appender) count(err error) {
	switch {
	case err == nil:
		a.accepted++
	case Refused(err):
		a.rejected++
		a.s.refusals.add(err)
	}
}

func (a *appender) Commit() error {
	err := a.Appender.Commit()
	a.s.changes.wrote(a.minutes) // a part may be in, if it failed
	if err != nil {
		return commitError(err)
	}
	a.s.accepted.Add(a.accepted)
	a.s.rejected.Add(a.rejected)
	return nil
}

// errAhead is an ErrOutOfBounds, which senders know.
var errAhead = fmt.Errorf("%w", storage.ErrOutOfBounds)

func tooFarAhead(t, latest int64) error {
	return fmt.Errorf("%w: time %d is after %d, ten minutes from now", errAhead, t, latest)
}

// Refused says that an error of Append is about that sample alone and stays
// so when it is sent again.
func Refused(err error) bool {
	var h histogram.Error
	return errors.Is(err, storage.ErrOutOfBounds) ||
		errors.Is(err, storage.ErrTooOldSample) ||
		errors.Is(err, storage.ErrOutOfOrderSample) ||
		errors.Is(err, storage.ErrDuplicateSampleForTimestamp) ||
		errors.As(err, &h)
}

func commitError(err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("commit samples: %w: %w", err, store.ErrFull)
	case errors.Is(err, storage.ErrOutOfBounds):
		return fmt.Errorf("commit samples: %w: %w", err, store.ErrInvalid)
	}
	return fmt.Errorf("commit samples: %w", err)
}
