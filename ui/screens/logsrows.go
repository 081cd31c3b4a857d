package screens

import (
	"context"
	"io"
	"strings"

	"github.com/a-h/templ"

	"tripod/ui"
)

// LogTable is the lines and how they are shown.
type LogTable struct {
	Zone    string // UTC
	Order   []ui.Tab
	Wrap    bool
	WrapURL string
	Rows    LogRows
}

// LogRows is one page of lines.
type LogRows struct {
	Rows []LogRow
	More string // address of the next page, or empty
	Part string // the same as a fragment
	Word string // older or newer
	Stop string // why there are no more
}

// LogRow is one line.
type LogRow struct {
	ID      string
	Time    string // 14:19:58.412
	Exact   string
	Level   string // word of the level
	Service ui.Service
	Message []LogPiece
	Fields  []LogField
	Open    string // address with this row open, or closed when it is
	Part    string // address of the detail as a fragment
	Trace   string // address of its trace, or empty
	Detail  *LogDetail
}

// LogPiece is a part of a message, marked when the query looked for it.
type LogPiece struct {
	Text string
	Hit  bool
}

// LogField is a field as it stands behind a message.
type LogField struct{ Key, Value string }

// LogDetail is an open row.
type LogDetail struct {
	ID     string // of the row
	Level  string
	Body   string // the whole message, when the row cannot show it
	Line   string // as it was sent, for copying
	Trace  string
	Link   string // an address that finds this line again
	Fields []LogDetailField
	More   string // 12 more fields were left out
}

// LogDetailField is one field of an open row.
type LogDetailField struct {
	Key, Value string
	Only       string // address narrowed to this value, or empty
	Href       string // where the value leads, or empty
}

func levelClass(level string) string {
	if level == "trace" || level == "unset" {
		return "debug"
	}
	return level
}

func levelShown(level string) string {
	if level == "unset" {
		return "–"
	}
	return level
}

// logText is a message and its fields, with no space that is not its own.
func logText(r LogRow) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		var b strings.Builder
		for _, p := range r.Message {
			if p.Hit {
				b.WriteString("<mark>" + templ.EscapeString(p.Text) + "</mark>")
				continue
			}
			b.WriteString(templ.EscapeString(p.Text))
		}
		if len(r.Fields) > 0 {
			b.WriteString(` <span class="kvs">`)
			for i, f := range r.Fields {
				if i > 0 {
					b.WriteByte(' ')
				}
				b.WriteString(`<span class="k">` + templ.EscapeString(f.Key) + `=</span>` + templ.EscapeString(f.Value))
			}
			b.WriteString(`</span>`)
		}
		_, err := io.WriteString(w, b.String())
		return err
	})
}
