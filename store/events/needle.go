package events

import (
	"math/bits"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"tripod/store"
	"tripod/store/events/columns"
)

// needle is what every text that passes a leaf has in it: it saves asking
// texts that have not.
type needle struct {
	kind  needleKind
	text  string // folded if fold
	fold  bool
	all   charset   // characters that are in it
	chars []charset // and of each of these sets at least one
	// The folded tokens of the text that must be whole tokens of the haystack.
	tokens []string
	alone  bool // see standsAlone
	isID   bool // a run of letters and digits, or a UUID of which each piece has a digit
}

type needleKind uint8

const (
	needleChars  needleKind = iota // the text is not known
	needleWord                     // one token
	needlePhrase                   // begins and ends at the edges of tokens
	needlePart                     // anywhere
	needleWhole                    // the whole text
)

func newNeedle(kind needleKind, text string, fold bool) *needle {
	n := &needle{kind: kind, text: text, fold: fold}
	for i := range len(text) {
		c := text[i]
		set := charsetOf(c)
		if fold && c-'a' < 26 {
			set.add(c &^ 0x20)
		}
		n.need(set)
	}
	low := lower(text)
	for at := 0; ; {
		start, end := nextToken(low, at)
		if end == 0 {
			break
		}
		if kind != needlePart || start > 0 && end < len(low) {
			n.tokens = append(n.tokens, low[start:end])
		}
		at = end
	}
	n.alone = n.standsAlone()
	n.isID = n.isRun() || kind != needleWord && isUUIDOfDigits(text)
	return n
}

// isUUIDOfDigits says that a text has the dashes of a UUID, and a digit in each
// piece: then no piece stands in a form's pieces.
func isUUIDOfDigits(text string) bool {
	pieces := strings.Split(text, "-")
	if len(text) != 36 || len(pieces) != 5 {
		return false
	}
	for _, p := range pieces {
		if !isWord(p) || !strings.ContainsAny(p, digits) {
			return false
		}
	}
	return true
}

// maxRequired bounds what is looked for in a regular expression.
const maxRequired = 64

// needleOf is what every match of a regular expression has in it.
func needleOf(re *regexp.Regexp) *needle {
	tree, err := syntax.Parse(re.String(), syntax.Perl)
	if err != nil {
		return nil
	}
	n := &needle{}
	n.require(tree.Simplify())
	return n
}

// require adds the characters of which each match has one.
func (n *needle) require(re *syntax.Regexp) {
	if len(n.chars) > maxRequired {
		return
	}
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			if r >= 0x80 {
				continue
			}
			set := charsetOf(byte(r))
			if c := byte(r) | 0x20; re.Flags&syntax.FoldCase != 0 && c-'a' < 26 {
				set.add(c)
				set.add(c &^ 0x20)
			}
			n.need(set)
		}
	case syntax.OpCharClass:
		var set charset
		for i := 0; i+1 < len(re.Rune); i += 2 {
			for r := re.Rune[i]; r <= min(re.Rune[i+1], 0x7f); r++ {
				set.add(byte(r))
			}
		}
		n.need(set)
	case syntax.OpConcat, syntax.OpCapture, syntax.OpPlus:
		for _, sub := range re.Sub {
			n.require(sub)
		}
	case syntax.OpRepeat:
		if re.Min > 0 {
			n.require(re.Sub[0])
		}
	}
}

// need adds a set of which the text has a character; an empty one stands for a
// character that is not of ASCII.
func (n *needle) need(set charset) {
	if bits.OnesCount64(set[0])+bits.OnesCount64(set[1]) == 1 {
		n.all[0] |= set[0]
		n.all[1] |= set[1]
	} else if !slices.Contains(n.chars, set) {
		n.chars = append(n.chars, set)
	}
}

// charset is a set of bytes of ASCII.
type charset [2]uint64

func charsetOf(c byte) (s charset) {
	s.add(c)
	return s
}

