package promwrite

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	"google.golang.org/protobuf/encoding/protowire"

	"tripod/store"
)

// maxSymbols bounds the symbol table, 16 bytes each; senders have some thousand.
const maxSymbols = 1 << 20

// request2 appends an io.prometheus.write.v2.Request: symbols are field 4 and
// come before the time series, field 5.
func (b *batch) request2(body []byte, keep func(string, metadata.Metadata)) error {
	m := message{b: body}
	for num, typ, ok := m.next(); ok; num, typ, ok = m.next() {
		switch num {
		case 4:
			if len(b.symbols) == maxSymbols {
				return fmt.Errorf("more than %d symbols: %w", maxSymbols, store.ErrTooLarge)
			}
			b.symbols = append(b.symbols, m.text(typ))
		case 1, 2, 3: // reserved, so that the one message is not taken for the other
			return fmt.Errorf("a message of remote-write 1, sent as one of 2: %w", store.ErrInvalid)
		case 5:
			if msg := m.bytes(typ); m.err == nil {
				if err := b.series2(msg, keep); err != nil {
					return err
				}
			}
		default:
			m.skip(num, typ)
		}
	}
	if m.err == nil && len(b.symbols) > 0 && b.symbols[0] != "" {
		return fmt.Errorf("the first symbol is not empty: %w", store.ErrInvalid)
	}
	return m.err
}

// series2 appends one series: label references are field 1, samples 2,
// histograms 3, exemplars 4, metadata 5. The words behind the references are
// the key under which the series is remembered; of a remembered one the
// metadata is not read again.
func (b *batch) series2(msg []byte, keep func(string, metadata.Metadata)) error {
	b.words = append(b.words[:0], 0) // no label bytes of remote-write 1 begin with 0
	if err := b.eachLabel2(msg, b.word); err != nil {
		return b.rejectSeries(msg, err)
	}
	key, before := b.refs.key(b.words), b.seen
	if ref := b.refs.get(key); ref != 0 {
		b.series = one{ref: ref}
		if err := b.points2(msg, nil); err != errForgotten {
			b.empty(before)
			return err
		}
		b.seen = before
	}
	b.series = one{}
	b.labels.reset()
	if err := b.eachLabel2(msg, b.labels.add); err != nil {
		return err
	}
	if err := b.find(); err != nil {
		return b.rejectSeries(msg, err)
	}
	err := b.points2(msg, keep)
	b.empty(before)
	if err == nil && b.series.ref != 0 {
		b.refs.put(key, b.series.ref)
	}
	return err
}

// empty tells of a series that had nothing, which the specification forbids.
func (b *batch) empty(before int) {
	if b.seen == before {
		b.reject(0, "series %s without a sample or a histogram", b.name())
	}
}

// rejectSeries leaves all of a series out for what is wrong with its labels.
func (b *batch) rejectSeries(msg []byte, why error) error {
	if errors.Is(why, errWire) {
		return why
	}
	n, broken := count(msg, 2, 3)
	b.reject(n, "series with %v", why)
	return broken
}

// word adds a label to the key. What is far over the bounds is cut off: such a
// key leads nowhere, as no series within the bounds is as long.
func (b *batch) word(name, value string) {
	if len(b.words) > 2*maxLabelBytes {
		return
	}
	if name == labels.MetricName {
		b.metric = value
	}
	for _, s := range [...]string{name, value} {
		b.words = binary.AppendUvarint(b.words, uint64(len(s)))
		b.words = append(b.words, s[:min(len(s), maxLabelBytes)]...)
	}
}

func (b *batch) eachLabel2(msg []byte, add func(name, value string)) error {
	m := message{b: msg}
	for num, typ, ok := m.next(); ok; num, typ, ok = m.next() {
		if num != 1 {
			m.skip(num, typ)
		} else if err := b.labels2(add, &m, typ); err != nil {
			return err
		}
	}
	return m.err
}

// points2 appends all but the labels; keep may be nil.
func (b *batch) points2(msg []byte, keep func(string, metadata.Metadata)) error {
	m := message{b: msg}
	for num, typ, ok := m.next(); ok; num, typ, ok = m.next() {
		if num < 2 || num > 5 {
			m.skip(num, typ)
			continue
		}
		in := m.bytes(typ)
		if m.err != nil {
			return m.err
		}
		if err := b.part2(num, in, keep); err != nil {
			return err
		}
	}
	return m.err
}

func (b *batch) part2(num protowire.Number, msg []byte, keep func(string, metadata.Metadata)) error {
	switch num {
	case 2:
		return b.point(msg)
	case 3:
		return b.histogram(msg)
	case 4:
		return b.addExemplar(msg, b.labels2)
	}
	if keep == nil {
		return nil
	}
	return b.metadata2(msg, keep)
}

// labels2 reads pairs of references to symbols.
func (b *batch) labels2(add func(name, value string), m *message, typ protowire.Type) error {
	var name string
	n, wrong := 0, false
	m.varints(typ, func(ref uint64) {
		if ref >= uint64(len(b.symbols)) {
			wrong = true
			return
		}
		text := b.symbols[ref]
		if n%2 == 0 {
			name = text
		} else {
			add(name, text)
		}
		n++
	})
	switch {
	case m.err != nil:
		return m.err
	case wrong:
		return fmt.Errorf("a label that refers behind the %d symbols", len(b.symbols))
	case n%2 != 0:
		return fmt.Errorf("%d label references, which are no pairs", n)
	}
	return nil
}

func (b *batch) metadata2(msg []byte, keep func(string, metadata.Metadata)) error {
	var md metadata.Metadata
	m := message{b: msg}
	for num, typ, ok := m.next(); ok; num, typ, ok = m.next() {
		switch num {
		case 1:
			md.Type = metricType(m.varint(typ))
		case 3:
			md.Help = b.symbol(m.varint(typ))
		case 4:
			md.Unit = b.symbol(m.varint(typ))
		default:
			m.skip(num, typ)
		}
	}
	if m.err == nil && !md.IsEmpty() {
		keep(family(b.series.labels.Get(labels.MetricName), string(md.Type)), md)
	}
	return m.err
}

// symbol is a copy, or empty for a reference behind all of them.
func (b *batch) symbol(ref uint64) string {
	if ref >= uint64(len(b.symbols)) {
		b.reject(0, "metadata of %s that refers behind the %d symbols", b.name(), len(b.symbols))
		return ""
	}
	return strings.Clone(b.symbols[ref])
}

// family is the metric family of a series: a histogram's or summary's parts
// have suffixes.
func family(name, typ string) string {
	if typ == "histogram" || typ == "summary" || typ == "gaugehistogram" {
		for _, part := range [...]string{"_bucket", "_sum", "_count"} {
			if base, ok := strings.CutSuffix(name, part); ok {
				return strings.Clone(base)
			}
		}
	}
	return strings.Clone(name)
}
