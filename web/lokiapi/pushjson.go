package lokiapi

import (
	"slices"
	"strconv"

	"tripod/store"
)

// Bounds of one push: an empty entry is 8 bytes of JSON or 2 of protobuf, and
// 400 once it is a record.
const (
	maxStreams  = 50_000
	maxEntries  = 250_000
	maxMetadata = 128 // pairs of one entry
)

// decodeJSON reads {"streams":[{"stream":{…},"values":[["<ns>","line",{…}],…]}]}.
// It adds what it read even when it ends with an error, which the caller must
// heed first: Loki takes a malformed push as a whole or not at all.
//
// The records share the memory of body, which must not change.
func (b *batch) decodeJSON(body []byte) error {
	in := &jsonIn{b: body, text: b.text[:0]}
	defer func() { b.text = in.text }()
	// A guess that spares most of the growing: a line with its wrapping is
	// seldom shorter.
	b.records = slices.Grow(b.records, min(len(body)/256+1, maxEntries))
	streams := 0
	in.object("an object with streams", func(key string) {
		if key != "streams" {
			in.skip(0)
			return
		}
		in.array("an array of streams", func() {
			if streams++; streams > maxStreams {
				in.err = tooMany("streams", maxStreams)
				return
			}
			b.jsonStream(in, streams-1)
		})
	})
	in.end()
	return in.err
}

// jsonStream reads one stream, whose values may stand before its labels.
func (b *batch) jsonStream(in *jsonIn, n int) {
	var s *stream
	valuesAt := -1
	in.object("a stream", func(key string) {
		switch key {
		case "stream":
			s = b.stream(jsonPairs(in, "labels", maxLabels))
		case "values":
			if s == nil {
				valuesAt = in.at
				in.skip(0)
				return
			}
			b.jsonValues(in, s, n)
		default:
			in.skip(0)
		}
	})
	if valuesAt < 0 || in.err != nil {
		return
	}
	if s == nil {
		in.fail("stream %d has values, but no labels", n)
		return
	}
	end := in.at
	in.at = valuesAt
	b.jsonValues(in, s, n)
	if in.err == nil {
		in.at = end
	}
}

// jsonPairs reads a flat object of strings.
func jsonPairs(in *jsonIn, what string, limit int) store.Attrs {
	var out store.Attrs
	in.object("an object of "+what, func(key string) {
		if len(out) == limit {
			in.err = tooMany(what, limit)
			return
		}
		if in.peek() != '"' {
			in.fail("%s: the value of %.60q must be a string", what, key)
			return
		}
		out = append(out, store.Attr{Key: key, Value: store.String(in.string("a string"))})
	})
	return out
}

func (b *batch) jsonValues(in *jsonIn, s *stream, n int) {
	i := 0
	in.array("an array of values", func() {
		if len(b.records)+b.refused.N >= maxEntries {
			in.err = tooMany("entries", maxEntries)
			return
		}
		b.jsonEntry(in, s, n, i)
		i++
	})
}

func (b *batch) jsonEntry(in *jsonIn, s *stream, n, i int) {
	var at int64
	var line string
	var metadata store.Attrs
	part, lineAt, known := 0, 0, false
	in.array("an entry [\"<nanoseconds>\", \"line\"]", func() {
		switch part {
		case 0:
			at = jsonTime(in, n, i)
		case 1:
			if in.peek() != '"' {
				in.fail("stream %d, entry %d: the line must be a string", n, i)
				return
			}
			lineAt = in.at
			if known = in.err == nil && b.addKnown(in, s, at); !known {
				line = in.string("a line")
			}
		case 2:
			metadata = jsonPairs(in, "structured metadata", maxMetadata)
		default:
			in.fail("stream %d, entry %d: want timestamp, line and structured metadata, but there is more", n, i)
		}
		part++
	})
	if in.err == nil && part < 2 {
		in.fail("stream %d, entry %d: want a timestamp and a line", n, i)
	}
	if in.err != nil || known && len(metadata) == 0 {
		return
	}
	if known { // the metadata go in front of what the line has
		b.takeBack()
		end := in.at
		in.at = lineAt
		line = in.string("a line")
		in.at = end
	}
	b.add(s, at, line, metadata)
}

func jsonTime(in *jsonIn, n, i int) int64 {
	if in.peek() != '"' {
		in.fail("stream %d, entry %d: the timestamp must be a string of nanoseconds", n, i)
		return 0
	}
	text := in.string("a timestamp")
	at, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		in.fail("stream %d, entry %d: timestamp %.40q is no number of nanoseconds", n, i, text)
	}
	return at
}
