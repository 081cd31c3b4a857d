package events

import (
	"strconv"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"

	"tripod/store"
)

// tokenKey is the filter key of a token, of which low is the folded form.
func tokenKey(low string) uint64 { return nonZero(xxhash.Sum64String(low)) }

// nameKey is the filter key of a field's name.
func nameKey(name string) uint64 {
	return nonZero(xxhash.Sum64String(name) ^ 0x9e3779b97f4a7c15)
}

func nonZero(h uint64) uint64 { return max(h, 1) }

// addKeys adds the keys of all tokens of a value's text.
func addKeys(set *keySet, v store.Value) {
	var buf [textBuf]byte
	addTextKeys(set, shortText(v, &buf))
}

func addTextKeys(set *keySet, s string) {
	var low [64]byte
	for at := 0; ; {
		start, end := nextToken(s, at)
		if end == 0 {
			return
		}
		token := lowerToken(s[start:end], &low)
		set.add(tokenKey(token))
		at = end
	}
}

// lowerToken folds a token, a short one of ASCII without allocating.
func lowerToken(s string, buf *[64]byte) string {
	if len(s) > len(buf) {
		return lower(s)
	}
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return lower(s)
		}
		buf[i] = lowerByte(s[i])
	}
	return view(buf[:len(s)])
}

// planKey is a key that a filter is asked for.
type planKey struct {
	hash   uint64
	digits bool // of a token of digits, number: maybe a line's time in ms, which has no key
	number uint64
}

// within says whether a block's lines may state this as their time.
func (k planKey) within(m *blockMeta) bool {
	return k.digits && (m.min < 0 || uint64(m.min/1e6) <= k.number && k.number <= uint64(m.max/1e6))
}

// plan is what a block's filter must hold for a predicate to match in it.
type plan struct {
	keys []planKey // all of them
	all  []plan
	any  []plan // at least one, if there are some
	mask uint8  // classes that may match
}

// maxAsked is how many texts a filter is asked for; for more it is cheaper to
// read the block.
const maxAsked = 64

const allClasses = 1<<Classes - 1

func planOf(x Expr) plan {
	p := plan{mask: allClasses}
	switch x := x.(type) {
	case And:
		for _, y := range x {
			q := planOf(y)
			p.mask &= q.mask
			p.all = append(p.all, q)
		}
	case Or:
		p.mask = 0
		for _, y := range x {
			q := planOf(y)
			p.mask |= q.mask
			p.any = append(p.any, q)
		}
	case ClassIn:
		p.mask = uint8(x)
	case Word:
		if start, end := nextToken(x.Text, 0); start == 0 && end == len(x.Text) && end > 0 {
			p.keys = tokenKeys(lower(x.Text), true)
		}
		p.named(x.Fields)
	case Phrase:
		p.keys = tokenKeys(lower(x.Text), true)
		p.named(x.Fields)
	case Substring:
		if utf8.ValidString(x.Text) {
			p.keys = tokenKeys(lower(x.Text), false)
		}
		p.named(x.Fields)
	case Equal:
		p.keys = append(tokenKeys(lower(x.Text), true), planKey{hash: nameKey(x.Field)})
	case OneOf:
		p.keys = []planKey{{hash: nameKey(x.Field)}}
		if len(x.Texts) > maxAsked {
			break
		}
		for text := range x.Texts {
			p.any = append(p.any, plan{keys: tokenKeys(lower(text), true), mask: allClasses})
		}
		if len(p.any) == 0 {
			p.mask = 0
		}
	case Regexp:
		p.named(x.Fields)
	case ValueIn:
		p.named(x.Fields)
	case Compare:
		p.keys = []planKey{{hash: nameKey(x.Field)}}
	case Exists:
		p.keys = []planKey{{hash: nameKey(x.Field)}}
	case Func:
		if x.Implied != nil {
			return planOf(x.Implied)
		}
	case Any:
		if x.Implied != nil {
			return planOf(x.Implied)
		}
	case Within:
		return planOf(x.X)
	}
	return p
}

// named asks for one of the names, if any are named.
func (p *plan) named(names []string) {
	for _, n := range names {
		p.any = append(p.any, plan{keys: []planKey{{hash: nameKey(n)}}, mask: allClasses})
	}
}

// tokenKeys are the keys of the tokens of folded text; without edges, of those
// that neither begin nor end the text and so may be parts of longer ones.
func tokenKeys(low string, edges bool) []planKey {
	var keys []planKey
	for at := 0; ; {
		start, end := nextToken(low, at)
		if end == 0 {
			return keys
		}
		if edges || start > 0 && end < len(low) {
			k := planKey{hash: tokenKey(low[start:end])}
			n, err := strconv.ParseUint(low[start:end], 10, 64)
			k.digits, k.number = err == nil, n
			keys = append(keys, k)
		}
		at = end
	}
}

// trivial says that a plan rules nothing out by keys.
func (p *plan) trivial() bool {
	if len(p.keys) > 0 {
		return false
	}
	for i := range p.all {
		if !p.all[i].trivial() {
			return false
		}
	}
	for i := range p.any {
		if p.any[i].trivial() {
			return true
		}
	}
	return len(p.any) == 0
}

// may says whether a block whose filter answers has can hold a match.
func (p *plan) may(has func(planKey) bool) bool {
	for _, key := range p.keys {
		if !has(key) {
			return false
		}
	}
	for i := range p.all {
		if !p.all[i].may(has) {
			return false
		}
	}
	for i := range p.any {
		if p.any[i].may(has) {
			return true
		}
	}
	return len(p.any) == 0
}
