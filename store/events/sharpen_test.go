package events

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tripod/store"
)

func TestLiteralsOf(t *testing.T) {
	for _, c := range []struct{ re, want string }{
		{`refused by db-[0-2] after 1[0-9]{3} ms`, `"refused by db-" " after 1" " ms"`},
		{`^GET /api/.*\.html$`, `"GET /api/" ".html"`},
		{`(?i)Timeout`, `i"timeout"`},
		{`(?i)sick tasks today`, `i" ta" i" today"`},
		{`a|b`, ``}, {`(abc|abd)`, ``}, {`(abcd)?`, ``}, {`(abcd)+xyz`, `"abcd" "xyz"`}, {`(abcd){2}e`, `"abcdabcde"`},
		{`x(abc)y`, `"xabcy"`}, {`grün(e)n`, `"nen"`}, {`\bword\b`, `"word"`}, {`.`, ``}, {``, ``},
		{`one.two.three.four`, `"two" "three" "four"`}, {`ab(?i)cd`, ``},
	} {
		var got []string
		for _, s := range literalsOf(regexp.MustCompile(c.re)) {
			fold := ""
			if s.Fold {
				fold = "i"
			}
			got = append(got, fold+`"`+s.Text+`"`)
		}
		if g := strings.Join(got, " "); g != c.want {
			t.Errorf("%s: %s, want %s", c.re, g, c.want)
		}
	}
}

// What an expression matches has all its literals in it.
func TestSharpenedAgreesWithTheExpression(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 8))
	atoms := []string{"abc", "KEY", "sick", "ſtop", "\u212Aey", "a", "[ab]", ".", "(abc)", "(?:abc|abd)", "x*", "(abcd)+", "(abc){2}", "(?i:Abc)", "(?i:Kiss it)", "^", "$", `\b`, "é"}
	texts := []string{"abc", "ABC", "key", "KEY", "\u212Aey", "sick", "ſtop", "kiss it", "KIſS IT", "\u212AISS it", "abd", "abcd", "é", "x", " "}
	matched := 0
	for range 20_000 {
		pattern, text := "", ""
		for range 1 + rng.IntN(4) {
			pattern += atoms[rng.IntN(len(atoms))]
			text += texts[rng.IntN(len(texts))]
		}
		re, err := regexp.Compile(pattern)
		if err != nil {
			continue
		}
		e := Event{Fields: []Field{{Name: "m", Value: store.String(text)}}}
		want := Regexp{Re: re}.Match(&e)
		if want {
			matched++
		}
		for _, x := range []Expr{Regexp{Re: re}, Within{func(string) bool { return true }, Regexp{Re: re}}} {
			if got := sharpen(x).Match(&e); got != want {
				t.Fatalf("%q of %q: %v by %v, want %v", pattern, text, got, sharpen(x), want)
			}
			if p := planOf(sharpen(x)); want && !p.may(func(k planKey) bool { return hasTokenKey(text, k.hash) }) {
				t.Fatalf("%q of %q: the filter rules it out", pattern, text)
			}
		}
	}
	if matched < 500 {
		t.Fatalf("only %d matched", matched)
	}
}

func hasTokenKey(text string, hash uint64) bool {
	var keys keySet
	addTextKeys(&keys, text)
	return slices.Contains(keys.slots, hash)
}
