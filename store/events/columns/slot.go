package columns

import (
	"bytes"
	"encoding/hex"
	"strconv"
)

// What the texts of a slot are between the beginning and end that they share.
const (
	slotNumber = 0 // decimal digits, as strconv writes them
	slotPadded = 1 // decimal digits of one width
	slotHex    = 2 // lower-case hexadecimal digits, as many in all, an even number
	slotUUID   = 3
	slotText   = 4
)

const maxDigits = 18

// slot packs the texts that fill one slot.
func (w *Writer) slot(kind byte, l *list) {
	if kind == markUUID {
		w.Out = append(w.Out, slotUUID)
		raw := w.raw[:0]
		for i := range l.len() {
			raw = appendUUID(raw, l.at(i))
		}
		w.raw = raw
		w.random(raw)
		return
	}
	before, behind := l.shared()
	core := w.cores(l, before, behind)
	w.Out = append(w.Out, core)
	first := l.at(0)
	w.text(string(first[:before]))
	w.text(string(first[len(first)-behind:]))
	switch core {
	case slotNumber, slotPadded:
		if core == slotPadded {
			w.Out = append(w.Out, byte(len(first)-before-behind))
		}
		w.Ints(w.numbers)
	case slotHex:
		raw := w.raw[:0]
		for i := range l.len() {
			t := l.at(i)
			raw = appendBytes(raw, t[before:len(t)-behind])
		}
		w.raw = raw
		w.uvarint(uint64(len(first)-before-behind) / 2)
		w.random(raw)
	default:
		rest := w.lists.take(1)[0]
		for i := range l.len() {
			t := l.at(i)
			rest.add(t[before : len(t)-behind])
		}
		w.plain(rest)
	}
}

// shared is how long a beginning and an end all texts share, digits apart.
func (l *list) shared() (before, behind int) {
	first := l.at(0)
	before, behind = len(first), len(first)
	for i := 1; i < l.len() && before+behind > 0; i++ {
		t := l.at(i)
		for before = min(before, len(t)); !bytes.Equal(t[:before], first[:before]); before-- {
		}
		for behind = min(behind, len(t)); !bytes.Equal(t[len(t)-behind:], first[len(first)-behind:]); behind-- {
		}
	}
	for before > 0 && hexOf[first[before-1]] > 0 {
		before--
	}
	for behind > 0 && hexOf[first[len(first)-behind]] > 0 {
		behind--
	}
	for i := 0; i < l.len() && before+behind > 0; i++ {
		if len(l.at(i)) < before+behind {
			return 0, 0
		}
	}
	return before, behind
}

// cores says what all texts are between what they share. Of decimal digits it
// leaves the numbers in w.numbers.
func (w *Writer) cores(l *list, before, behind int) byte {
	numbers, padded, decimal := true, true, true
	width := len(l.at(0)) - before - behind
	w.numbers = w.numbers[:0]
	for i := range l.len() {
		t := l.at(i)
		t = t[before : len(t)-behind]
		padded = padded && len(t) == width
		numbers = numbers && len(t) <= maxDigits && (len(t) == 1 || len(t) > 1 && t[0] != '0')
		n := int64(0)
		for _, c := range t {
			h := hexOf[c]
			if h == 0 {
				return slotText
			}
			decimal = decimal && h <= 10
			n = 10*n + int64(h) - 1
		}
		w.numbers = append(w.numbers, n)
	}
	switch {
	case decimal && numbers:
		return slotNumber
	case !padded || width == 0:
		return slotText
	case decimal && width <= maxDigits:
		return slotPadded
	case width%2 == 0:
		return slotHex
	}
	return slotText
}

func appendBytes(to, digits []byte) []byte {
	for i := 0; i+1 < len(digits); i += 2 {
		to = append(to, (hexOf[digits[i]]-1)<<4|(hexOf[digits[i+1]]-1))
	}
	return to
}

func appendUUID(to, u []byte) []byte {
	to = appendBytes(to, u[:8])
	to = appendBytes(to, u[9:13])
	to = appendBytes(to, u[14:18])
	to = appendBytes(to, u[19:23])
	return appendBytes(to, u[24:])
}

// slot is the texts that fill one slot, unpacked.
type slot struct {
	core           byte
	before, behind string
	width          int // of padded numbers in digits, of hexadecimal ones in bytes
	ints           Ints
	raw            []byte
	rest           list
}

func (r *Reader) slot(n int) slot {
	s := slot{core: r.byte()}
	if s.core == slotUUID {
		s.raw = r.stream(16 * n)
		return s
	}
	s.before, s.behind = r.text(), r.text()
	switch s.core {
	case slotPadded:
		s.width = int(r.byte())
		if s.width > maxDigits {
			r.fail()
		}
		s.ints = r.Ints(n)
	case slotNumber:
		s.ints = r.Ints(n)
	case slotHex:
		s.width = r.count(maxFormText)
		s.raw = r.stream(s.width * n)
	case slotText:
		s.rest = r.plain(n)
	default:
		r.fail()
	}
	return s
}

// append writes the i-th text.
func (s *slot) append(b []byte, i int) []byte {
	b = append(b, s.before...)
	switch s.core {
	case slotNumber:
		b = strconv.AppendInt(b, s.ints.At(i), 10)
	case slotPadded:
		at := len(b)
		b = strconv.AppendInt(b, s.ints.At(i), 10)
		if pad := s.width - (len(b) - at); pad > 0 && pad <= maxDigits {
			b = append(b, "000000000000000000"[:pad]...)
			copy(b[at+pad:], b[at:])
			copy(b[at:], "000000000000000000"[:pad])
		}
	case slotHex:
		b = hex.AppendEncode(b, s.raw[i*s.width:(i+1)*s.width])
	case slotUUID:
		u := s.raw[16*i : 16*i+16]
		b = append(hex.AppendEncode(b, u[:4]), '-')
		b = append(hex.AppendEncode(b, u[4:6]), '-')
		b = append(hex.AppendEncode(b, u[6:8]), '-')
		b = append(hex.AppendEncode(b, u[8:10]), '-')
		b = hex.AppendEncode(b, u[10:])
	case slotText:
		b = append(b, s.rest.at(i)...)
	}
	return append(b, s.behind...)
}
