package lokiapi

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"tripod/store"
)

// maxSkipDepth bounds the nesting of members that are skipped.
const maxSkipDepth = 64

// jsonIn reads JSON from front to back without building a tree; a push has one
// shape, of which only the strings are kept. After the first error it reads
// nothing more.
type jsonIn struct {
	b   []byte
	at  int
	err error
}

func (in *jsonIn) fail(format string, args ...any) {
	if in.err == nil {
		in.err = fmt.Errorf("JSON at byte %d: %s: %w", in.at, fmt.Sprintf(format, args...), store.ErrInvalid)
	}
}

// peek is the next byte that is no space, 0 at the end or after an error.
func (in *jsonIn) peek() byte {
	for in.err == nil && in.at < len(in.b) {
		switch c := in.b[in.at]; c {
		case ' ', '\t', '\r', '\n':
			in.at++
		default:
			return c
		}
	}
	return 0
}

func (in *jsonIn) expect(c byte, what string) bool {
	if in.peek() != c {
		in.fail("want %s", what)
		return false
	}
	in.at++
	return true
}

// list reads what stands between open and close, calling each per item.
func (in *jsonIn) list(open, close byte, what string, each func()) {
	if !in.expect(open, what) {
		return
	}
	if in.peek() == close {
		in.at++
		return
	}
	for in.err == nil {
		each()
		switch in.peek() {
		case ',':
			in.at++
		case close:
			in.at++
			return
		default:
			in.fail("want , or %c", close)
		}
	}
}

func (in *jsonIn) array(what string, each func()) { in.list('[', ']', what, each) }

func (in *jsonIn) object(what string, each func(key string)) {
	in.list('{', '}', what, func() {
		key := in.string("a member's name")
		if in.expect(':', ":") {
			each(key)
		}
	})
}

// string reads a string into memory of its own, so that one kept line does not
// hold its whole request.
func (in *jsonIn) string(what string) string {
	if !in.expect('"', what) {
		return ""
	}
	start := in.at
	for i := start; i < len(in.b); i++ {
		switch c := in.b[i]; {
		case c == '"':
			in.at = i + 1
			return validUTF8(string(in.b[start:i]))
		case c == '\\':
			return in.escaped(start, i)
		case c < ' ':
			in.at = i
			in.fail("control character in a string")
			return ""
		}
	}
	in.at = len(in.b)
	in.fail("string without end")
	return ""
}

// escaped reads a string whose first backslash is at from. The plain runs
// between escapes are copied whole; log lines that are JSON have one escape
// every ten bytes.
func (in *jsonIn) escaped(start, from int) string {
	end := from
	for end < len(in.b) && in.b[end] != '"' {
		if in.b[end] < ' ' {
			in.at = end
			in.fail("control character in a string")
			return ""
		}
		if in.b[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(in.b) {
		in.at = len(in.b)
		in.fail("string without end")
		return ""
	}
	in.at = end + 1
	var out strings.Builder
	out.Grow(end - start)
	out.Write(in.b[start:from])
	for i := from; i < end; {
		if in.b[i] != '\\' {
			run := i
			for i < end && in.b[i] != '\\' {
				i++
			}
			out.Write(in.b[run:i])
			continue
		}
		n := simpleEscape(in.b[i+1])
		if n == 0 { // \u, or wrong: rare enough for the library
			var s string
			if err := json.Unmarshal(in.b[start-1:end+1], &s); err != nil {
				in.at = i
				in.fail("wrong escape in a string")
			}
			return s
		}
		out.WriteByte(n)
		i += 2
	}
	return validUTF8(out.String())
}

// simpleEscape is what stands for \c, 0 for \u and what is no escape.
func simpleEscape(c byte) byte {
	switch c {
	case '"', '\\', '/':
		return c
	case 'n':
		return '\n'
	case 't':
		return '\t'
	case 'r':
		return '\r'
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	}
	return 0
}

func validUTF8(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// skip reads over a value of any kind.
func (in *jsonIn) skip(depth int) {
	if depth > maxSkipDepth {
		in.fail("nested more than %d levels deep", maxSkipDepth)
		return
	}
	switch c := in.peek(); c {
	case '"':
		in.string("")
	case '{':
		in.object("", func(string) { in.skip(depth + 1) })
	case '[':
		in.array("", func() { in.skip(depth + 1) })
	default:
		start := in.at
		for in.at < len(in.b) && strings.IndexByte("+-.0123456789eEtrufalsn", in.b[in.at]) >= 0 {
			in.at++
		}
		if !json.Valid(in.b[start:in.at]) {
			in.at = start
			in.fail("want a value")
		}
	}
}

// end reads the space behind the value.
func (in *jsonIn) end() {
	if in.peek() != 0 || in.err == nil && in.at < len(in.b) {
		in.fail("something follows the value")
	}
}
