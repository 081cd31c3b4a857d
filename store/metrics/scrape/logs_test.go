package scrape

import (
	"fmt"
	"testing"
	"time"
)

func TestTheSameWordsAreToldOnceAMinute(t *testing.T) {
	l, now := &logs{}, time.Now()
	for _, step := range []struct {
		msg   string
		after time.Duration
		want  bool
	}{{"a", 0, false}, {"a", time.Second, true}, {"b", time.Second, false}, {"a", time.Minute, false}, {"a", 61 * time.Second, true}} {
		if got := l.repeated(step.msg, now.Add(step.after)); got != step.want {
			t.Errorf("%s after %v: repeated is %v, want %v", step.msg, step.after, got, step.want)
		}
	}
	for i := range 1000 {
		l.repeated(fmt.Sprint(i), now)
	}
	if len(l.lately) > 100 {
		t.Errorf("%d texts are kept", len(l.lately))
	}
}
