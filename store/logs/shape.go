package logs

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"tripod/store"
	"tripod/store/events"
)

// Bounds of a pattern; what is behind them counts as text that stays.
const (
	maxShapeBytes = 400  // of a message
	maxShapeLine  = 2048 // of a whole line
	maxShapeParts = 120
)

// Shape takes a message apart into what stays and what varies from line to
// line: a word that is a number, a duration, an address or an id. The parts
// are the first line of the message, as far as the bounds let it be read.
func Shape(msg string) []store.PatternPart {
	var s shaper
	s.read(firstLine(msg), maxShapeBytes)
	return s.parts()
}

// ShapeText is the pattern of a message as text: store.Blank stands for what
// varies.
func ShapeText(msg string) string {
	var s shaper
	s.read(firstLine(msg), maxShapeBytes)
	return string(s.appendText(nil))
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

// span is a part of a text that stays, or varies in a way that kind names.
type span struct {
	start, end int
	kind       string
}

// shaper reads one text at a time into spans that cover it.
type shaper struct {
	text  string
	at    int
	cut   bool // the text goes on behind the bound
	spans []span
}

// read takes a text apart, up to a number of bytes.
func (s *shaper) read(text string, most int) {
	s.cut = len(text) > most
	if s.cut {
		for most > 0 && !utf8.RuneStart(text[most]) {
			most--
		}
		text = text[:most]
	}
	s.text, s.at, s.spans = text, 0, s.spans[:0]
	for s.at < len(text) && len(s.spans) < maxShapeParts {
		s.stays(until(text[s.at:], inWord))
		s.word(s.at + until(text[s.at:], outsideWord))
	}
	s.stays(len(text) - s.at)
}

// until is the number of bytes in front of the first character that is so.
func until(text string, so func(rune) bool) int {
	if n := strings.IndexFunc(text, so); n >= 0 {
		return n
	}
	return len(text)
}

func inWord(r rune) bool {
	return r == '_' || r == '-' || r == '.' || r == ':' || unicode.IsLetter(r) || unicode.IsDigit(r)
}

func outsideWord(r rune) bool { return !inWord(r) }

// stays passes n bytes that stay; neighbours become one span.
func (s *shaper) stays(n int) {
	s.at += n
	if last := len(s.spans) - 1; n > 0 && last >= 0 && s.spans[last].kind == "" {
		s.spans[last].end = s.at
	} else if n > 0 {
		s.spans = append(s.spans, span{s.at - n, s.at, ""})
	}
}

// pass passes n bytes, which vary when a kind is given.
func (s *shaper) pass(n int, kind string) {
	if kind == "" {
		s.stays(n)
		return
	}
	s.spans = append(s.spans, span{s.at, s.at + n, kind})
	s.at += n
}

// word passes a word; the signs at its ends belong to the sentence.
func (s *shaper) word(end int) {
	w := s.text[s.at:end]
	if strings.IndexFunc(w, unicode.IsDigit) < 0 {
		s.stays(len(w))
		return
	}
	s.stays(len(w) - len(strings.TrimLeft(w, ".:")))
	w = strings.TrimRight(s.text[s.at:end], ".:-")
	if kind := varies(w); kind != "" {
		s.pass(len(w), kind)
	} else {
		s.pieces(s.at + len(w))
	}
	s.stays(end - s.at)
}

// pieces tells what varies in user-42, job:17, pool.3.
func (s *shaper) pieces(end int) {
	for s.at < end {
		n := strings.IndexAny(s.text[s.at:end], "-_.:")
		if n < 0 {
			n = end - s.at
		}
		s.pass(n, varies(s.text[s.at:s.at+n]))
		s.stays(min(1, end-s.at))
	}
}

// appendText writes the pattern.
func (s *shaper) appendText(b []byte) []byte {
	for i := range s.spans {
		if s.spans[i].kind != "" {
			b = append(b, store.Blank...)
			continue
		}
		b = append(b, s.text[s.spans[i].start:s.spans[i].end]...)
	}
	if s.cut {
		b = append(b, cutMark...)
	}
	return b
}

const cutMark = "…"

// parts are copies of the spans' texts.
func (s *shaper) parts() []store.PatternPart {
	out := make([]store.PatternPart, 0, len(s.spans)+1)
	for i := range s.spans {
		out = append(out, store.PatternPart{Text: strings.Clone(s.text[s.spans[i].start:s.spans[i].end]), Kind: s.spans[i].kind})
	}
	if s.cut {
		out = append(out, store.PatternPart{Text: cutMark})
	}
	return out
}

// varies names what a word is, or returns an empty string when it stays.
func varies(w string) string {
	switch {
	case strings.IndexFunc(w, unicode.IsDigit) < 0:
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
	for _, r := range w {
		if !unicode.IsDigit(r) && r != '.' && r != '-' && r != ':' {
			return false
		}
	}
	return strings.Count(w, ".") < 2
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
	return strings.IndexFunc(rest, func(r rune) bool { return !unicode.IsDigit(r) && !strings.ContainsRune(".hms", r) }) < 0
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

// phrases are the texts of a pattern that stay, cut to whole words: every
// message of the pattern has them.
func phrases(text string) []string {
	var out []string
	parts := strings.Split(strings.TrimSuffix(text, cutMark), store.Blank)
	for i, p := range parts {
		if i > 0 {
			p = p[wordStart(p):]
		}
		if i < len(parts)-1 || strings.HasSuffix(text, cutMark) {
			p = p[:wordEnd(p)]
		}
		if p = strings.TrimSpace(p); len(p) > 2 {
			out = append(out, p)
		}
	}
	return out
}

// wordStart skips what may be the rest of a word whose beginning varies.
func wordStart(s string) int {
	if n := strings.IndexFunc(s, func(r rune) bool { return !isTokenRune(r) }); n >= 0 {
		return n
	}
	return len(s)
}

// wordEnd drops what may be the beginning of a word whose rest varies.
func wordEnd(s string) int {
	return len(strings.TrimRightFunc(s, isTokenRune))
}

func isTokenRune(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

// patternField is the name under which the search line asks for a pattern.
const patternField = "msg.pattern"

// patternWhere asks for messages of a pattern, which have its phrases.
func patternWhere(text string) events.Expr {
	var implied events.And
	for _, p := range phrases(text) {
		implied = append(implied, events.Phrase{Fields: []string{wordBody}, Text: p})
	}
	body := func(name string) bool { return name == wordBody }
	return events.Any{Named: body, Implied: implied, Test: func(v store.Value) bool {
		s := shapers.Get().(*shaper)
		defer shapers.Put(s)
		s.read(firstLine(v.Text()), maxShapeBytes)
		return s.is(text)
	}}
}

var shapers = sync.Pool{New: func() any { return &shaper{} }}

// is says whether appendText would write a text.
func (s *shaper) is(text string) bool {
	for i := range s.spans {
		part := s.text[s.spans[i].start:s.spans[i].end]
		if s.spans[i].kind != "" {
			part = store.Blank
		}
		rest, ok := strings.CutPrefix(text, part)
		if !ok {
			return false
		}
		text = rest
	}
	return text == "" && !s.cut || text == cutMark && s.cut
}
