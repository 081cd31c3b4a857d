package notify

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
)

// secretPath is the part of a webhook that must never be seen again.
const secretPath = "/services/T0SECRET/B0SECRET/verysecrettoken"

// fakeSlack is an incoming webhook that takes what Slack's published form
// allows and nothing else.
type fakeSlack struct {
	*httptest.Server
	mu    sync.Mutex
	posts []post
	bad   []string // what was wrong with a request
	// before may answer in its own way and return true.
	before func(w http.ResponseWriter, r *http.Request, n int) bool
	n      int
}

func newFakeSlack(t *testing.T) *fakeSlack {
	f := &fakeSlack{}
	f.Server = httptest.NewServer(f)
	t.Cleanup(func() {
		f.Close()
		for _, b := range f.bad {
			t.Errorf("Slack would refuse: %s", b)
		}
	})
	return f
}

func (f *fakeSlack) webhook() string { return f.URL + secretPath }

func (f *fakeSlack) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.n++
	n, before := f.n, f.before
	f.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if before != nil && before(w, r, n) {
		return
	}
	var p post
	if err == nil {
		p, err = readPost(r, body)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil {
		f.bad = append(f.bad, err.Error()+" in "+string(body))
		http.Error(w, "invalid_payload", http.StatusBadRequest)
		return
	}
	f.posts = append(f.posts, p)
	io.WriteString(w, "ok")
}

func (f *fakeSlack) got() []post {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]post(nil), f.posts...)
}

func readPost(r *http.Request, body []byte) (p post, err error) {
	switch {
	case r.Method != http.MethodPost:
		return p, fmt.Errorf("method %s", r.Method)
	case r.URL.Path != secretPath:
		return p, fmt.Errorf("path %s", r.URL.Path)
	case !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json"):
		return p, fmt.Errorf("content type %q", r.Header.Get("Content-Type"))
	}
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return p, err
	}
	return p, checkPost(p)
}

// checkPost holds a message against the reference of Block Kit.
func checkPost(p post) error {
	var faults []error
	no := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	no(p.Text != "" && utf8.RuneCountInString(p.Text) <= 3000, "fallback of %d characters", utf8.RuneCountInString(p.Text))
	no(len(p.Blocks) > 0 && len(p.Blocks) <= 50, "%d blocks", len(p.Blocks))
	for i, b := range p.Blocks {
		no(len(b.BlockID) <= 255, "block id of %d bytes", len(b.BlockID))
		switch b.Type {
		case "header":
			no(b.Text != nil && b.Text.Type == "plain_text" && b.Fields == nil && b.Elements == nil, "block %d: not a header", i)
			faults = append(faults, checkText(b.Text, 150))
		case "section":
			no(b.Elements == nil && (b.Text != nil || len(b.Fields) > 0), "block %d: empty section", i)
			no(len(b.Fields) <= 10, "block %d: %d fields", i, len(b.Fields))
			faults = append(faults, checkText(b.Text, 3000))
			for _, f := range b.Fields {
				faults = append(faults, checkText(&f, 2000))
			}
		case "actions":
			no(len(b.Elements) > 0 && len(b.Elements) <= 25 && b.Text == nil && b.Fields == nil, "block %d: bad actions", i)
			for _, e := range b.Elements {
				u, err := url.Parse(e.URL)
				no(err == nil && u.Scheme != "" && u.Host != "" && len(e.URL) <= 3000, "button URL %q", e.URL)
				no(e.Type == "button" && e.Text.Type == "plain_text", "element %q", e.Type)
				faults = append(faults, checkText(&e.Text, 75))
			}
		default:
			no(false, "block type %q", b.Type)
		}
	}
	return errors.Join(faults...)
}

func checkText(t *text, limit int) error {
	switch {
	case t == nil:
		return nil
	case t.Type != "plain_text" && t.Type != "mrkdwn":
		return fmt.Errorf("text type %q", t.Type)
	case t.Type == "plain_text" && t.Verbatim, t.Type == "mrkdwn" && t.Emoji != nil:
		return fmt.Errorf("%s with the other's option", t.Type)
	case t.Text == "" || utf8.RuneCountInString(t.Text) > limit:
		return fmt.Errorf("text of %d characters, want 1 to %d", utf8.RuneCountInString(t.Text), limit)
	}
	rest := t.Text
	for _, ok := range []string{"&amp;", "&lt;", "&gt;"} {
		rest = strings.ReplaceAll(rest, ok, "")
	}
	if t.Type == "mrkdwn" && strings.Contains(rest, "<!date^") {
		from, to := strings.Index(rest, "<!date^"), strings.LastIndex(rest, ">")
		if to < from {
			return fmt.Errorf("date without an end in %q", t.Text)
		}
		rest = rest[:from] + rest[to+1:]
	}
	if strings.ContainsAny(rest, "&<>") {
		return fmt.Errorf("control character in %q", t.Text)
	}
	return nil
}