func (s *charset) add(c byte) {
	if c < 0x80 {
		s[c>>6] |= 1 << (c & 63)
	}
}

func (s *charset) addAll(text string) {
	for i := range len(text) {
		s.add(text[i])
	}
}

func (s charset) meets(t charset) bool { return s[0]&t[0]|s[1]&t[1] != 0 }

// within says whether text of these characters alone may have the needle.
func (n *needle) within(chars charset) bool {
	if n.all[0]&^chars[0]|n.all[1]&^chars[1] != 0 {
		return false
	}
	for _, set := range n.chars {
		if !set.meets(chars) {
			return false
		}
	}
	return true
}

var (
	intChars   = charsetOfAll("-0123456789")
	floatChars = charsetOfAll("+-.0123456789eEaAfFiInN")
	boolChars  = charsetOfAll("truefals")
)

func charsetOfAll(text string) (s charset) {
	s.addAll(text)
	return s
}

// mayBeOf says no when no value of the column can have the needle.
func (n *needle) mayBeOf(c *col) bool {
	if n == nil {
		return true
	}
	switch c.kind {
	case store.KindString:
		return c.chars == charset{} || n.within(c.chars)
	case store.KindInt:
		return n.within(intChars)
	case store.KindFloat:
		return n.within(floatChars)
	case store.KindBool:
		return n.within(boolChars)
	}
	return true
}

// judge says whether all, none or some of the texts of a form pass. The leaf
// passes what the needle says, unless its text is not known.
func (n *needle) judge(t *columns.Texts, f int) int8 {
	if !n.within(t.FormChars(f)) {
		return fails
	}
	if n.kind == needleChars {
		return unasked
	}
	pieces := t.FormPieces(f)
	if n.kind == needleWhole {
		if !strings.HasPrefix(n.text, pieces[0]) || !strings.HasSuffix(n.text, pieces[len(pieces)-1]) {
			return fails
		}
		return unasked
	}
	for _, p := range pieces {
		if n.in(p) {
			return passes
		}
	}
	uuid := hasUUID(t, f)
	for _, token := range n.tokens {
		if strings.ContainsAny(token, digits) {
			if !inSlot(t, f, token) {
				return fails
			}
		} else if !uuid && !hasWordIn(pieces, token) {
			return fails
		}
	}
	if n.isRun() && !inSlot(t, f, n.text) {
		return fails
	}
	return unasked
}

// idIn is what the only slot of a form has in it where a text passes, if the
// needle is an id of the slot's length: it lies in the slot then, or nowhere.
func (n *needle) idIn(t *columns.Texts, f int) []byte {
	if n.kind == needleWhole {
		for _, p := range t.FormPieces(f) {
			if p != "" {
				return nil
			}
		}
	}
	return t.ID(f, n.text)
}

func hasUUID(t *columns.Texts, f int) bool {
	for j := range t.Slots(f) {
		if t.SlotIsUUID(f, j) {
			return true
		}
	}
	return false
}

// in says whether a piece alone has the needle. Its edges are edges of tokens.
func (n *needle) in(piece string) bool {
	switch {
	case n.kind == needleWord:
		return hasWord(piece, n.text)
	case n.kind == needlePhrase:
		return hasPhrase(piece, n.text)
	case n.fold:
		return foldIndex(piece, n.text) >= 0
	}
	return strings.Contains(piece, n.text)
}

func hasWordIn(pieces []string, word string) bool {
	for _, p := range pieces {
		if hasWord(p, word) {
			return true
		}
	}
	return false
}

// isRun says that the needle is one run of letters, digits and "_" with a
// digit: such a run lies in a slot or nowhere.
func (n *needle) isRun() bool {
	return isWord(n.text) && strings.ContainsAny(n.text, digits)
}

// inSlot says whether a run with a digit may lie in a slot.
func inSlot(t *columns.Texts, f int, run string) bool {
	for j := range t.Slots(f) {
		if t.SlotHas(f, j, run) {
			return true
		}
	}
	return false
}
