package otlp

import (
	"slices"
	"sync"
	"time"

	"tripod/store"
	"tripod/web"
)

// logReader reads a request of logs.
type logReader struct {
	reader
	now     int64
	records []store.Record
}

var logReaders = sync.Pool{New: func() any {
	r := &logReader{}
	r.grow = func(n int) { r.records = slices.Grow(r.records, n) }
	r.item = r.logRecord
	return r
}}

// maxPooledRecords bounds what is kept for the next request: 1 MB.
const maxPooledRecords = 4 << 10

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
