package events

// lastWords adds the tokens of a column's values to a block's keys. Lines of one
// form differ in few words, so a token is hashed only when the value before had
// another one at its place.
type lastWords struct {
	text []byte // of the value before
	at   []wordAt
}

type wordAt struct{ from, to uint32 }

func (w *lastWords) addText(set *keySet, s string) {
	if isASCII(s) {
		w.addASCII(set, s)
	} else {
		addTextKeys(set, s)
	}
}

func (w *lastWords) addASCII(set *keySet, s string) {
	n := 0
	for i := 0; i < len(s); {
		if wordBytes[s[i]] == 0 {
			i++
			continue
		}
		from, folded := i, true
		for ; i < len(s) && wordBytes[s[i]] != 0; i++ {
			folded = folded && wordBytes[s[i]] == s[i]
		}
		if n == len(w.at) {
			w.at = append(w.at, wordAt{})
		}
		was := w.at[n]
		w.at[n] = wordAt{uint32(from), uint32(i)}
		n++
		switch {
		case string(w.text[was.from:was.to]) == s[from:i]:
		case folded:
			set.add(tokenKey(s[from:i]))
		default:
			set.addToken(s[from:i])
		}
	}
	w.at = w.at[:n]
	w.text = append(w.text[:0], s...)
}

// addNumberKeys adds the keys of a number's text, in which it folds case.
func addNumberKeys(set *keySet, text []byte) {
	from := 0
	for i, b := range text {
		if low := wordBytes[b]; low != 0 {
			text[i] = low
			continue
		}
		if i > from {
			set.add(tokenKey(view(text[from:i])))
		}
		from = i + 1
	}
	if len(text) > from {
		set.add(tokenKey(view(text[from:])))
	}
}

// addToken adds the keys of a token of ASCII.
func (s *keySet) addToken(token string) {
	var buf [64]byte
	low := buf[:0]
	for i := range len(token) {
		low = append(low, wordBytes[token[i]])
	}
	s.add(tokenKey(view(low)))
}

// addUUID adds the keys of the tokens of a UUID of lower-case digits.
func (s *keySet) addUUID(id string) {
	for _, token := range [...]string{id[:8], id[9:13], id[14:18], id[19:23], id[24:36]} {
		s.add(tokenKey(token))
	}
}

// wordBytes are the bytes of tokens of ASCII, folded; 0 for all others.
var wordBytes = func() (t [256]byte) {
	for c := range byte(0x80) {
		if isTokenByte(c) {
			t[c] = lowerByte(c)
		}
	}
	return t
}()
