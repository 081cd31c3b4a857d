package promwrite

import (
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	"google.golang.org/protobuf/encoding/protowire"
)

// request1 appends a prometheus.WriteRequest: time series are field 1,
// metadata field 3.
func (b *batch) request1(body []byte, keep func(string, metadata.Metadata)) error {
	m := message{b: body}
	for num, typ, ok := m.next(); ok; num, typ, ok = m.next() {
		switch num {
		case 1:
			if msg := m.bytes(typ); m.err == nil {
				if err := b.series1(msg); err != nil {
					return err
				}
			}
		case 3:
			if msg := m.bytes(typ); m.err == nil {
				if err := metadata1(msg, keep); err != nil {
					return err
				}
			}
		default:
			m.skip(num, typ)
		}
	}
	return m.err
}

// series1 appends one series. All senders write the labels first; their bytes
// are the key under which the series is remembered.
func (b *batch) series1(msg []byte) error {
	head, rest, err := labelBytes(msg)
	if err != nil {
		return err
	}
	if rest == nil { // labels further back, which protobuf allows
		return b.read1(msg, msg)
	}
	b.head = head
	key := b.refs.key(head)
	if ref := b.refs.get(key); ref != 0 {
		b.series = one{ref: ref}
		if err := b.points1(rest); err != errForgotten {
			return err
		}
	}
	err = b.read1(head, rest)
	if err == nil && b.series.ref != 0 {
		b.refs.put(key, b.series.ref)
	}
	return err
}

// labelBytes cuts a series behind its labels; rest is nil when there are more
// of them behind something else.
func labelBytes(msg []byte) (head, rest []byte, err error) {
	const label = 1<<3 | byte(protowire.BytesType)
	m := message{b: msg}
	for len(m.b) > 0 && m.b[0] == label && m.err == nil {
		m.next()
		m.bytes(protowire.BytesType)
	}
	head, rest = msg[:len(msg)-len(m.b)], m.b
	for num, typ, ok := m.next(); ok; num, typ, ok = m.next() {
		if num == 1 {
			rest = nil
		}
		m.skip(num, typ)
	}
	if rest == nil && len(head) == len(msg) {
		rest = msg[len(msg):]
	}
	return head, rest, m.err
}

// read1 reads the labels from one part of a series and the rest from another.
func (b *batch) read1(head, rest []byte) error {
	b.series = one{}
	b.labels.reset()
	m := message{b: head}
	for num, typ, ok := m.next(); ok; num, typ, ok = m.next() {
		if num != 1 {
			m.skip(num, typ)
		} else if err := label1(b.labels.add, &m, typ); err != nil {
			return err
		}
	}
	if m.err != nil {
		return m.err
	}
	if err := b.find(); err != nil {
		n, broken := count(rest, 2, 4)
		if n > 0 {
			b.reject(n, "series with %v", err)
		}
		return broken
	}
	return b.points1(rest)
}

// points1 appends the samples (field 2), exemplars (3) and histograms (4).
// Only the first of them can find that the series is forgotten: then nothing
// of it was appended.
func (b *batch) points1(rest []byte) error {
	m := message{b: rest}
	for num, typ, ok := m.next(); ok; num, typ, ok = m.next() {
		if num < 2 || num > 4 {
			m.skip(num, typ)
			continue
		}
		msg := m.bytes(typ)
		if m.err != nil {
			return m.err
		}
		var err error
		switch num {
		case 2:
			err = b.point(msg)
		case 3:
			err = b.addExemplar(msg, label1)
		case 4:
			err = b.histogram(msg)
		}
		if err != nil {
			return err
		}
	}
	return m.err
}

// count is how many fields of two numbers there are.
func count(msg []byte, x, y protowire.Number) (n int, err error) {
	m := message{b: msg}
	for num, typ, ok := m.next(); ok; num, typ, ok = m.next() {
		if num == x || num == y {
			n++
		}
		m.skip(num, typ)
	}
	return n, m.err
}

// label1 reads a Label: name 1, value 2.
func label1(add func(name, value string), m *message, typ protowire.Type) error {
	var name, value string
	in := message{b: m.bytes(typ)}
	for num, typ, ok := in.next(); ok; num, typ, ok = in.next() {
		switch num {
		case 1:
			name = in.text(typ)
		case 2:
			value = in.text(typ)
		default:
			in.skip(num, typ)
		}
	}
	if m.err != nil {
		return m.err
	}
	add(name, value)
	return in.err
}

// metricName finds the metric's name among label bytes.
func metricName(head []byte) string {
	m := message{b: head}
	for _, typ, ok := m.next(); ok; _, typ, ok = m.next() {
		var found string
		err := label1(func(name, value string) {
			if name == labels.MetricName {
				found = strings.Clone(value)
			}
		}, &m, typ)
		if err != nil || found != "" {
			return found
		}
	}
	return ""
}

// metricTypes are the names of remote-write's numbers, the same in 1 and 2.
var metricTypes = [...]model.MetricType{
	model.MetricTypeUnknown, model.MetricTypeCounter, model.MetricTypeGauge, model.MetricTypeHistogram,
	model.MetricTypeGaugeHistogram, model.MetricTypeSummary, model.MetricTypeInfo, model.MetricTypeStateset,
}

func metricType(n uint64) model.MetricType {
	if n < uint64(len(metricTypes)) {
		return metricTypes[n]
	}
	return model.MetricTypeUnknown
}

func metadata1(msg []byte, keep func(string, metadata.Metadata)) error {
	var family string
	var md metadata.Metadata
	m := message{b: msg}
	for num, typ, ok := m.next(); ok; num, typ, ok = m.next() {
		switch num {
		case 1:
			md.Type = metricType(m.varint(typ))
		case 2:
			family = strings.Clone(m.text(typ))
		case 4:
			md.Help = strings.Clone(m.text(typ))
		case 5:
			md.Unit = strings.Clone(m.text(typ))
		default:
			m.skip(num, typ)
		}
	}
	if m.err == nil {
		keep(family, md)
	}
	return m.err
}
