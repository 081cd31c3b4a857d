package notify

import (
	"context"
	"strings"
	"sync"
	"testing"

	"tripod/alerting/config"
)

type keySender struct {
	mu   sync.Mutex
	keys []string
}

func (s *keySender) Send(_ context.Context, n Notification) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = append(s.keys, n.Key)
	return nil
}

// A test of a rule's route has the labels of its alerts: its end must not end
// the incident that the group stands for at PagerDuty.
func TestATestIsNoIncidentOfTheGroup(t *testing.T) {
	cfg, err := config.Parse([]byte("route: {receiver: a, group_by: [alertname]}\nreceivers: [{name: a, webhook_configs: [{url: 'http://x'}]}]"), config.Source{File: "x"})
	if err != nil {
		t.Fatal(err)
	}
	s := &keySender{}
	p, err := Open(Options{Dir: t.TempDir(), Config: cfg, Sender: func(string, string) Sender { return s }})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	results := p.Test(t.Context(), map[string]string{"alertname": "A"}, nil)
	if len(results) != 1 || results[0].Error != "" {
		t.Fatalf("got %+v", results)
	}
	if len(s.keys) != 2 || s.keys[0] != s.keys[1] || s.keys[0] == results[0].Group || !strings.HasSuffix(s.keys[0], results[0].Group) {
		t.Errorf("sent under %q, the group is %q", s.keys, results[0].Group)
	}
}
