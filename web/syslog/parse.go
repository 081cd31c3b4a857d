package syslog

import (
	"net/netip"
	"strings"
	"time"

	"tripod/store"
)

// message is what a syslog message says.
type message struct {
	priority int // -1 when the message has none
	time     int64
	observed int64
	host     string
	app      string
	proc     string
	id       string
	data     store.Attrs // structured data
	text     string
}

// facilities are RFC 5424's, by number, as syslog.conf calls them.
var facilities = [...]string{
	"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
	"ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
}

// severities are the same, as syslog.conf calls them.
var severities = [...]string{"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"}

// parse reads a message of either RFC, as far as it follows one; what does not
// is its text. Broken UTF-8 becomes U+FFFD. It fails on nothing but a message
// without any text.
func parse(text string, now time.Time, zone *time.Location) (message, bool) {
	text = strings.ToValidUTF8(strings.TrimRight(text, "\r\n\x00"), "\uFFFD")
	m := message{priority: -1, time: now.UnixNano(), observed: now.UnixNano()}
	rest := text
	if p, after, ok := priority(text); ok {
		m.priority, rest = p, after
	}
	if m.priority < 0 || !m.rfc5424(rest) {
		m.rfc3164(rest, now, zone)
	}
	return m, m.text != "" || len(m.data) > 0
}

// priority reads "<34>".
func priority(text string) (n int, rest string, ok bool) {
	end := strings.IndexByte(text[:min(len(text), 5)], '>')
	if end < 2 || text[0] != '<' {
		return 0, "", false
	}
	for _, c := range []byte(text[1:end]) {
		if c < '0' || c > '9' {
			return 0, "", false
		}
		n = n*10 + int(c-'0')
	}
	return n, text[end+1:], n < 8*len(facilities)
}

// rfc3164 reads "[TIME] [HOST] [TAG[[PROC]]:] TEXT", of which any part may be
// missing.
func (m *message) rfc3164(rest string, now time.Time, zone *time.Location) {
	at, after, timed := takeTime(rest, now, zone)
	if timed {
		m.time = at
		rest = strings.TrimPrefix(strings.TrimPrefix(after, ":"), " ") // Cisco's time ends with a colon
		host, after, more := strings.Cut(rest, " ")
		if more && host != "" && isHost(host) {
			m.host, rest = host, after
		}
	}
	if timed || m.priority >= 0 {
		rest = m.tag(rest)
	}
	m.text = rest
}

// isHost tells a host from a tag.
func isHost(word string) bool {
	if !strings.ContainsAny(word, ":[") {
		return true
	}
	_, err := netip.ParseAddr(word)
	return err == nil
}

// maxTag is longer than RFC 3164 allows, because programs' names are.
const maxTag = 128

// tag reads "name[proc]: " or "name: " and returns what stands behind it. A
// number is no name.
func (m *message) tag(text string) string {
	end := strings.IndexAny(text[:min(len(text), maxTag)], "[: ")
	if end <= 0 || text[end] == ' ' {
		return text
	}
	app, proc, rest := text[:end], "", text[end:]
	if rest[0] == '[' {
		inner := strings.IndexByte(rest[:min(len(rest), maxTag)], ']')
		if inner < 0 || strings.IndexByte(rest[:inner], ' ') >= 0 {
			return text
		}
		proc, rest = rest[1:inner], rest[inner+1:]
		if rest != "" && rest[0] != ':' && rest[0] != ' ' {
			return text
		}
	} else if len(rest) > 1 && rest[1] != ' ' {
		return text // a colon within a word, as in "http://…" or "a::b"
	}
	if strings.Trim(app, "0123456789") == "" {
		return text // Cisco's sequence number
	}
	m.app, m.proc = app, proc
	return strings.TrimPrefix(strings.TrimPrefix(rest, ":"), " ")
}

// record makes a record of the message.
func (m *message) record(res *store.Resource) store.Record {
	r := store.Record{Time: m.time, Observed: m.observed, Service: m.app, Resource: res}
	add := func(key, value string) {
		if value != "" {
			r.Attrs = append(r.Attrs, store.Attr{Key: key, Value: store.String(value)})
		}
	}
	if m.priority >= 0 {
		r.LevelText = severities[m.priority%8]
		r.Level, _ = store.ParseLevel(string('0' + byte(m.priority%8)))
		add("facility", facilities[m.priority/8])
	}
	add("procid", m.proc)
	add("msgid", m.id)
	r.Attrs = append(r.Attrs, m.data...)
	text := m.text
	if cee, ok := strings.CutPrefix(text, "@cee:"); ok {
		text = strings.TrimLeft(cee, " ")
	}
	if strings.HasPrefix(text, "{") {
		r.SetLine(text)
	} else {
		r.Body = store.String(text)
	}
	if m.priority < 0 && r.Raw == "" {
		r.SetLine(text) // for the level that it may state
	}
	return r
}
