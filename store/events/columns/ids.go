package columns

// ids packs a list of which every text is an id of one length, lower-case
// hexadecimal digits or a UUID, in one pass: as a list with one form that is
// one slot. False when they are not.
func (w *Writer) ids(l *list) bool {
	if l.len() < 2 {
		return false
	}
	width := len(l.at(0))
	if len(l.data) != width*l.len() || width < minID || width%2 == 1 || width > maxFormText {
		return false
	}
	key, core := "\x00", byte(slotHex)
	raw := w.raw[:0]
	if isUUIDLong(l.data[:width]) {
		key, core = "\x01", slotUUID
	}
	for i := range l.len() {
		text := l.at(i)
		if len(text) != width {
			return false
		}
		if core == slotUUID {
			if !isUUIDLong(text) {
				return false
			}
			raw = appendUUID(raw, text)
			continue
		}
		var ok bool
		if raw, ok = appendID(raw, text); !ok {
			return false
		}
	}
	w.raw = raw
	w.Out = append(w.Out, listForms)
	w.uvarint(1)
	w.text(key)
	w.uvarint(0) // none as it stands
	w.Out = append(w.Out, core)
	if core == slotHex {
		w.text("")
		w.text("")
		w.uvarint(uint64(width / 2))
	}
	w.random(raw)
	return true
}

// minID keeps short numbers out, which are packed better as such.
const minID = 16

func isUUIDLong(text []byte) bool { return len(text) == 36 && isUUID(text) }

// appendID appends the bytes of hexadecimal digits; false when there are
// others, or no decimal digit: then it is a word.
func appendID(to, text []byte) ([]byte, bool) {
	number := false
	for i := 0; i+1 < len(text); i += 2 {
		hi, lo := hexOf[text[i]], hexOf[text[i+1]]
		if hi == 0 || lo == 0 {
			return to, false
		}
		number = number || hi <= 10 || lo <= 10
		to = append(to, (hi-1)<<4|(lo-1))
	}
	return to, number
}
