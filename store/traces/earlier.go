package traces

import (
	"context"
	"errors"
	"maps"
	"strings"
	"time"

	"tripod/store"
	"tripod/store/events"
)

// maxLate is how far the spans of one trace may start apart to be joined.
const maxLate = 24 * time.Hour

var joinedFields = []string{fTraceID, fSpanID, fParentID, fService, fKind, fDuration, fStatus, fCaller, fLink, attrPrefix + store.ZipkinShared}

// earlier shows the spans that are kept of these traces, and those that await
// spans of them, as far as they start within a day of a range. What cannot be
// read is left out, and the engine has reported it.
func (s *Store) earlier(ctx context.Context, ids []store.TraceID, around store.TimeRange, show func(joinedSpan)) error {
	around = store.TimeRange{From: addTime(around.From, -int64(maxLate)), To: addTime(around.To, int64(maxLate))}
	old := map[store.TraceID]uint64{} // their hashes
	hashes := make([]uint64, len(ids))
	for i, id := range ids {
		hashes[i] = seenHash(id)
	}
	err := s.events.Digests(ctx, around, func(d events.Digest) {
		for i, h := range hashes {
			if d.(*digest).traces.has(h) {
				old[ids[i]] = h
			}
		}
	})
	if err := fatal(ctx, err); err != nil || len(old) == 0 {
		return err
	}
	texts := make(map[string]bool, len(old))
	for id := range old {
		texts[id.String()] = true
	}
	q := events.Query{Range: around, Where: events.Or{events.OneOf{Field: fTraceID, Texts: texts}, events.OneOf{Field: fAwaits, Texts: texts}}, Fields: joinedFields, Oldest: true,
		May: func(d events.Digest) bool { return d.(*digest).traces.hasAny(maps.Values(old)) }}
	for e, err := range s.events.Scan(ctx, q) {
		if err := fatal(ctx, err); err != nil {
			return err
		}
		if err == nil {
			show(joinedSpanOf(e))
		}
	}
	return nil
}

// fatal is the error if it says more than that something cannot be read.
func fatal(ctx context.Context, err error) error {
	if errors.Is(err, store.ErrClosed) {
		return err
	}
	return ctx.Err()
}

func joinedSpanOf(e *events.Event) joinedSpan {
	s := joinedSpan{start: e.Time}
	var links []store.SpanLink
	var d decoder
	for i := range e.Fields {
		switch v := e.Fields[i].Value; e.Fields[i].Name {
		case fTraceID:
			s.trace, _ = store.ParseTraceID(v.Str())
		case fSpanID:
			s.id, _ = store.ParseSpanID(v.Str())
		case fParentID:
			s.parent, _ = store.ParseSpanID(v.Str())
		case fService:
			s.service = strings.Clone(v.Str())
		case fKind:
			s.kind = store.SpanKind(v.Int())
		case fDuration:
			s.took = max(0, v.Int())
		case fStatus:
			s.fails = store.StatusCode(v.Int()) == store.StatusError
		case fCaller:
			s.called = true
		case attrPrefix + store.ZipkinShared:
			s.shared = true
		case fLink:
			links = append(links, d.link(v))
		}
	}
	s.parentTrace, s.parent = causeOf(s.trace, s.parent, s.kind, links)
	if s.shared = s.shared && s.kind == store.SpanServer; s.shared {
		s.parent = s.id
	}
	return s
}
