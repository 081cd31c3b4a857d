package logql

import (
	"errors"
	"strconv"
	"strings"
)

// step is a key or, when that is empty, an index.
type step struct {
	key   string
	index int
}

// parsePath reads a.b[0]["c d"].
func parsePath(text string) ([]step, error) {
	var path []step
	rest := strings.TrimSpace(text)
	for first := true; rest != ""; first = false {
		var s step
		var err error
		switch {
		case rest[0] == '[':
			s, rest, err = bracket(rest[1:])
		case !first && rest[0] != '.':
			err = errors.New(`"." or "[" is missing in the expression`)
		default:
			if !first {
				rest = rest[1:]
			}
			end := strings.IndexAny(rest, ".[]\"' ")
			if end < 0 {
				end = len(rest)
			}
			s.key, rest = rest[:end], rest[end:]
			if s.key == "" {
				err = errors.New("a key is missing in the expression")
			}
		}
		if err != nil {
			return nil, err
		}
		if path = append(path, s); len(path) > maxJSONDepth {
			return nil, errors.New("the expression is too long")
		}
	}
	if len(path) == 0 {
		return nil, errors.New("the expression is empty")
	}
	return path, nil
}

func bracket(rest string) (step, string, error) {
	if strings.HasPrefix(rest, `"`) {
		quoted, err := strconv.QuotedPrefix(rest)
		if err != nil {
			return step{}, "", errors.New("a quote is never closed in the expression")
		}
		key, err := strconv.Unquote(quoted)
		rest, ok := strings.CutPrefix(rest[len(quoted):], "]")
		if err != nil || !ok || key == "" {
			return step{}, "", errors.New(`"]" is missing in the expression`)
		}
		return step{key: key}, rest, nil
	}
	text, rest, ok := strings.Cut(rest, "]")
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil || !ok {
		return step{}, "", errors.New("an index is missing in the expression")
	}
	return step{index: int(n)}, rest, nil
}
