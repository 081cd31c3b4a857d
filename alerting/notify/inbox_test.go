package notify_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"tripod/alerting/dispatch"
	"tripod/alerting/notify"
)

// inbox is a receiver that keeps what it accepts.
type inbox struct {
	mu     sync.Mutex
	got    []notify.Notification
	tries  []string
	answer func(n notify.Notification, try int) error // nil accepts all
}

func (i *inbox) Send(_ context.Context, n notify.Notification) error {
	i.mu.Lock()
	i.tries = append(i.tries, n.ID)
	try, answer := len(i.tries), i.answer
	i.mu.Unlock()
	if answer != nil {
		if err := answer(n, try); err != nil {
			return err
		}
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.got = append(i.got, n)
	return nil
}

// reply sets how further attempts are answered.
func (i *inbox) reply(answer func(n notify.Notification, try int) error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.answer = answer
}

// ids are those of all attempts.
func (i *inbox) ids() []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.tries)
}

func (i *inbox) all() []notify.Notification {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.got)
}

// lines are "what name service", oldest first.
func (i *inbox) lines() []string {
	var out []string
	for _, n := range i.all() {
		out = append(out, what(n)+" "+n.Alerts[0].Name()+" "+n.Alerts[0].Service())
	}
	return out
}

func what(n notify.Notification) string {
	switch {
	case n.Resolved():
		return "resolved"
	case n.Reason == dispatch.ReasonRepeat:
		return "repeat"
	}
	return "firing"
}

func (i *inbox) want(t *testing.T, want ...string) {
	t.Helper()
	if got := i.lines(); !slices.Equal(got, want) {
		t.Errorf("delivered:\n  %s\nwant:\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}
