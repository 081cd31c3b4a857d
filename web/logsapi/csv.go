package logsapi

import (
	"strconv"
	"strings"
)

// appendCells writes a record of CSV as RFC 4180 has it.
func appendCells(b []byte, cells ...string) []byte {
	for i, cell := range cells {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendCell(b, cell)
	}
	return append(b, "\r\n"...)
}

// appendCell writes a cell. One that a spreadsheet would run as a formula gets
// an apostrophe in front, which says that it is text; numbers are left alone.
func appendCell(b []byte, s string) []byte {
	guard := isFormula(s)
	if !guard && !strings.ContainsAny(s, "\",\r\n") {
		return append(b, s...)
	}
	b = append(b, '"')
	if guard {
		b = append(b, '\'')
	}
	for {
		i := strings.IndexByte(s, '"')
		if i < 0 {
			return append(append(b, s...), '"')
		}
		b = append(append(b, s[:i]...), `""`...)
		s = s[i+1:]
	}
}

// isFormula knows the characters that begin a formula, also in full width, or
// that a spreadsheet skips in front of one.
func isFormula(s string) bool {
	if s == "" {
		return false
	}
	switch s[0] {
	case '=', '@', '\t', '\r', '\n':
		return true
	case '+', '-':
		_, err := strconv.ParseFloat(s, 64)
		return err != nil
	}
	for _, wide := range [...]string{"＝", "＠", "＋", "－"} {
		if strings.HasPrefix(s, wide) {
			return true
		}
	}
	return false
}
