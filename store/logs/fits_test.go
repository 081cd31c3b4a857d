package logs

import (
	"errors"
	"strings"
	"testing"

	"tripod/store"
)

// TestALineCountsOnce although what is in it is in fields as well.
func TestALineCountsOnce(t *testing.T) {
	res := &store.Resource{Attrs: store.Attrs{{Key: "service.name", Value: store.String("shop")}}}
	text := func(n int) string { return strings.Repeat("x", n) }
	json := func(head string, n int) string { return head + text(n-len(head)-2) + `"}` }
	for name, c := range map[string]struct {
		line   string
		beside int
		kept   bool
	}{
		"a field":                 {json(`{"m":"`, 1<<20), 0, true},
		"the message":             {json(`{"level":"info","msg":"`, 1<<20), 0, true},
		"a longer line":           {json(`{"m":"`, 1<<20+1), 0, false},
		"plain text":              {text(1 << 20), 0, true},
		"longer plain text":       {text(1<<20 + 1), 0, false},
		"much beside it":          {text(10), 1<<20 - 100, true},
		"too much beside it":      {text(10), 1 << 20, false},
		"names that come to more": {`{"` + text(10_000) + `":{` + strings.Repeat(`"a":1,`, 500) + `"b":2}}`, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Open(t.TempDir(), Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			r := store.Record{Time: 1, Service: "shop", Resource: res}
			if c.beside > 0 {
				r.Attrs = store.Attrs{{Key: "big", Value: store.String(text(c.beside))}}
			}
			r.SetLine(c.line)
			err = s.Append(t.Context(), []store.Record{r})
			var refused *store.PartialError
			if c.kept && err != nil || !c.kept && !errors.As(err, &refused) {
				t.Fatalf("got %v", err)
			}
			for r, err := range s.Search(t.Context(), store.LogQuery{Range: store.TimeRange{To: 10}}) {
				if err != nil || r.Line() != c.line {
					t.Errorf("it came back as %d bytes, %v", len(r.Line()), err)
				}
			}
		})
	}
}
