package notify

import (
	"strings"
	"unicode/utf8"
)

// The bounds of Slack's Block Kit, in characters and in pieces.
const (
	maxHeader = 150
	maxText   = 3000
	maxField  = 2000
	maxFields = 10
	maxBlocks = 50
	maxURL    = 3000
	maxButton = 75
)

// post is the body of a request to an incoming webhook or chat.postMessage.
type post struct {
	Channel     string       `json:"channel,omitempty"`
	Username    string       `json:"username,omitempty"`
	IconEmoji   string       `json:"icon_emoji,omitempty"`
	IconURL     string       `json:"icon_url,omitempty"`
	LinkNames   bool         `json:"link_names,omitempty"`
	Text        string       `json:"text,omitempty"` // for notifications and old clients
	Blocks      []block      `json:"blocks,omitempty"`
	Attachments []attachment `json:"attachments,omitempty"`
}

type block struct {
	Type     string   `json:"type"`
	BlockID  string   `json:"block_id,omitempty"`
	Text     *text    `json:"text,omitempty"`
	Fields   []text   `json:"fields,omitempty"`
	Elements []button `json:"elements,omitempty"`
}

type text struct {
	Type     string `json:"type"`
	Text     string `json:"text"`
	Emoji    *bool  `json:"emoji,omitempty"`    // plain_text only
	Verbatim bool   `json:"verbatim,omitempty"` // mrkdwn only: names and URLs stay as they are
}

type button struct {
	Type string `json:"type"`
	Text text   `json:"text"`
	URL  string `json:"url"`
}

func headerBlock(id, s string) block {
	t := plain(s, maxHeader)
	return block{Type: "header", BlockID: id, Text: &t}
}

func section(s string) block {
	t := mrkdwn(s)
	return block{Type: "section", Text: &t}
}

func plain(s string, limit int) text {
	no := false
	return text{Type: "plain_text", Text: escape(s, limit), Emoji: &no}
}

// mrkdwn takes text that is escaped and bounded already.
func mrkdwn(s string) text { return text{Type: "mrkdwn", Text: s, Verbatim: true} }

// field is a name in bold over a value; both are plain.
func field(name, value string) text {
	return mrkdwn("*" + escape(name, 100) + "*\n" + escape(value, maxField-200))
}

var entities = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// escape makes text harmless in Slack's own way and no longer than limit
// characters after that; it never cuts through an entity or a character.
func escape(s string, limit int) string {
	s = strings.ToValidUTF8(s, "�")
	whole := entities.Replace(s)
	if utf8.RuneCountInString(whole) <= limit {
		return whole
	}
	var b strings.Builder
	n := 0
	for _, r := range s {
		piece := entities.Replace(string(r))
		if n += utf8.RuneCountInString(piece); n > limit-1 {
			break
		}
		b.WriteString(piece)
	}
	return b.String() + "…"
}

// clip bounds plain text to a number of characters.
func clip(s string, limit int) string {
	s = strings.ToValidUTF8(s, "�")
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	return string([]rune(s)[:limit-1]) + "…"
}
