package notifytest

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

// SecretPath is the part of a webhook's address that must never be seen again.
const SecretPath = "/services/T0SECRET/B0SECRET/verysecrettoken"

// NewSlack starts an incoming webhook.
func NewSlack(t testing.TB) *HTTP { return newHTTP(t, Slack, http.StatusOK, "ok") }

// WebhookURL is its address.
func (h *HTTP) WebhookURL() string { return h.URL + SecretPath }

// Post is what an incoming webhook takes, as far as Block Kit goes here:
// https://docs.slack.dev/reference/block-kit/blocks
type Post struct {
	Text   string  `json:"text"`
	Blocks []Block `json:"blocks"`
}

// Block is a header, a section, a context or actions.
type Block struct {
	Type     string `json:"type"`
	BlockID  string `json:"block_id"`
	Text     *Text  `json:"text"`
	Fields   []Text `json:"fields"`
	Elements []struct {
		Type     string `json:"type"`
		Text     any    `json:"text"` // an object in a button, a string in a context
		URL      string `json:"url"`
		Verbatim bool   `json:"verbatim"`
	} `json:"elements"`
}

// Text is a text object.
type Text struct {
	Type     string `json:"type"`
	Text     string `json:"text"`
	Emoji    *bool  `json:"emoji"`    // plain_text only
	Verbatim bool   `json:"verbatim"` // mrkdwn only
}

// Slack holds a request against the reference of Block Kit.
func Slack(r *http.Request, body []byte) error {
	if r.URL.Path != SecretPath {
		return fmt.Errorf("path %s", r.URL.Path)
	}
	p, err := strict[Post](r, body)
	if err != nil {
		return err
	}
	var faults faults
	faults.no(p.Text != "" && utf8.RuneCountInString(p.Text) <= 3000, "fallback of %d characters", utf8.RuneCountInString(p.Text))
	faults.no(len(p.Blocks) > 0 && len(p.Blocks) <= 50, "%d blocks", len(p.Blocks))
	ids := map[string]bool{}
	for i := range p.Blocks {
		b := &p.Blocks[i]
		faults.no(len(b.BlockID) <= 255, "block id of %d bytes", len(b.BlockID))
		faults.no(b.BlockID == "" || !ids[b.BlockID], "block id %q twice", b.BlockID)
		ids[b.BlockID] = true
		faults.block(i, b)
	}
	return errors.Join(faults...)
}

type faults []error

func (f *faults) no(ok bool, format string, args ...any) {
	if !ok {
		*f = append(*f, fmt.Errorf(format, args...))
	}
}

func (f *faults) block(i int, b *Block) {
	switch b.Type {
	case "header":
		f.no(b.Text != nil && b.Text.Type == "plain_text" && b.Fields == nil && b.Elements == nil, "block %d: not a header", i)
		f.text(b.Text, 150)
	case "section":
		f.no(b.Elements == nil && (b.Text != nil || len(b.Fields) > 0), "block %d: empty section", i)
		f.no(len(b.Fields) <= 10, "block %d: %d fields", i, len(b.Fields))
		f.text(b.Text, 3000)
		for _, field := range b.Fields {
			f.text(&field, 2000)
		}
	case "context":
		f.no(len(b.Elements) > 0 && len(b.Elements) <= 10 && b.Text == nil && b.Fields == nil, "block %d: bad context", i)
		for _, e := range b.Elements {
			s, ok := e.Text.(string)
			f.no(ok && e.Type == "mrkdwn" && e.URL == "", "element %q", e.Type)
			f.text(&Text{Type: e.Type, Text: s, Verbatim: e.Verbatim}, 3000)
		}
	case "actions":
		f.no(len(b.Elements) > 0 && len(b.Elements) <= 25 && b.Text == nil && b.Fields == nil, "block %d: bad actions", i)
		for _, e := range b.Elements {
			u, err := url.Parse(e.URL)
			f.no(err == nil && u.Scheme != "" && u.Host != "" && len(e.URL) <= 3000, "button URL %q", e.URL)
			words, _ := e.Text.(map[string]any)
			f.no(e.Type == "button" && words["type"] == "plain_text", "element %q", e.Type)
			s, _ := words["text"].(string)
			f.text(&Text{Type: "plain_text", Text: s}, 75)
		}
	default:
		f.no(false, "block type %q", b.Type)
	}
}

// text checks length and escapes; dates are the only control sequences that a
// message here may hold.
func (f *faults) text(t *Text, limit int) {
	if t == nil {
		return
	}
	f.no(t.Type == "plain_text" || t.Type == "mrkdwn", "text type %q", t.Type)
	f.no(!(t.Type == "plain_text" && t.Verbatim || t.Type == "mrkdwn" && t.Emoji != nil), "%s with the other's option", t.Type)
	n := utf8.RuneCountInString(t.Text)
	f.no(n > 0 && n <= limit, "text of %d characters, want 1 to %d", n, limit)
	rest := t.Text
	for t.Type == "mrkdwn" {
		from := strings.IndexByte(rest, '<')
		if from < 0 {
			break
		}
		inside, after, ok := strings.Cut(rest[from+1:], ">")
		if !ok || strings.Contains(inside, "<") || !strings.HasPrefix(inside, "!date^") {
			f.no(false, "control sequence in %q", t.Text)
			return
		}
		_, shown, _ := strings.Cut(inside, "|")
		rest = rest[:from] + shown + after
	}
	for _, ok := range []string{"&amp;", "&lt;", "&gt;"} {
		rest = strings.ReplaceAll(rest, ok, "")
	}
	f.no(!strings.ContainsAny(rest, "&<>"), "control character in %q", t.Text)
}
