package pages

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"tripod/ui/screens"
)

// Bounds on one pattern.
const (
	maxPatternBytes = 400 // of a message that is looked at
	maxPatternParts = 60
)

// pattern takes a message apart into what stays and what varies from line to
// line: a word that is a number, a duration, an address or an id becomes the
// name of what it is. Messages of the same pattern are shown as one.
func pattern(msg string) []screens.PatternPart {
	msg, _, _ = strings.Cut(msg, "\n")
	if len(msg) > maxPatternBytes {
		cut := maxPatternBytes
		for !utf8.RuneStart(msg[cut]) {
			cut--
		}
		msg = msg[:cut] + "…"
	}
	var out []screens.PatternPart
	add := func(text string, vary bool) {
		if text == "" {
			return
		}
		if n := len(out); n > 0 && !vary && !out[n-1].Var {
			out[n-1].Text += text
			return
		}
		out = append(out, screens.PatternPart{Text: text, Var: vary})
	}
	for msg != "" && len(out) < maxPatternParts {
		n := strings.IndexFunc(msg, inWord)
		if n != 0 {
			if n < 0 {
				n = len(msg)
			}
			add(msg[:n], false)
			msg = msg[n:]
			continue
		}
		n = strings.IndexFunc(msg, func(r rune) bool { return !inWord(r) })
		if n < 0 {
			n = len(msg)
		}
		word := msg[:n]
		msg = msg[n:]
		tail := strings.TrimRight(word, ".:-") // the end of a sentence is no part of its last word
		end := word[len(tail):]
		splitWord(tail, add)
		add(end, false)
	}
	add(msg, false)
	return out
}

func inWord(r rune) bool {
	return r == '_' || r == '-' || r == '.' || r == ':' || unicode.IsLetter(r) || unicode.IsDigit(r)
}

func splitWord(word string, add func(string, bool)) {
	if name := varies(word); name != "" {
		add("‹"+name+"›", true)
		return
	}
	if !strings.ContainsFunc(word, unicode.IsDigit) {
		add(word, false)
		return
	}
	// user-42, job:17, pool.3: the part that is a number varies, the rest stays.
	for word != "" {
		n := strings.IndexAny(word, "-_.:")
		part, sep := word, ""
		if n >= 0 {
			part, sep = word[:n], word[n:n+1]
		}
		if name := varies(part); name != "" {
			add("‹"+name+"›", true)
		} else {
			add(part, false)
		}
		add(sep, false)
		word = word[len(part)+len(sep):]
	}
}

// varies names what a word is, or returns an empty string when it stays.
func varies(w string) string {
	digits := strings.IndexFunc(w, unicode.IsDigit) >= 0
	switch {
	case !digits:
		return ""
	case isNumber(w):
		return "n"
	case isDuration(w):
		return "dur"
	case isUUID(w), isHex(w, 8):
		return "id"
	case isAddr(w):
		return "addr"
	case len(w) >= 12 && mixed(w):
		return "id"
	}
	return ""
}

func isNumber(w string) bool {
	digits := 0
	for _, r := range w {
		switch {
		case unicode.IsDigit(r):
			digits++
		case r != '.' && r != '-' && r != ':':
			return false
		}
	}
	return digits > 0 && strings.Count(w, ".") < 2
}

func isDuration(w string) bool {
	rest := strings.TrimLeft(w, "0123456789.")
	if rest == w || rest == "" {
		return false
	}
	switch rest {
	case "ns", "us", "µs", "μs", "ms", "s", "m", "h", "d":
		return true
	}
	return strings.IndexFunc(w, func(r rune) bool { return !unicode.IsDigit(r) && !strings.ContainsRune(".hms", r) }) < 0
}

func isUUID(w string) bool {
	return len(w) == 36 && w[8] == '-' && w[13] == '-' && w[18] == '-' && w[23] == '-' && isHex(strings.ReplaceAll(w, "-", ""), 32)
}

func isHex(w string, least int) bool {
	w = strings.TrimPrefix(w, "0x")
	return len(w) >= least && strings.Trim(w, "0123456789abcdefABCDEF") == ""
}

// isAddr is an IPv4 address, with or without a port.
func isAddr(w string) bool {
	host, port, found := strings.Cut(w, ":")
	if found && strings.Trim(port, "0123456789") != "" {
		return false
	}
	return strings.Count(host, ".") == 3 && strings.Trim(host, "0123456789.") == ""
}

// mixed says that letters and digits alternate as in a random id: at least
// three changes from one to the other, and nothing else.
func mixed(w string) bool {
	changes, last := 0, 0
	for _, r := range w {
		kind := 1
		switch {
		case unicode.IsDigit(r):
			kind = 2
		case !unicode.IsLetter(r):
			return false
		}
		if last != 0 && kind != last {
			changes++
		}
		last = kind
	}
	return changes >= 3
}

// patternKey is the same for messages of the same pattern.
func patternKey(parts []screens.PatternPart) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(p.Text)
	}
	return b.String()
}

// longest is the longest piece of a pattern that stays: words by which its
// lines can be found. It is cut to whole words, so that it is a phrase.
func longest(parts []screens.PatternPart) string {
	best := ""
	for i, p := range parts {
		if p.Var {
			continue
		}
		text := p.Text
		if i > 0 {
			text = text[wordStart(text):]
		}
		if i < len(parts)-1 {
			text = text[:wordEnd(text)]
		}
		if text = strings.Trim(text, " \t…"); len(text) > len(best) {
			best = text
		}
	}
	return best
}

// wordStart skips what may be the rest of a word whose beginning varies.
func wordStart(s string) int {
	if n := strings.IndexFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' }); n >= 0 {
		return n
	}
	return len(s)
}

// wordEnd drops what may be the beginning of a word whose rest varies.
func wordEnd(s string) int {
	end := len(s)
	for end > 0 {
		r, n := utf8.DecodeLastRuneInString(s[:end])
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' {
			break
		}
		end -= n
	}
	return end
}
