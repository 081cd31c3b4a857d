package lokiapi

import (
	"errors"
	"fmt"
	"slices"

	"github.com/klauspost/compress/s2"
	"google.golang.org/protobuf/encoding/protowire"

	"tripod/store"
	"tripod/web"
)

func tooMany(what string, limit int) error {
	return fmt.Errorf("more than %d %s in one push: %w", limit, what, store.ErrTooLarge)
}

// decodeSnappy reads a snappy block that holds a logproto.PushRequest.
func (b *batch) decodeSnappy(body []byte) error {
	n, err := s2.DecodedLen(body)
	if err != nil {
		return fmt.Errorf("snappy: %w: %w", err, store.ErrInvalid)
	}
	if n > web.MaxBody {
		return fmt.Errorf("snappy block holds more than %d bytes: %w", web.MaxBody, store.ErrTooLarge)
	}
	plain, err := s2.Decode(b.text[:cap(b.text)], body)
	if err != nil {
		return fmt.Errorf("snappy: %w: %w", err, store.ErrInvalid)
	}
	b.text = plain
	return b.decodeProto(plain)
}

// decodeProto reads PushRequest{repeated StreamAdapter streams = 1}.
func (b *batch) decodeProto(body []byte) error {
	streams := 0
	return fields(body, func(num protowire.Number, v []byte, _ uint64) error {
		if num != 1 {
			return nil
		}
		if streams++; streams > maxStreams {
			return tooMany("streams", maxStreams)
		}
		if err := b.protoStream(v, streams-1); err != nil {
			return fmt.Errorf("stream %d: %w", streams-1, err)
		}
		return nil
	})
}

// protoStream reads StreamAdapter{string labels = 1; repeated EntryAdapter
// entries = 2}; the labels are looked for first, since nothing orders fields.
// Without labels that can be read its entries are refused.
func (b *batch) protoStream(body []byte, n int) error {
	var labels string
	count := 0
	err := fields(body, func(num protowire.Number, v []byte, _ uint64) error {
		switch num {
		case 1:
			labels = string(v) // errors quote them
		case 2:
			count++
		}
		return nil
	})
	if err != nil {
		return err
	}
	b.records = slices.Grow(b.records, min(count, maxEntries))
	attrs, err := parseLabels(labels)
	if err != nil {
		b.refused.Add(web.Invalid, max(count, 1), fmt.Sprintf("stream %d: %s", n, errorText(err)))
		return nil
	}
	s := b.stream(attrs)
	entries := 0
	return fields(body, func(num protowire.Number, v []byte, _ uint64) error {
		if num != 2 {
			return nil
		}
		if len(b.records)+b.refused.N >= maxEntries {
			return tooMany("entries", maxEntries)
		}
		err := b.protoEntry(s, v)
		if bad := (*badTime)(nil); errors.As(err, &bad) {
			b.refused.Add(web.Invalid, 1, fmt.Sprintf("stream %d, entry %d: %v", n, entries, bad))
		} else if err != nil {
			return fmt.Errorf("entry %d: %w", entries, err)
		}
		entries++
		return nil
	})
}

// protoEntry reads EntryAdapter{Timestamp timestamp = 1; string line = 2;
// repeated LabelPairAdapter structuredMetadata = 3}.
func (b *batch) protoEntry(s *stream, body []byte) error {
	var at int64
	var line string
	var metadata store.Attrs
	err := fields(body, func(num protowire.Number, v []byte, _ uint64) (err error) {
		switch num {
		case 1:
			at, err = protoTime(v)
		case 2:
			line = view(v) // whatever its encoding is
		case 3:
			if len(metadata) == maxMetadata {
				return tooMany("structured metadata of an entry", maxMetadata)
			}
			var a store.Attr
			a, err = protoPair(v)
			metadata = append(metadata, a)
		}
		return err
	})
	if err == nil {
		b.add(s, at, line, metadata)
	}
	return err
}

// maxSeconds keeps seconds in nanoseconds within 64 bits (the year 2262).
const maxSeconds = 9_223_372_035

// badTime is a timestamp of which there is no such time.
type badTime struct{ seconds, nanos int64 }

func (t *badTime) Error() string {
	return fmt.Sprintf("timestamp of %d seconds and %d nanoseconds", t.seconds, t.nanos)
}

func protoTime(body []byte) (int64, error) {
	var seconds, nanos int64
	err := fields(body, func(num protowire.Number, _ []byte, n uint64) error {
		switch num {
		case 1:
			seconds = int64(n)
		case 2:
			nanos = int64(int32(n))
		}
		return nil
	})
	if err == nil && (seconds < -maxSeconds || seconds > maxSeconds || nanos < 0 || nanos >= 1e9) {
		err = &badTime{seconds, nanos}
	}
	return seconds*1e9 + nanos, err
}

func protoPair(body []byte) (store.Attr, error) {
	var a store.Attr
	err := fields(body, func(num protowire.Number, v []byte, _ uint64) error {
		switch num {
		case 1:
			a.Key = validUTF8(view(v), false)
		case 2:
			a.Value = store.String(validUTF8(view(v), false))
		}
		return nil
	})
	if a.Value.Kind == store.KindEmpty {
		a.Value = store.String("")
	}
	return a, err
}

// fields calls each for the fields of a message that are bytes (v) or varints
// (n); a field of another type than its number says comes empty.
func fields(b []byte, each func(num protowire.Number, v []byte, n uint64) error) error {
	for len(b) > 0 {
		num, typ, size := protowire.ConsumeTag(b)
		if size < 0 {
			return protoError(size)
		}
		b = b[size:]
		var v []byte
		var n uint64
		switch typ {
		case protowire.BytesType:
			v, size = protowire.ConsumeBytes(b)
		case protowire.VarintType:
			n, size = protowire.ConsumeVarint(b)
		default:
			size = protowire.ConsumeFieldValue(num, typ, b)
		}
		if size < 0 {
			return protoError(size)
		}
		b = b[size:]
		if err := each(num, v, n); err != nil {
			return err
		}
	}
	return nil
}

func protoError(n int) error {
	return fmt.Errorf("protobuf: %w: %w", protowire.ParseError(n), store.ErrInvalid)
}
