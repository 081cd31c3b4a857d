package lokiapi

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/bits"
	"strings"
	"unicode/utf8"
	"unsafe"

	"tripod/store"
)

// maxSkipDepth bounds the nesting of members that are skipped.
const maxSkipDepth = 64

// jsonIn reads JSON from front to back without building a tree; a push has one
// shape, of which only the strings are kept. After the first error it reads
// nothing more.
type jsonIn struct {
	b    []byte
	at   int
	err  error
	text []byte // of strings with escapes
	why  string // of a value that is JSON, but not what was wanted
}

// wrong passes a value that is not what was wanted, and keeps the first reason.
func (in *jsonIn) wrong(format string, args ...any) {
	if in.why == "" {
		in.why = fmt.Sprintf(format, args...)
	}
	in.skip(0)
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

// string reads a string, which is a view of in.b or in.text: they must not
// change while it is used.
func (in *jsonIn) string(what string) string {
	if !in.expect('"', what) {
		return ""
	}
	start := in.at
	i, ascii := plainRun(in.b, start)
	if i == len(in.b) {
		in.at = i
		in.fail("string without end")
		return ""
	}
	switch c := in.b[i]; c {
	case '"':
		in.at = i + 1
		return validUTF8(view(in.b[start:i]), ascii)
	case '\\':
		return in.escaped(start, i, ascii)
	}
	in.at = i
	in.fail("control character in a string")
	return ""
}

// escaped reads a string whose first backslash is at from. The plain runs
// between escapes are copied whole; log lines that are JSON have one escape
// every ten bytes.
func (in *jsonIn) escaped(start, from int, ascii bool) string {
	in.makeRoom(len(in.b) - start)
	begin := len(in.text)
	out := append(in.text, in.b[start:from]...)
	for i := from; i < len(in.b); {
		switch c := in.b[i]; {
		case c == '"':
			in.at = i + 1
			in.text = out
			return validUTF8(view(out[begin:]), ascii)
		case c != '\\':
			in.at = i
			in.fail("control character in a string")
			return ""
		case i+1 == len(in.b):
			i++
			continue
		}
		n := simpleEscape(in.b[i+1])
		if n == 0 {
			return in.unusual(start, i)
		}
		out = append(out, n)
		end, plain := plainRun(in.b, i+2)
		out = append(out, in.b[i+2:end]...)
		i, ascii = end, ascii && plain
	}
	in.at = len(in.b)
	in.fail("string without end")
	return ""
}

// makeRoom makes sure of n bytes behind in.text; strings stay where they are.
func (in *jsonIn) makeRoom(n int) {
	if cap(in.text)-len(in.text) < n {
		in.text = make([]byte, 0, max(n, len(in.b))) // holds all strings of most requests
	}
}

// unusual leaves a string with \u, or a wrong escape at that place, to the
// library: it is rare.
func (in *jsonIn) unusual(start, at int) string {
	end := at
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
	var s string
	if err := json.Unmarshal(in.b[start-1:end+1], &s); err != nil {
		in.at = at
		in.fail("wrong escape in a string")
	}
	return s
}

// plainRun is the end of the bytes from a place on that are neither quotes,
// backslashes nor control characters, and whether all are ASCII. It looks at
// eight bytes at a time.
func plainRun(b []byte, from int) (end int, ascii bool) {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	high := uint64(0)
	for ; from+8 <= len(b); from += 8 {
		w := binary.LittleEndian.Uint64(b[from:])
		quote, slash := w^'"'*ones, w^'\\'*ones
		// The lowest mark is right; those above one may be false.
		ends := ((quote-ones) & ^quote | (slash-ones) & ^slash | (w-' '*ones) & ^w) & highs
		if ends != 0 {
			n := bits.TrailingZeros64(ends) &^ 7
			high |= w & (1<<n - 1)
			return from + n/8, high&highs == 0
		}
		high |= w
	}
	for ; from < len(b) && b[from] != '"' && b[from] != '\\' && b[from] >= ' '; from++ {
		high |= uint64(b[from])
	}
	return from, high&highs == 0
}

// view is b as a string without a copy.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

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

func validUTF8(s string, ascii bool) string {
	if ascii || utf8.ValidString(s) {
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
