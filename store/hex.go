package store

import "encoding/binary"

// AppendHex appends the id's 32 digits.
func (id TraceID) AppendHex(b []byte) []byte { return appendHex(appendHex(b, id[:8]), id[8:]) }

// AppendHex appends the id's 16 digits.
func (id SpanID) AppendHex(b []byte) []byte { return appendHex(b, id[:]) }

// HexIDs writes the digits of ids into memory that they share. The zero value is
// ready; texts stay as they are.
type HexIDs struct{ b []byte }

// Grow makes room for as many trace ids, and as many span ids.
func (h *HexIDs) Grow(traces, spans int) {
	h.b = make([]byte, 0, 2*(traces*len(TraceID{})+spans*len(SpanID{})))
}

// Trace is the id's text.
func (h *HexIDs) Trace(id TraceID) string {
	from := len(h.b)
	h.b = id.AppendHex(h.b)
	return view(h.b[from:])
}

// Span is the id's text.
func (h *HexIDs) Span(id SpanID) string {
	from := len(h.b)
	h.b = id.AppendHex(h.b)
	return view(h.b[from:])
}

// appendHex appends the digits of eight bytes, all at once: ids are most of what
// is written so.
func appendHex(b, id []byte) []byte {
	word := binary.BigEndian.Uint64(id)
	b = binary.BigEndian.AppendUint64(b, hexDigits(word>>32))
	return binary.BigEndian.AppendUint64(b, hexDigits(word&(1<<32-1)))
}

// hexDigits are the eight digits of a number below 1<<32, the first one highest.
func hexDigits(n uint64) uint64 {
	n = (n | n<<16) & 0x0000ffff0000ffff
	n = (n | n<<8) & 0x00ff00ff00ff00ff
	n = (n | n<<4) & 0x0f0f0f0f0f0f0f0f
	letters := (n + 6*ones) >> 4 & ones
	return n + '0'*ones + letters*('a'-'0'-10)
}

// hexNumber reads eight digits, the first one highest; false when they are none.
func hexNumber(text uint64) (uint64, bool) {
	low := text | 0x20*ones
	digit, letter := inBytes(text, '0', '9'), inBytes(low, 'a', 'f')
	if (digit|letter)&^text&highBits != highBits {
		return 0, false
	}
	n := text&(0x0f*ones) + letter>>7*9
	n = (n | n>>4) & 0x00ff00ff00ff00ff
	n = (n | n>>8) & 0x0000ffff0000ffff
	return (n | n>>16) & (1<<32 - 1), true
}

// inBytes sets the high bit of each byte of w that is one of from to to; a byte
// of 0x80 or more counts as one without its high bit.
func inBytes(w uint64, from, to uint64) uint64 {
	w &^= highBits
	return (w + (0x80-from)*ones) &^ (w + (0x7f-to)*ones) & highBits
}

// hexBytes reads exactly as many hexadecimal digits as fill to, which is 8 or
// 16 bytes.
func hexBytes(to []byte, text string) bool {
	if len(text) != 2*len(to) {
		return false
	}
	for ; len(to) > 0; to, text = to[8:], text[16:] {
		high, ok := hexNumber(bytesBefore(text))
		low, too := hexNumber(bytesBefore(text[8:]))
		if !ok || !too {
			return false
		}
		binary.BigEndian.PutUint64(to, high<<32|low)
	}
	return true
}

// bytesBefore are a text's first eight bytes, the first one highest.
func bytesBefore(text string) uint64 {
	_ = text[7]
	return uint64(text[0])<<56 | uint64(text[1])<<48 | uint64(text[2])<<40 | uint64(text[3])<<32 |
		uint64(text[4])<<24 | uint64(text[5])<<16 | uint64(text[6])<<8 | uint64(text[7])
}
