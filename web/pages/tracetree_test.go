package pages

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tripod/store"
)

func sp(id, parent byte, service string, start, end int64) store.Span {
	return store.Span{SpanID: spanID(id), ParentID: spanID(parent), Service: service, Name: fmt.Sprint("s", id), Start: start, End: end}
}

func spanID(b byte) (id store.SpanID) {
	id[7] = b
	return
}

// zipkin is a span of a pair that shares its id.
func zipkin(s store.Span, kind store.SpanKind) store.Span {
	if s.Kind = kind; kind == store.SpanServer {
		s.Attrs = store.Attrs{{Key: store.ZipkinShared, Value: store.Bool(true)}}
	}
	return s
}

// outline is a tree as text: one line per node, indented, with * for the
// critical path and ? for a missing parent.
func outline(t *tree) string {
	var b strings.Builder
	for _, n := range t.nodes {
		b.WriteString(strings.Repeat(" ", n.depth))
		if n.span == nil {
			fmt.Fprintf(&b, "?%d", n.id[7])
		} else {
			b.WriteString(n.span.Name)
		}
		if n.critical {
			fmt.Fprintf(&b, " *%d-%d", n.critStart, n.critEnd)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestTreeAndCriticalPath(t *testing.T) {
	for name, c := range map[string]struct {
		spans []store.Span
		want  string
	}{
		"nothing": {nil, ""},
		"children by start, the last to finish is critical": {
			[]store.Span{sp(3, 1, "a", 20, 90), sp(1, 0, "a", 0, 100), sp(2, 1, "a", 10, 80)},
			"s1 *0-100\n s2\n s3 *20-90\n",
		},
		"one after the other": {
			[]store.Span{sp(1, 0, "a", 0, 100), sp(2, 1, "a", 0, 40), sp(3, 1, "a", 40, 100), sp(4, 3, "a", 50, 60)},
			"s1 *0-100\n s2 *0-40\n s3 *40-100\n  s4 *50-60\n",
		},
		"work that outlives its parent": {
			[]store.Span{sp(1, 0, "a", 0, 100), sp(2, 1, "a", 50, 300)},
			"s1 *0-100\n s2 *50-100\n",
		},
		"a missing parent": {
			[]store.Span{sp(1, 0, "a", 0, 100), sp(3, 2, "a", 10, 20), sp(4, 2, "a", 5, 8)},
			"s1 *0-100\n?2\n s4\n s3\n",
		},
		"Zipkin's server below the client that has its id": {
			[]store.Span{zipkin(sp(1, 0, "b", 20, 70), store.SpanServer), zipkin(sp(1, 0, "a", 0, 100), store.SpanClient), sp(2, 1, "b", 30, 60)},
			"s1 *0-100\n s1 *20-70\n  s2 *30-60\n",
		},
		"a circle":              {[]store.Span{sp(1, 2, "a", 0, 10), sp(2, 1, "a", 0, 10)}, "s1 *0-10\n s2 *0-10\n"},
		"its own parent":        {[]store.Span{sp(1, 1, "a", 0, 10)}, "s1 *0-10\n"},
		"an end before a start": {[]store.Span{sp(1, 0, "a", 10, 0)}, "s1 *10-10\n"},
	} {
		tr := growTree(c.spans)
		tr.markCritical()
		if got := outline(tr); got != c.want {
			t.Errorf("%s: got\n%swant\n%s", name, got, c.want)
		}
	}
}

func TestSkewIsNamedBetweenServicesOnly(t *testing.T) {
	tr := growTree([]store.Span{
		sp(1, 0, "web", 1e6, 9e6), sp(2, 1, "api", 0.5e6, 2e6), sp(3, 1, "api", 0, 2e6), sp(4, 1, "web", 0, 2e6),
	})
	want := []skew{{"api", "web", 1e6}}
	if got := tr.skews(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestDeepTraceIsDrawn(t *testing.T) {
	var spans []store.Span
	for i := range 20_000 {
		s := store.Span{Start: int64(i), End: 40_000 - int64(i)}
		s.SpanID[5], s.SpanID[6], s.SpanID[7] = 1, byte(i>>8), byte(i)
		if i > 0 {
			s.ParentID[5], s.ParentID[6], s.ParentID[7] = 1, byte((i-1)>>8), byte(i-1)
		}
		spans = append(spans, s)
	}
	tr := growTree(spans[:10_000])
	tr.markCritical()
	if n := len(tr.nodes); n != 10_000 || tr.nodes[n-1].depth != n-1 || !tr.nodes[n-1].critical {
		t.Errorf("%d nodes, the last at %d", n, tr.nodes[n-1].depth)
	}
}

// Every span is drawn once, whatever the parents say, and the critical path
// stays inside its spans.
func FuzzTree(f *testing.F) {
	f.Add([]byte{1, 0, 0, 9, 2, 1, 1, 3, 3, 2, 0, 1})
	f.Add([]byte{1, 2, 0, 1, 2, 3, 0, 1, 3, 1, 0, 1, 1, 1, 1, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		var spans []store.Span
		for ; len(b) >= 4 && len(spans) < 300; b = b[4:] {
			spans = append(spans, sp(b[0], b[1], string('a'+rune(b[0]%3)), int64(b[2]), int64(b[2])+int64(b[3])))
		}
		tr := growTree(spans)
		tr.markCritical()
		tr.skews()
		seen := map[*store.Span]bool{}
		for _, n := range tr.nodes {
			if n.span == nil {
				continue
			}
			if seen[n.span] {
				t.Fatal("a span is drawn twice")
			}
			seen[n.span] = true
			if n.critical && (n.critStart < n.start || n.critEnd > n.end || n.critEnd < n.critStart) {
				t.Fatalf("critical %d-%d outside %d-%d", n.critStart, n.critEnd, n.start, n.end)
			}
			if s := tr.share(n.start); s < 0 || s > 1 {
				t.Fatalf("share %v", s)
			}
		}
		if len(seen) != len(spans) {
			t.Fatalf("%d of %d spans are drawn", len(seen), len(spans))
		}
	})
}
