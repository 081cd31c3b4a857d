package terminal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// line is one line of an answer, as the appliance sends it.
type line struct {
	Time    time.Time `json:"time"`
	Level   string    `json:"level"`
	Service string    `json:"service"`
	Msg     string    `json:"msg"`
	TraceID string    `json:"trace_id"`
	Fields  fields    `json:"fields"`
	Line    string    `json:"line"`
}

// fields are the members of an object, in their order.
type fields []field

type field struct {
	name  string
	value json.RawMessage
}

func (f *fields) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return fmt.Errorf("want an object, got %v: %w", t, err)
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		var v json.RawMessage
		if err := d.Decode(&v); err != nil {
			return err
		}
		*f = append(*f, field{fmt.Sprint(name), v})
	}
	return nil
}

// timeText is RFC 3339 with milliseconds, which --from and --to read.
const timeText = "2006-01-02T15:04:05.000Z"

// Bounds of the columns that grow with what they have seen.
const (
	leastService = 8
	mostService  = 24
	mostMessage  = 32
)

// printer shows lines one below the other.
type printer struct {
	w       io.Writer
	paint   paint
	service int // width of its column so far
	message int
}

var levelColor = map[string]string{"trace": dim, "debug": dim, "info": green, "warn": yellow, "error": red, "fatal": red}

// quiet are fields that are for programs: they say up to where a file was read.
var quiet = map[string]bool{"log.file.id": true, "log.file.offset": true}

// print shows time, level, service, message and fields; the further lines of a
// message stand below, behind four spaces.
func (p *printer) print(l *line) error {
	service := printable(l.Service)
	p.service = min(max(p.service, leastService, utf8.RuneCountInString(service)), mostService)
	level := "-"
	if l.Level != "unset" {
		level = strings.ToUpper(l.Level)
	}
	msg := l.Msg
	if msg == "" && len(l.Fields) == 0 {
		msg = l.Line
	}
	first, rest, _ := strings.Cut(strings.ReplaceAll(strings.TrimRight(msg, "\r\n"), "\r\n", "\n"), "\n")
	parts := []string{
		p.paint.in(dim, l.Time.UTC().Format(timeText)),
		p.paint.in(levelColor[l.Level], pad(level, 5)),
		p.paint.in(cyan, pad(service, p.service)),
	}
	first = printable(first)
	if n := utf8.RuneCountInString(first); n <= mostMessage {
		p.message = max(p.message, n)
	}
	parts = append(parts, pad(first, p.message))
	for _, f := range l.Fields {
		if quiet[f.name] {
			continue
		}
		parts = append(parts, p.paint.in(dim, word(f.name)+"=")+valueText(f.value))
	}
	if l.TraceID != "" {
		parts = append(parts, p.paint.in(dim, "trace_id=")+word(l.TraceID))
	}
	var b strings.Builder
	b.WriteString(strings.TrimRight(strings.Join(parts, " "), " "))
	b.WriteByte('\n')
	for more := range strings.Lines(rest) {
		b.WriteString("    " + printable(strings.TrimRight(more, "\n")) + "\n")
	}
	_, err := io.WriteString(p.w, b.String())
	return err
}

func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(width-utf8.RuneCountInString(s), 0))
}

// valueText is a text without its quotes where it can stand without them, and
// any other value as JSON.
func valueText(raw json.RawMessage) string {
	var s string
	if len(raw) == 0 || raw[0] != '"' || json.Unmarshal(raw, &s) != nil {
		return printable(string(raw))
	}
	return word(s)
}

// word quotes a text in which a reader would not see where it ends.
func word(s string) string {
	if s == "" || strings.ContainsAny(s, " \t\r\n\"=") {
		return printable(strconv.Quote(s))
	}
	return printable(s)
}
