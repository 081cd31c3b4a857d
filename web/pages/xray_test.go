package pages

import (
	"testing"

	"tripod/store"
)

func TestSelfTimesLeaveChildrenOut(t *testing.T) {
	id := func(b byte) store.SpanID { return store.SpanID{b} }
	spans := []store.Span{
		{SpanID: id(1), Service: "web", Start: 0, End: 100},
		{SpanID: id(2), ParentID: id(1), Service: "api", Start: 10, End: 60},
		{SpanID: id(3), ParentID: id(1), Service: "api", Start: 40, End: 80},  // overlaps its sibling
		{SpanID: id(4), ParentID: id(3), Service: "db", Start: 70, End: 1000}, // outlives its parent
	}
	got := map[string]int64{}
	for _, s := range selfTimes(spans) {
		got[s.Service] = s.Self
	}
	want := map[string]int64{"web": 30, "api": 50 + 30, "db": 930}
	for service, ns := range want {
		if got[service] != ns {
			t.Errorf("%s: got %d ns, want %d", service, got[service], ns)
		}
	}
}

func TestRootedWantsTheSpanThatBegan(t *testing.T) {
	child := store.Span{SpanID: store.SpanID{2}, ParentID: store.SpanID{1}}
	if rooted(store.Trace{Spans: []store.Span{child}}) {
		t.Error("a trace without its root counts as whole")
	}
	if !rooted(store.Trace{Spans: []store.Span{child, {SpanID: store.SpanID{1}}}}) {
		t.Error("a trace with its root does not count as whole")
	}
}
