package logql

import (
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"
)

const maxJSONDepth = 64

var (
	errNotJSON  = errors.New("the line is no JSON object")
	errBadJSON  = errors.New("the JSON is broken")
	errDeepJSON = errors.New("the JSON is nested too deeply")
)

// jsonScan reads JSON in place. It takes what is well formed, and a little more.
type jsonScan struct {
	s     string
	at    int
	depth int
}

func (j *jsonScan) skip() byte {
	for j.at < len(j.s) {
		switch c := j.s[j.at]; c {
		case ' ', '\t', '\r', '\n':
			j.at++
		default:
			return c
		}
	}
	return 0
}

// text reads a string and takes its escapes back.
func (j *jsonScan) text() (string, error) {
	start := j.at + 1
	escaped := false
	for i := start; i < len(j.s); i++ {
		switch j.s[i] {
		case '"':
			j.at = i + 1
			if !escaped {
				return wholeRunes(j.s[start:i]), nil
			}
			var out string
			err := json.Unmarshal([]byte(j.s[start-1:j.at]), &out)
			return out, err
		case '\\':
			escaped = true
			i++
		}
	}
	return "", errBadJSON
}

// wholeRunes is a text with each broken byte as U+FFFD, as it is kept in fields.
func wholeRunes(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}

// plain reads a number or a word.
func (j *jsonScan) plain() (string, error) {
	start := j.at
	for j.at < len(j.s) && (isName(j.s[j.at], true) || strings.IndexByte("+-.", j.s[j.at]) >= 0) {
		j.at++
	}
	text := j.s[start:j.at]
	if text == "true" || text == "false" || text == "null" || text != "" && (isDigit(text[0]) || text[0] == '-') {
		return text, nil
	}
	return "", errBadJSON
}

// object calls each for every member; each reads the value.
func (j *jsonScan) object(each func(key string) error) error {
	return j.list('}', func() error {
		if j.skip() != '"' {
			return errBadJSON
		}
		key, err := j.text()
		if err != nil {
			return err
		}
		if j.skip() != ':' {
			return errBadJSON
		}
		j.at++
		j.skip()
		return each(key)
	})
}

// array calls each for every item; each reads it.
func (j *jsonScan) array(each func(i int) error) error {
	i := 0
	return j.list(']', func() error {
		j.skip()
		i++
		return each(i - 1)
	})
}

func (j *jsonScan) list(end byte, each func() error) error {
	if j.depth++; j.depth > maxJSONDepth {
		return errDeepJSON
	}
	defer func() { j.depth-- }()
	j.at++
	if j.skip() == end {
		j.at++
		return nil
	}
	for {
		if err := each(); err != nil {
			return err
		}
		c := j.skip()
		if c != ',' && c != end {
			return errBadJSON
		}
		j.at++
		if c == end {
			return nil
		}
	}
}

// value passes a value and gives it: the text of a string, nothing for null,
// anything else as it stands.
func (j *jsonScan) value() (string, error) {
	start := j.at
	var err error
	switch j.skip() {
	case '"':
		return j.text()
	case '{':
		err = j.object(func(string) error { return j.pass() })
	case '[':
		err = j.array(func(int) error { return j.pass() })
	default:
		text, err := j.plain()
		if text == "null" {
			text = ""
		}
		return text, err
	}
	if err != nil {
		return "", err
	}
	return j.s[start:j.at], nil
}

func (j *jsonScan) pass() error {
	_, err := j.value()
	return err
}

// flatten hands out the texts, numbers and truths of an object, those of
// objects in it behind their keys and "_". Lists are passed over.
func (j *jsonScan) flatten(prefix string, each func(name, value string)) error {
	return j.object(func(key string) error {
		if prefix != "" {
			key = prefix + "_" + jsonName(key, false)
		} else {
			key = jsonName(key, true)
		}
		switch j.skip() {
		case '{':
			return j.flatten(key, each)
		case '[':
			return j.pass()
		}
		value, err := j.value()
		if err == nil {
			each(key, value)
		}
		return err
	})
}

// jsonName is a key as a label's name; only the first part of one may not begin
// with a digit.
func jsonName(key string, first bool) string {
	key = strings.TrimSpace(key)
	if key != "" && !first && isDigit(key[0]) {
		return labelName("_" + key)[1:]
	}
	if key == "" {
		return ""
	}
	return labelName(key)
}

// get finds the value at a path.
func (j *jsonScan) get(path []step) (value string, found bool, err error) {
	c := j.skip()
	switch {
	case len(path) == 0:
		value, err = j.value()
		return value, err == nil, err
	case c == '{' && path[0].key != "":
		err = j.object(func(key string) error {
			if found || key != path[0].key {
				return j.pass()
			}
			var err error
			value, found, err = j.get(path[1:])
			return err
		})
	case c == '[' && path[0].key == "":
		err = j.array(func(i int) error {
			if i != path[0].index {
				return j.pass()
			}
			var err error
			value, found, err = j.get(path[1:])
			return err
		})
	default:
		err = j.pass()
	}
	return value, found, err
}
