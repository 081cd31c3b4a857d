package store

import (
	"errors"
	"strings"
	"testing"
)

func TestBoundQuery(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		ok   bool
	}{
		"a usual query":            {`histogram_quantile(0.95, sum by (le) (rate(a_bucket{job="x"}[5m])))`, true},
		"nothing":                  {"", true},
		"a long list in quotes":    {`up{instance=~"` + strings.Repeat("(a|b)+", 10_000) + `"}`, true},
		"deep brackets":            {strings.Repeat("(", 5000) + "1" + strings.Repeat(")", 5000), false},
		"a long sum":               {strings.Repeat("1+", 5000) + "1", false},
		"a long chain of words":    {strings.Repeat("a or ", 5000) + "a", false},
		"many bytes":               {`"` + strings.Repeat("a", MaxQuery) + `"`, false},
		"a quote that never ends":  {`"` + strings.Repeat("(", 6000), true},
		"an escaped quote":         {`"\"` + strings.Repeat("(", 6000) + `"`, true},
		"backslashes in raw quote": {"`\\`" + strings.Repeat("(", 6000), false},
	} {
		err := BoundQuery(c.text)
		var q *QueryError
		if (err == nil) != c.ok || err != nil && !errors.As(err, &q) {
			t.Errorf("%s: got %v, want ok=%v", name, err, c.ok)
		}
	}
}

func FuzzBoundQuery(f *testing.F) {
	f.Add("sum(rate(a[5m])) + `x\\`")
	f.Fuzz(func(t *testing.T, text string) {
		_ = BoundQuery(text) // never panics
	})
}
