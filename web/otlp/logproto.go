package otlp

import (
	"slices"
	"sync"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"tripod/store"
	"tripod/web"
)

// logReader reads a request of protobuf into records at once: pdata's way, a
// tree of allocations that is walked twice more, takes four times as long. It
// keeps to the bounds of checkProto, and takes what pdata takes.
type logReader struct {
	now     int64
	left    int // messages that may still come
	records []store.Record
	attrs   store.Attrs // room; its length is what records have, and what lies behind is empty
	bad     web.Refusals
}

var logReaders = sync.Pool{New: func() any { return &logReader{} }}

// Bounds of what is kept for the next request: 5 MB.
const (
	maxPooledRecords = 4 << 10
	maxPooledAttrs   = 64 << 10
)

// newLogReader is to be freed when nobody uses the records any more.
func newLogReader(now time.Time) *logReader {
	r := logReaders.Get().(*logReader)
	r.now, r.left, r.bad = now.UnixNano(), maxParts, web.Refusals{}
	return r
}

// free forgets what is shared with the request.
func (r *logReader) free() {
	if cap(r.records) > maxPooledRecords || cap(r.attrs) > maxPooledAttrs {
		return
	}
	clear(r.records)
	clear(r.attrs)
	r.records, r.attrs = r.records[:0], r.attrs[:0]
	logReaders.Put(r)
}

// request reads an ExportLogsServiceRequest; the records share its memory.
func (r *logReader) request(text string) error {
	m := fields{text: text, end: len(text)}
	if err := r.enter(maxDepth); err != nil {
		return err
	}
	for m.next() {
		if m.num == 1 && m.is(protowire.BytesType) {
			m.err = r.resourceLogs(m.inside())
		}
	}
	return m.err
}

// enter counts a message, which may have so many levels.
func (r *logReader) enter(depth int) error {
	if r.left--; r.left < 0 {
		return tooManyParts()
	}
	if depth == 0 {
		return tooDeep()
	}
	return nil
}

// resourceLogs looks for the resource first, since nothing orders fields. What
// stands in the deprecated field 1000 counts when there is nothing in field 2.
func (r *logReader) resourceLogs(m fields) error {
	if err := r.enter(maxDepth - 1); err != nil {
		return err
	}
	res, scopes := &store.Resource{}, protowire.Number(1000)
	first := m
	for first.next() {
		switch first.num {
		case 1:
			if first.is(protowire.BytesType) {
				first.err = r.resource(res, first.inside())
			}
		case 2:
			scopes = 2
		case 3:
			if first.is(protowire.BytesType) {
				res.SchemaURL = first.bytes()
			}
		}
	}
	if first.err != nil {
		return first.err
	}
	service := res.Attrs.Text("service.name")
	for m.next() {
		if (m.num == 2 || m.num == 1000) && m.is(protowire.BytesType) && m.num == scopes {
			m.err = r.scopeLogs(m.inside(), res, service)
		}
	}
	return m.err
}

func (r *logReader) resource(res *store.Resource, m fields) error {
	if err := r.enter(maxDepth - 2); err != nil {
		return err
	}
	for m.next() {
		switch m.num {
		case 1:
			res.Attrs, m.err = r.pair(res.Attrs, &m, maxDepth-3)
		case 2:
			if m.is(protowire.VarintType) {
				res.Dropped = uint32(m.n)
			}
		case 3: // entities, which are not kept
			if m.is(protowire.BytesType) {
				m.err = r.enter(maxDepth - 3)
			}
		}
	}
	return m.err
}

// scopeLogs looks for the scope first.
func (r *logReader) scopeLogs(m fields, res *store.Resource, service string) error {
	if err := r.enter(maxDepth - 2); err != nil {
		return err
	}
	scope, first, count := &store.Scope{}, m, 0
	for first.next() {
		switch first.num {
		case 1:
			if first.is(protowire.BytesType) {
				first.err = r.scope(scope, first.inside())
			}
		case 2:
			count++
		case 3:
			if first.is(protowire.BytesType) {
				scope.SchemaURL = first.bytes()
			}
		}
	}
	if first.err != nil {
		return first.err
	}
	r.records = slices.Grow(r.records, min(count, r.left))
	for m.next() {
		if m.num == 2 && m.is(protowire.BytesType) {
			m.err = r.logRecord(m.inside(), res, scope, service)
		}
	}
	return m.err
}

func (r *logReader) scope(scope *store.Scope, m fields) error {
	if err := r.enter(maxDepth - 3); err != nil {
		return err
	}
	for m.next() {
		switch m.num {
		case 1:
			if m.is(protowire.BytesType) {
				scope.Name = m.bytes()
			}
		case 2:
			if m.is(protowire.BytesType) {
				scope.Version = m.bytes()
			}
		case 3:
			scope.Attrs, m.err = r.pair(scope.Attrs, &m, maxDepth-4)
		case 4:
			if m.is(protowire.VarintType) {
				scope.Dropped = uint32(m.n)
			}
		}
	}
	return m.err
}
