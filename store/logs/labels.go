package logs

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"tripod/store"
	"tripod/store/events"
)

const (
	labelService = "service_name"
	labelLevel   = "level"
)

// label is the Loki name of a digest's field, empty when it is none.
func label(field string) string {
	switch {
	case field == wordService || field == resource+"service.name":
		return labelService
	case field == own+"class":
		return labelLevel
	}
	name, _ := askedName(field)
	return LabelName(name)
}

// LabelNames are the names under which a Loki client selects: service_name,
// level and the names of resource attributes, sorted. They may be those of a
// little more than the range.
func (s *Store) LabelNames(ctx context.Context, r store.TimeRange) ([]string, error) {
	names := map[string]bool{}
	err := s.events.Digests(ctx, r, func(d events.Digest) {
		for field := range d.(*digest).values {
			names[label(field)] = true
		}
	})
	delete(names, "")
	return slices.Sorted(maps.Keys(names)), err
}

// LabelValues are the values of a label, sorted. Those of a field that is no
// label are taken from the newest records of the range.
func (s *Store) LabelValues(ctx context.Context, name string, r store.TimeRange) ([]string, error) {
	if name == "detected_level" {
		name = labelLevel
	}
	if name == "service" || name == "service.name" {
		name = labelService
	}
	values := map[string]bool{}
	err := s.events.Digests(ctx, r, func(d events.Digest) {
		for field, all := range d.(*digest).values {
			if l := label(field); l == name || l == LabelName(name) {
				maps.Copy(values, all)
			}
		}
	})
	if err == nil && len(values) == 0 {
		err = s.scanValues(ctx, name, r, values)
	}
	delete(values, "")
	return slices.Sorted(maps.Keys(values)), err
}

// maxLabelScan bounds the records that are read for the values of a field, and
// maxLabelValues those values.
const (
	maxLabelScan   = 50_000
	maxLabelValues = 1000
)

func (s *Store) scanValues(ctx context.Context, name string, r store.TimeRange, values map[string]bool) error {
	fields := namesOf(name)
	var unread error
	for e, err := range s.events.Scan(ctx, events.Query{Range: r, Limit: maxLabelScan}) {
		if errors.Is(err, store.ErrUnread) {
			unread = cmp.Or(unread, err)
			continue
		}
		if err != nil {
			return err
		}
		for i := range e.Fields {
			if f := &e.Fields[i]; fields.has(f.Name) && len(values) < maxLabelValues {
				if text := f.Value.Text(); !values[text] {
					values[strings.Clone(text)] = true
				}
			}
		}
	}
	return unread
}
