package pages

import (
	"strings"
	"testing"
)

func TestMarksAreWhatTheLineLookedFor(t *testing.T) {
	for name, c := range map[string]struct{ q, text, want string }{
		"a word in any case":          {"pool", "Pool: db pool", "[Pool]: db [pool]"},
		"a word is whole":             {"pool", "pooling spool pool_1 pool", "pooling spool pool_1 [pool]"},
		"a phrase":                    {`"timed out"`, "it Timed out, timed outer", "it [Timed out], timed outer"},
		"a wildcard":                  {"conn*", "reconnect connection refused", "reconnect [connection] refused"},
		"a wildcard in front":         {"*out", "timeout after out", "[timeout] after [out]"},
		"what must not be there":      {"-probe pool", "probe pool", "probe [pool]"},
		"groups, but no fields":       {"(a1 or b2) level:error", "a1 b2 error", "[a1] [b2] error"},
		"of the message":              {"msg:pool", "pool", "[pool]"},
		"a regular expression":        {`/5\d\d/`, "503 of 600", "[503] of 600"},
		"a regexp with a slash":       {`/api\/t/i`, "GET /API/tasks", "GET /[API/t]asks"},
		"one that finds nothing":      {`/x*/`, "axb", "a[x]b"},
		"no query":                    {"", "pool", "pool"},
		"a star alone":                {"*", "pool", "pool"},
		"letters beyond ASCII":        {"ünïcode", "Ünïcode İ", "[Ünïcode] İ"},
		"a half expression is a path": {"/api/tasks", "GET /api/tasks", "GET [/api/tasks]"},
	} {
		var got strings.Builder
		for _, p := range newMarker(c.q).mark(c.text) {
			if p.Hit {
				got.WriteString("[" + p.Text + "]")
				continue
			}
			got.WriteString(p.Text)
		}
		if got.String() != c.want {
			t.Errorf("%s: %s: got %q, want %q", name, c.q, got.String(), c.want)
		}
	}
}
