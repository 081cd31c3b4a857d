package scrape

import (
	"encoding/binary"
	"hash/maphash"
	"sync"

	"github.com/VictoriaMetrics/VictoriaMetrics/lib/prompb"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
)

// memory remembers of each target what its last scrape led to. A target tells
// the same series in the same order again and again: that of a row is then
// found by the row's place, without sorting, hashing and looking up labels,
// which costs most of an append. It holds 24 bytes for each series of a target
// until the target goes; scrapes over 1 MB, which promscrape hands over in
// pieces, are not remembered.
type memory struct {
	seeds [2]maphash.Seed
	mu    sync.Mutex
	of    map[key]*page
	rows  int // of all pages
}

// maxRows bounds what is remembered to 24 MB. Beyond it some targets are
// forgotten, which makes their next scrape slower and changes nothing else.
const maxRows = 1_000_000

// key stands for label bytes: 128 bits under secret seeds, so that nobody can
// make two series meet.
type key [2]uint64

// page is what is known of one target. Whoever has taken it is alone with it.
type page struct {
	rows []row  // of the last scrape that succeeded, in its order
	told uint64 // its metadata
}

// row is a series. A reference may outlive its series in the store, which then
// refuses it; it never comes to mean another one.
type row struct {
	key key
	ref storage.SeriesRef
}

func newMemory() *memory {
	return &memory{seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}, of: map[key]*page{}}
}

func (m *memory) key(buf []byte) key {
	return key{maphash.Bytes(m.seeds[0], buf), maphash.Bytes(m.seeds[1], buf)}
}

// take gives out the page of a target, an empty one when there is none.
func (m *memory) take(target key) *page {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.of[target]
	if p == nil {
		return &page{}
	}
	m.drop(target)
	return p
}

func (m *memory) keep(target key, p *page) {
	if len(p.rows) == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.drop(target) // another one of the same labels may have come meanwhile
	for other := range m.of {
		if m.rows+len(p.rows) <= maxRows {
			break
		}
		m.drop(other)
	}
	m.of[target] = p
	m.rows += len(p.rows)
}

func (m *memory) drop(target key) {
	if p := m.of[target]; p != nil {
		m.rows -= len(p.rows)
		delete(m.of, target)
	}
}

// series is how many are remembered.
func (m *memory) series() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.rows
}

// appendLabels frames the labels of a series as promscrape orders them.
func appendLabels(buf []byte, ls []prompb.Label) []byte {
	for i := range ls {
		buf = binary.AppendUvarint(buf, uint64(len(ls[i].Name)))
		buf = append(buf, ls[i].Name...)
		buf = binary.AppendUvarint(buf, uint64(len(ls[i].Value)))
		buf = append(buf, ls[i].Value...)
	}
	return buf
}

// lookAhead is how many rows may have gone at once without the rest being
// looked up in the store.
const lookAhead = 32

// reader goes through a page beside the scrape that comes after it.
type reader struct {
	rows []row
	at   int
}

// find is 0 when the series is not among the next rows.
func (r *reader) find(k key) storage.SeriesRef {
	end := min(len(r.rows), r.at+lookAhead)
	for i := r.at; i < end; i++ {
		if r.rows[i].key == k {
			r.at = i + 1
			return r.rows[i].ref
		}
	}
	return 0
}

// ofUp is the series up, which a whole scrape ends with; nil when it does not.
func ofUp(series []prompb.TimeSeries) *prompb.TimeSeries {
	if len(series) == 0 {
		return nil
	}
	if s := &series[len(series)-1]; nameOf(s.Labels) == "up" && len(s.Samples) > 0 {
		return s
	}
	return nil
}

func nameOf(ls []prompb.Label) string {
	for i := range ls {
		if ls[i].Name == labels.MetricName || ls[i].Name == "" {
			return ls[i].Value
		}
	}
	return ""
}

func ended(s *prompb.TimeSeries) bool { return value.IsStaleNaN(s.Samples[0].Value) }

// said is a number for what targets say about their metrics.
func (m *memory) said(buf []byte, about []prompb.MetricMetadata) ([]byte, uint64) {
	for i := range about {
		md := &about[i]
		buf = binary.AppendUvarint(buf, uint64(md.Type))
		for _, s := range [...]string{md.MetricFamilyName, md.Help, md.Unit} {
			buf = binary.AppendUvarint(buf, uint64(len(s)))
			buf = append(buf, s...)
		}
	}
	return buf, maphash.Bytes(m.seeds[0], buf)
}
