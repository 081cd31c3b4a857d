package store

import "fmt"

// MaxQuery bounds a query's text in bytes, and maxQueryTerms its operators,
// brackets and words: parsers take time with the square of how deep they nest,
// and 4,000 terms are 0.4 s of one core.
const (
	MaxQuery      = 64 << 10
	maxQueryTerms = 4000
)

// BoundQuery returns a *QueryError for a text that is too long or too deep to
// be read in reasonable time. What stands in quotes counts by its length only.
func BoundQuery(text string) error {
	if len(text) > MaxQuery {
		return &QueryError{Query: text[:100], Pos: MaxQuery, Msg: fmt.Sprintf("the query is longer than %d bytes", MaxQuery)}
	}
	terms, word := 0, false
	for i := 0; i < len(text); i++ {
		c := text[i]
		letter := c == '_' || c == ':' || c == '.' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c >= 0x80
		switch {
		case c == '"' || c == '\'' || c == '`':
			i = endOfQuote(text, i)
			terms++
		case letter && !word, !letter && c > ' ' && c != ',':
			terms++
		}
		word = letter
		if terms > maxQueryTerms {
			return &QueryError{Query: text, Pos: i, Msg: fmt.Sprintf("the query has more than %d terms", maxQueryTerms)}
		}
	}
	return nil
}

// endOfQuote is the position of the quote that ends the one at i, or of the
// last byte.
func endOfQuote(text string, i int) int {
	quote := text[i]
	for i++; i < len(text); i++ {
		if text[i] == '\\' && quote != '`' {
			i++
		} else if text[i] == quote {
			return i
		}
	}
	return len(text) - 1
}
