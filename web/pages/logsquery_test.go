package pages

import (
	"fmt"
	"strings"
	"testing"
)

func TestAddTermNarrowsOnce(t *testing.T) {
	for name, c := range map[string]struct{ q, field, value, want string }{
		"to nothing":              {"", "level", "error", "level:error"},
		"to a word":               {"pool", "route", "/api/tasks", `pool route:"/api/tasks"`},
		"the same again":          {"level:error pool", "level", "error", "level:error pool"},
		"around an or":            {"a or b", "level", "warn", "(a or b) level:warn"},
		"with quotes in it":       {"", "msg", `say "hi"`, `msg:"say \"hi\""`},
		"beside its opposite":     {"-level:error", "level", "error", "-level:error level:error"},
		"a keyword":               {"", "word", "or", `word:"or"`},
		"under the other name":    {"service:api", "service.name", "api", "service:api"},
		"a value with a wildcard": {"", "path", "a*b", `path:"a*b"`},
	} {
		if got := addTerm(c.q, c.field, c.value); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestSplitFieldTakesOnlyWhatItUnderstands(t *testing.T) {
	for name, c := range map[string]struct {
		q, field, rest string
		pass, fail     []string
	}{
		"a value":            {"level:error pool", "level", "pool", []string{"error"}, []string{"warn"}},
		"a least level":      {"level:>=warn and service:planner-* and pool", "level", "service:planner-* and pool", []string{"warn", "fatal"}, []string{"info", "unset"}},
		"a wildcard":         {"level:>=warn and service:planner-* and pool", "service", "level:>=warn and pool", []string{"planner-api"}, []string{"mailer"}},
		"several":            {`x (service:a or service:"b c") y`, "service", "x y", []string{"a", "b c"}, []string{"c"}},
		"not":                {"-level:debug x", "level", "x", []string{"info"}, []string{"debug"}},
		"not in a word":      {"not level:debug and x", "level", "x", []string{"info"}, []string{"debug"}},
		"or stays":           {"level:error or x", "level", "level:error or x", nil, nil},
		"regex stays":        {"service:/a|b/ x", "service", "service:/a|b/ x", nil, nil},
		"a mixed group":      {"(level:error or x)", "level", "(level:error or x)", nil, nil},
		"quotes hide":        {`"level:error" x`, "level", `"level:error" x`, nil, nil},
		"two of them":        {"level:>info level:<fatal", "level", "", []string{"warn", "error"}, []string{"info", "fatal"}},
		"broken parentheses": {"(level:error", "level", "", []string{"error"}, []string{"warn"}},
	} {
		s := splitField(c.q, c.field)
		if s.rest != c.rest {
			t.Errorf("%s: rest %q, want %q", name, s.rest, c.rest)
		}
		if s.narrowed() != (c.pass != nil) {
			t.Errorf("%s: narrowed %v", name, s.narrowed())
		}
		for _, v := range c.pass {
			if !s.match(v) {
				t.Errorf("%s: %q should pass", name, v)
			}
		}
		for _, v := range c.fail {
			if s.match(v) {
				t.Errorf("%s: %q should fail", name, v)
			}
		}
	}
}

func TestToggleRewritesTheChoice(t *testing.T) {
	levels := []string{"fatal", "error", "warn", "info", "debug", "trace"}
	services := []string{"api", "web", "db"}
	for name, c := range map[string]struct {
		q, field, value string
		all             []string
		want            string
	}{
		"the first":            {"pool", "level", "error", levels, "level:error pool"},
		"the next":             {"level:error pool", "level", "fatal", levels, "level:>=error pool"},
		"with a hole":          {"level:fatal", "level", "warn", levels, "(level:fatal or level:warn)"},
		"out of a comparison":  {"level:>=warn", "level", "warn", levels, "level:>=error"},
		"the last away":        {"level:fatal pool", "level", "fatal", levels, "pool"},
		"a second service":     {"service:api x", "service", "db", services, "(service:api or service:db) x"},
		"out of two":           {"(service:api or service:db) x", "service", "api", services, "service:db x"},
		"out of a wildcard":    {"service:*b", "service", "web", services, "service:db"},
		"beside an or":         {"a or b", "level", "error", levels, "level:error (a or b)"},
		"off what was negated": {"-service:db", "service", "web", services, "service:api"},
	} {
		if got := toggle(c.q, c.field, c.value, c.all); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// A list of all other values may be longer than a filter, or an address, can
// be; then the value alone is denied or let pass beside what is asked.
func TestToggleAmongManyValues(t *testing.T) {
	all := make([]string, 200)
	for i := range all {
		all[i] = fmt.Sprint("user_", i)
	}
	for name, c := range map[string]struct{ q, value, want string }{
		"away from all":       {"user.id:* pool", "user_7", "-user.id:user_7 user.id:* pool"},
		"away from the rest":  {"-user.id:user_3", "user_7", "-user.id:user_7 -user.id:user_3"},
		"back":                {"-user.id:user_7 user.id:* and pool", "user_7", "user.id:* and pool"},
		"out of a wildcard":   {"-user.id:user_1*", "user_11", "(-user.id:user_1* or user.id:user_11)"},
		"one more of a group": {"(-user.id:user_1* or user.id:user_11)", "user_12", "(-user.id:user_1* or user.id:user_11 or user.id:user_12)"},
	} {
		if got := toggle(c.q, "user.id", c.value, all); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// Rewriting must never panic, must be stable, and what it adds it must find.
func FuzzQueryRewriting(f *testing.F) {
	for _, s := range []string{"", "level:>=warn and pool", `(a or "b`, "-", "not", "x:/a", `a:"\`, "((", ")", ":", "f:>=", "\xff:\xff", "not not"} {
		f.Add(s, "route", `va"l`)
	}
	f.Fuzz(func(t *testing.T, q, field, value string) {
		if len(q) > 4096 {
			return
		}
		prev := 0
		for _, tm := range terms(q) {
			if tm.start < prev || tm.end <= tm.start || tm.end > len(q) {
				t.Fatalf("term %+v after %d in %q", tm, prev, q)
			}
			prev = tm.end
		}
		newMarker(q).mark(value)
		s := splitField(q, "level")
		s.match("error")
		toggle(q, "level", "error", []string{"error", "warn"})
		if lets := amend(q, "level", "error", false); !hasOr(terms(q)) && len(terms(q)) < maxTerms && s.narrowed() && balanced(q) {
			if s := splitField(lets, "level"); !s.match("error") {
				t.Fatalf("%q does not let the value pass that was added: %q", q, lets)
			}
		}
		if field == "" || isService(field) || field == "level" {
			return
		}
		added := addTerm("", field, value)
		got := splitField(added, field)
		if value != "" && (!got.narrowed() || !got.match(value) || strings.TrimSpace(got.rest) != "") {
			t.Fatalf("%q is not read back: %q", added, got.rest)
		}
	})
}
