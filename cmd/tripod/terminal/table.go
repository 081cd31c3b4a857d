package terminal

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// point is a number of an answer.
type number struct {
	Time   time.Time
	Labels map[string]string
	Value  any // a number, or the text of one that JSON does not have
}

// table shows numbers with a column for each label, in order of time.
func (c *Client) table(body io.Reader, out *bufio.Writer, query string) error {
	var all []number
	names := map[string]bool{}
	err := c.eachLine(body, out, query, func(b []byte) error {
		var n number
		d := json.NewDecoder(strings.NewReader(string(b)))
		d.UseNumber()
		if err := d.Decode(&n); err != nil {
			return failed(ErrUnreachable, "%s sent a number that cannot be read: %w", c.base, err)
		}
		for name := range n.Labels {
			names[name] = true
		}
		all = append(all, n)
		return nil
	})
	if err != nil || len(all) == 0 {
		return err
	}
	slices.SortStableFunc(all, func(a, b number) int { return a.Time.Compare(b.Time) })
	columns := slices.Sorted(maps.Keys(names))
	rows := [][]string{slices.Concat([]string{"TIME"}, upper(columns), []string{"VALUE"})}
	for _, n := range all {
		row := []string{n.Time.UTC().Format(timeText)}
		for _, name := range columns {
			row = append(row, printable(cmp.Or(n.Labels[name], "-")))
		}
		rows = append(rows, append(row, fmt.Sprint(n.Value)))
	}
	return writeTable(out, rows, paint(c.o.Color))
}

func upper(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = printable(strings.ToUpper(n))
	}
	return out
}

// writeTable aligns columns, the last one, of numbers, to the right. The first
// row is the head.
func writeTable(out *bufio.Writer, rows [][]string, p paint) error {
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	for at, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			if i == len(row)-1 {
				b.WriteString(strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell)) + cell)
			} else {
				b.WriteString(pad(cell, width[i]) + "  ")
			}
		}
		text := b.String()
		if at == 0 {
			text = p.in(dim, text)
		}
		if err := write(out, []byte(text+"\n")); err != nil {
			return err
		}
	}
	return nil
}
