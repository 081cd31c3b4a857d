package traces

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"tripod/store"
	"tripod/store/events"
)

// encode is the event of a span alone.
func encode(s *store.Span) events.Event {
	return encoders.New().(*encoder).encode([]store.Span{*s}, make([]call, 1))[0]
}

// TestEncoderIsUsedAgain encodes batches one after the other with one encoder,
// where spans share resources and scopes by turns.
func TestEncoderIsUsedAgain(t *testing.T) {
	e := encoders.New().(*encoder)
	for round := range 3 {
		var spans []store.Span
		var res *store.Resource
		var scope *store.Scope
		for i := range 40 {
			if i%7 == round {
				res = &store.Resource{Attrs: store.Attrs{{Key: "n", Value: store.Int(int64(i))}}, Dropped: uint32(round)}
			}
			if i%5 == round {
				scope = &store.Scope{Name: fmt.Sprint("scope", i), Attrs: store.Attrs{{Key: "n", Value: store.Int(int64(i))}}}
			}
			s := store.Span{TraceID: store.TraceID{1, byte(i)}, SpanID: store.SpanID{2, byte(i)}, Name: fmt.Sprint(round, i), Resource: res, Scope: scope}
			if i%2 == 0 {
				s.ParentID = store.SpanID{3, byte(i)}
			}
			for j := range i {
				s.Attrs = append(s.Attrs, store.Attr{Key: fmt.Sprint("n", j), Value: store.Int(int64(j))})
			}
			spans = append(spans, s)
		}
		calls := make([]call, len(spans))
		calls[3] = call{caller: "web", callees: []callee{{service: "shop", start: 5, took: 7}}}
		batch := e.encode(spans, calls)
		for i := range spans {
			var d decoder
			if got := d.decode(&batch[i]); !reflect.DeepEqual(got, spans[i]) {
				t.Errorf("round %d, span %d: got %+v\nwant %+v", round, i, got, spans[i])
			}
			caller, _ := batch[i].Get(fCaller)
			if _, told := batch[i].Get(fCallee); told != (i == 3) || (caller.Str() == "web") != (i == 3) {
				t.Errorf("round %d, span %d tells of the call of another", round, i)
			}
		}
		e.free()
	}
}

// TestNamesOfManyKeys asks for more names than are at hand or known, in turn.
func TestNamesOfManyKeys(t *testing.T) {
	n := newNames("p.")
	var keys []string
	for i := range maxKnown + 200 {
		keys = append(keys, strings.Repeat("k", i%90)+strconv.Itoa(i))
	}
	for _, turn := range [][]string{{""}, keys, keys[:50], keys} {
		for _, key := range turn {
			for range 2 {
				if got := n.of(key); got != "p."+key {
					t.Fatalf("%q for %q", got, key)
				}
			}
		}
	}
	if len(n.known) > maxKnown {
		t.Errorf("%d names are known, at most %d", len(n.known), maxKnown)
	}
	key := []byte("borrowed")
	n.of(string(key[:4]))
	first := n.of(unsafe.String(&key[0], len(key)))
	copy(key, "returned")
	if again := n.of("borrowed"); first != "p.borrowed" || again != "p.borrowed" {
		t.Errorf("%q and %q: the key's memory is not the names'", first, again)
	}
}
