package web

import (
	"net/http/httptest"
	"strconv"
	"testing"
	"unsafe"

	"tripod/store"
)

// finished is a record of a line that came with a resource.
func finished(t *testing.T, m *Members, res *store.Resource, line string) *store.Record {
	t.Helper()
	r := &store.Record{Resource: res}
	if why := m.Set(r, line); why != "" {
		t.Fatal(why)
	}
	m.Finish(r)
	return r
}

// Lines share a stream by what their resources say, whichever they are: one may
// lie where another has been.
func TestStreamsAreOfEqualResources(t *testing.T) {
	m := NewMembers(httptest.NewRequest("POST", "/?_stream_fields=pod", nil), "", "")
	res := &store.Resource{}
	of := func(index, pod string) *store.Resource {
		res.Attrs = store.Attrs{{Key: "index", Value: store.String(index)}} // in the same place each time
		return finished(t, &m, res, `{"pod":"`+pod+`"}`).Resource
	}
	a, b := of("a", "p"), of("b", "p")
	if a.Attrs.Text("index") != "a" || b.Attrs.Text("index") != "b" || b.Attrs.Text("pod") != "p" {
		t.Errorf("got %v and %v", a.Attrs, b.Attrs)
	}
	if again := of("a", "p"); again != a {
		t.Errorf("got another resource %v for the same stream", again.Attrs)
	}
}

// A stream does not hold the text of the line that it was met in first.
func TestStreamsHoldNoLines(t *testing.T) {
	m := NewMembers(httptest.NewRequest("POST", "/?_stream_fields=pod,ids", nil), "", "")
	line := `{"pod":"p1","msg":"` + strconv.Itoa(1<<40) + `","ids":["x1"]}`
	attrs := finished(t, &m, nil, line).Resource.Attrs
	if len(attrs) != 2 || attrs.Text("pod") != "p1" {
		t.Fatalf("got %v", attrs)
	}
	from := uintptr(unsafe.Pointer(unsafe.StringData(line)))
	ids, _ := attrs.Get("ids")
	for _, s := range []string{attrs[0].Key, attrs[0].Value.Str(), attrs[1].Key, ids.In()[0].Value.Str()} {
		if at := uintptr(unsafe.Pointer(unsafe.StringData(s))); at >= from && at < from+uintptr(len(line)) {
			t.Errorf("%q lies in the line", s)
		}
	}
}
