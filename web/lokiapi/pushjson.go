package lokiapi

import (
	"fmt"
	"slices"
	"strconv"

	"tripod/store"
	"tripod/web"
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
// heed first: nothing is kept of what is no JSON. Entries and streams that are
// something else than they should be are refused by themselves.
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

// jsonStream reads one stream, whose values may stand before its labels. One
// without labels that can be read is refused with all its entries.
func (b *batch) jsonStream(in *jsonIn, n int) {
	var s *stream
	valuesAt, bad := -1, fmt.Sprintf("stream %d has values, but no labels", n)
	in.object("a stream", func(key string) {
		switch key {
		case "stream":
			labels := jsonPairs(in, "labels", maxLabels)
			if s = b.stream(labels); in.why != "" {
				s, bad = nil, fmt.Sprintf("stream %d: %s", n, in.why)
			}
			in.why = ""
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
	end := in.at
	in.at = valuesAt
	if s != nil {
		b.jsonValues(in, s, n)
	} else {
		b.refuseValues(in, bad)
	}
	if in.err == nil {
		in.at = end
	}
}

// refuseValues refuses the entries of a stream without labels.
func (b *batch) refuseValues(in *jsonIn, why string) {
	in.array("an array of values", func() {
		in.skip(0)
		b.refused.Add(web.Invalid, 1, why)
	})
}

// jsonPairs reads a flat object of strings; in.why says when it is none.
func jsonPairs(in *jsonIn, what string, limit int) store.Attrs {
	var out store.Attrs
	if in.peek() != '{' {
		in.wrong("want an object of %s", what)
		return nil
	}
	in.object("an object of "+what, func(key string) {
		if len(out) == limit {
			in.err = tooMany(what, limit)
			return
		}
		if in.peek() != '"' {
			in.wrong("%s: the value of %.60q must be a string", what, key)
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
		if b.jsonEntry(in, s); in.why != "" {
			b.refused.Add(web.Invalid, 1, fmt.Sprintf("stream %d, entry %d: %s", n, i, in.why))
			in.why = ""
		}
		i++
	})
}

// jsonEntry adds an entry, unless in.why says that it is none.
func (b *batch) jsonEntry(in *jsonIn, s *stream) {
	var at int64
	var line string
	var metadata store.Attrs
	part, lineAt, known := 0, 0, false
	if in.peek() != '[' {
		in.wrong("want [\"<nanoseconds>\", \"line\"]")
		return
	}
	in.array("an entry [\"<nanoseconds>\", \"line\"]", func() {
		switch part {
		case 0:
			at = jsonTime(in)
		case 1:
			if in.peek() != '"' {
				in.wrong("the line must be a string")
				break
			}
			lineAt = in.at
			if known = in.err == nil && in.why == "" && b.addKnown(in, s, at); !known {
				line = in.string("a line")
			}
		case 2:
			metadata = jsonPairs(in, "structured metadata", maxMetadata)
		default:
			in.wrong("want timestamp, line and structured metadata, but there is more")
		}
		part++
	})
	if in.err == nil && part < 2 {
		in.why = "want a timestamp and a line"
	}
	if in.err != nil || in.why == "" && known && len(metadata) == 0 {
		return
	}
	if known {
		b.takeBack()
	}
	if in.why != "" {
		return
	}
	if known { // the metadata go in front of what the line has
		end := in.at
		in.at = lineAt
		line = in.string("a line")
		in.at = end
	}
	b.add(s, at, line, metadata)
}

func jsonTime(in *jsonIn) int64 {
	if in.peek() != '"' {
		in.wrong("the timestamp must be a string of nanoseconds")
		return 0
	}
	text := in.string("a timestamp")
	at, err := strconv.ParseInt(text, 10, 64)
	if err != nil && in.err == nil && in.why == "" {
		in.why = fmt.Sprintf("timestamp %.40q is no number of nanoseconds", text)
	}
	return at
}
