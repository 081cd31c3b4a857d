package logql

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"tripod/store/logs"
)

// The kinds of errors that a line can carry.
const (
	jsonError     = "JSONParserErr"
	logfmtError   = "LogfmtParserErr"
	filterError   = "LabelFilterErr"
	templateError = "TemplateFormatErr"
	sampleError   = "SampleExtractionErr"
	limitError    = "LabelLimitErr" // ours: Loki has no bound
)

// compile makes the work of a parser.
func (s *Parser) compile() (func(*line) bool, error) {
	switch s.Kind {
	case "json":
		return s.json()
	case "logfmt":
		return s.logfmt(), nil
	case "unpack":
		return unpack, nil
	case "pattern":
		c, err := newCapture(s.Text)
		return func(l *line) bool {
			c.match(l.text, l.extract)
			return true
		}, err
	}
	re, err := regexp.Compile(s.Text)
	return func(l *line) bool {
		at := re.FindStringSubmatchIndex(l.text)
		for i, name := range re.SubexpNames() {
			if name != "" && at != nil && at[2*i] >= 0 {
				l.extract(name, l.text[at[2*i]:at[2*i+1]])
			}
		}
		return true
	}, err
}

func (s *Parser) json() (func(*line) bool, error) {
	if len(s.Params) == 0 {
		return func(l *line) bool {
			l.load() // before anything is taken out of the line
			l.takeJSON()
			return true
		}, nil
	}
	paths := make([][]step, len(s.Params))
	for i, p := range s.Params {
		path, err := parsePath(p.Expr)
		if err != nil {
			return nil, err
		}
		paths[i] = path
	}
	return func(l *line) bool {
		for i, path := range paths {
			var value string
			err := wholeObject(l.text, func(j *jsonScan) (err error) {
				value, _, err = j.get(path)
				return err
			})
			if err != nil {
				l.fail(jsonError, err.Error())
				return true
			}
			l.extract(s.Params[i].Name, value)
		}
		return true
	}, nil
}

func (l *line) takeJSON() {
	if err := wholeObject(l.text, func(j *jsonScan) error { return j.flatten("", l.extract) }); err != nil {
		l.fail(jsonError, err.Error())
	}
}

// fieldsOfJSON is the json stage on lines as they were sent, with all labels
// that came with them: where the record's fields tell what is in the line, it
// is only read when they are not enough.
func fieldsOfJSON(l *line) bool {
	if l.row == nil || l.row.JSON() != logs.FieldJSON {
		l.load()
		l.takeJSON()
		return true
	}
	l.pending = true
	return true
}

// wholeObject reads a line that is one JSON object.
func wholeObject(text string, read func(*jsonScan) error) error {
	j := jsonScan{s: text}
	if j.skip() != '{' {
		return errNotJSON
	}
	if err := read(&j); err != nil {
		return err
	}
	if j.skip(); j.at < len(text) {
		return errBadJSON
	}
	return nil
}

// unpack takes labels, and the line they were packed with, out of a flat
// object of strings.
func unpack(l *line) bool {
	type pair struct{ name, value string }
	var found []pair
	entry, packed := "", false
	err := wholeObject(l.text, func(j *jsonScan) error {
		return j.object(func(key string) error {
			isText := j.skip() == '"'
			value, err := j.value()
			if err != nil || !isText {
				return err
			}
			if key == "_entry" {
				entry, packed = value, true
			} else {
				found = append(found, pair{labelName(key), value})
			}
			return nil
		})
	})
	if err != nil {
		l.fail(jsonError, err.Error())
		return true
	}
	l.load()
	for _, p := range found {
		l.extract(p.name, p.value)
	}
	if packed {
		l.text = entry
	}
	return true
}

func (s *Parser) logfmt() func(*line) bool {
	names := map[string]string{}
	for _, p := range s.Params {
		names[p.Expr] = p.Name
	}
	return func(l *line) bool {
		l.load()
		err := eachPair(l.text, s.Strict, func(key, value string) {
			name := labelName(key)
			if len(s.Params) > 0 {
				ok := false
				if name, ok = names[key]; !ok {
					return
				}
			}
			if value == "" && s.KeepEmpty {
				l.extractEmpty(name)
				return
			}
			l.extract(name, value)
		})
		if err != nil {
			l.fail(logfmtError, err.Error())
		}
		return true
	}
}

// extractEmpty adds a label without a value, as --keep-empty wants.
func (l *line) extractEmpty(name string) {
	if l.find(name) < 0 && l.room() {
		l.taken++
		l.labels = append(l.labels, labelValue{name, "", fromParsed})
	}
}

// eachPair reads key=value key="quoted value" key. What is wrong is passed
// over up to the next space, or is an error when strict.
func eachPair(s string, strict bool, each func(key, value string)) error {
	for at := 0; at < len(s); {
		if r, size := utf8.DecodeRuneInString(s[at:]); unicode.IsSpace(r) {
			at += size
			continue
		}
		key, value, n, err := onePair(s[at:])
		switch {
		case err != nil && strict:
			return fmt.Errorf("at position %d: %w", at+n+1, err)
		case err != nil:
			for n < len(s)-at && s[at+n] != ' ' {
				n++
			}
		default:
			each(key, value)
		}
		at += max(n, 1)
	}
	return nil
}

var (
	errPairKey   = errors.New("a key is missing")
	errPairQuote = errors.New("a quote stands where none may")
	errPairOpen  = errors.New("the quote is never closed")
	errPairSign  = errors.New(`unexpected "="`)
)

// onePair reads one pair, and says how many bytes it has or where it is wrong.
func onePair(s string) (key, value string, n int, err error) {
	for n < len(s) && s[n] > ' ' && s[n] != '=' && s[n] != '"' {
		n++
	}
	key = s[:n]
	switch {
	case n < len(s) && s[n] == '"':
		return "", "", n, errPairQuote
	case key == "":
		return "", "", n, errPairKey
	case n == len(s) || s[n] != '=':
		return key, "", n, nil
	}
	n++
	if n < len(s) && s[n] == '"' {
		quoted, size, err := pairQuote(s[n:])
		return key, quoted, n + size, err
	}
	start := n
	for n < len(s) && s[n] > ' ' {
		switch s[n] {
		case '"':
			return "", "", n, errPairQuote
		case '=':
			return "", "", n, errPairSign
		}
		n++
	}
	return key, s[start:n], n, nil
}

func pairQuote(s string) (string, int, error) {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			if text, err := strconv.Unquote(s[:i+1]); err == nil {
				return text, i + 1, nil
			}
			return strings.ReplaceAll(s[1:i], `\"`, `"`), i + 1, nil
		}
	}
	return "", len(s), errPairOpen
}
