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
	Columns LogColumns
	Grid    string // template of the columns' widths
	Export  *LogExport
	Around  *LogAround // the lines around one are shown
	More    string     // address of further lines as a fragment
	Tail    string     // address of new lines as they come, when they shall
	Moving  bool       // a refresh brings new lines
	Rows    LogRows
}

// LogRows is one page of lines.
type LogRows struct {
	Rows         []LogRow
	Above, Below string // addresses of the pages before and behind, or empty
	Newer, Older string // what Above and Below lead to: newer or older
	Stop         string // why there are no more
}

// LogRow is one line.
type LogRow struct {
	ID      string
	Day     string // 12 Mar, where the list has several
	Time    string // 14:19:58.412
	Exact   string
	Level   string // word of the level
	Cells   []LogCell
	Message []LogPiece
	Fields  []LogField
	Open    string // address with this row open, or closed when it is
	Trace   string // address of its trace, or empty
	Here    bool   // the one that others surround
	Detail  *LogDetail
}

// LogCell is what a line has in a column between time and message.
type LogCell struct {
	Kind    string // level, service, or empty for any other field
	Text    string // of a level
	Service ui.Service
	Name    string
	Value   []LogPiece // nil when the line has no such field
}

// LogPiece is a part of a text, marked when the query looked for it.
type LogPiece struct {
	Text string
	Hit  bool
}

// LogField is a field as it stands behind a message.
type LogField struct {
	Key   string
	Value []LogPiece
}

// LogAround says around which line those that are shown stand.
type LogAround struct {
	At      string // 14:19:58.290
	Service ui.Service
	On      []string // what names the stream beside the service: host.name node-b
	Back    string   // address of the query's lines, at this one
}

// LogDetail is an open row.
type LogDetail struct {
	ID      string // of the row
	Level   string
	Body    string // the whole message, when the row cannot show it
	Line    string // as it was sent
	JSON    bool   // which is an object
	Trace   string
	Context string // address of what surrounds it, or empty
	Pattern string // address of lines that differ from it in numbers alone, or empty
	Link    string // an address that finds this line again
	Fields  []LogDetailField
	More    string // 12 more fields were left out
}

// LogDetailField is one field of an open row.
type LogDetailField struct {
	Key, Value string
	Only, Not  string // addresses narrowed to this value and to others, or empty
	Column     string // address with this field as a column, or empty
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

// logPieces writes a text with what was looked for in it marked.
func logPieces(b *strings.Builder, pieces []LogPiece) {
	for _, p := range pieces {
		if p.Hit {
			b.WriteString("<mark>" + templ.EscapeString(p.Text) + "</mark>")
			continue
		}
		b.WriteString(templ.EscapeString(p.Text))
	}
}

// logText is a message and its fields, with no space that is not its own.
func logText(r LogRow) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		var b strings.Builder
		logPieces(&b, r.Message)
		if len(r.Fields) > 0 {
			b.WriteString(` <span class="kvs">`)
			for i, f := range r.Fields {
				if i > 0 {
					b.WriteByte(' ')
				}
				b.WriteString(`<span class="k">` + templ.EscapeString(f.Key) + `=</span>`)
				logPieces(&b, f.Value)
			}
			b.WriteString(`</span>`)
		}
		_, err := io.WriteString(w, b.String())
		return err
	})
}

func logPiecesText(pieces []LogPiece) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		var b strings.Builder
		logPieces(&b, pieces)
		_, err := io.WriteString(w, b.String())
		return err
	})
}

func plainText(pieces []LogPiece) string {
	var b strings.Builder
	for _, p := range pieces {
		b.WriteString(p.Text)
	}
	return b.String()
}
