package notify

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"tripod/alerting"
	"tripod/alerting/notifytest"
)

// TestSlackInTrouble has a Slack that fails in each of its ways before it
// takes a post; every post arrives, in order, each under one id.
func TestSlackInTrouble(t *testing.T) {
	f := notifytest.NewSlack(t)
	arrived := make(chan struct{}, 10)
	ids := map[string]int{}
	f.Before(func(w http.ResponseWriter, r *http.Request, n int) bool {
		switch n % 5 {
		case 1:
			http.Error(w, "internal error", http.StatusInternalServerError)
		case 2:
			panic(http.ErrAbortHandler) // closes the connection
		case 3:
			w.Header().Set("Retry-After", "0")
			http.Error(w, "rate_limited", http.StatusTooManyRequests)
		case 4:
			<-r.Context().Done() // until the client has had enough
		default:
			arrived <- struct{}{}
			return false
		}
		return true
	})
	p, err := Open(Options{Dir: t.TempDir(), Config: quick(t, f.WebhookURL()), MinBackoff: time.Millisecond, Timeout: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error)
	go func() { ran <- p.Run(ctx) }()
	p.Send(ctx, childAlert(1, time.Time{}))
	<-arrived
	p.Send(ctx, childAlert(1, time.Now()))
	<-arrived
	for owes(p) {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := errors.Join(<-ran, p.Close()); err != nil {
		t.Error(err)
	}
	var heads []string
	for _, post := range posts(t, f) {
		heads = append(heads, post.Blocks[0].Text.Text)
		ids[post.Blocks[0].BlockID]++
	}
	if got := strings.Join(heads, ", "); got != "Firing: A1, Resolved: A1" || len(ids) != 2 {
		t.Errorf("Slack got %q under %d ids", got, len(ids))
	}
	for _, d := range p.history.list() {
		if d.Result != alerting.Sent || d.Attempts != 5 {
			t.Errorf("%s was %s after %d attempts, want sent after 5", d.What, d.Result, d.Attempts)
		}
	}
}

func TestStateThatCannotBeReadIsSaid(t *testing.T) {
	for name, c := range map[string]struct{ bucket, key, value string }{
		"a later version": {"alerts", "0123456789abcdef", "\x03{}"},
		"no JSON":         {"groups", "0123456789abcdef", "\x02{"},
		"nothing":         {"deliveries", "12345678", ""},
		"a broken key":    {"deliveries", "1", "\x02{}"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			p, err := Open(Options{Dir: dir})
			if err != nil {
				t.Fatal(err)
			}
			err = p.db.bolt.Update(func(tx *bolt.Tx) error {
				return tx.Bucket([]byte(c.bucket)).Put([]byte(c.key), []byte(c.value))
			})
			if err := errors.Join(err, p.Close()); err != nil {
				t.Fatal(err)
			}
			_, err = Open(Options{Dir: dir})
			if !errors.Is(err, alerting.ErrInvalid) || !strings.Contains(err.Error(), filepath.Join(dir, fileName)) {
				t.Errorf("got %v, want an invalid file by name", err)
			}
		})
	}
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Options{Dir: path}); err == nil {
		t.Error("a file was taken as a directory")
	}
	if _, err := Open(Options{}); !errors.Is(err, alerting.ErrInvalid) {
		t.Errorf("got %v for no directory", err)
	}
}

func TestDuration(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"0 s": -time.Second, "45 s": 45 * time.Second, "12 min": 12 * time.Minute, "2 min 10 s": 130 * time.Second,
		"3 h 5 min": 3*time.Hour + 5*time.Minute, "2 d 1 h": 49 * time.Hour,
	} {
		if got := duration(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}
