package grafana

import (
	"regexp"
	"strconv"
	"strings"
)

// maxLetter is how long the letter of a query may be, in bytes.
const maxLetter = 60

// letters are those that the queries of one panel have already.
type letters struct {
	taken map[string]bool
	next  int // the first that may be free
}

// refs are the letters that queries got, by what the file calls them.
type refs map[string]string

// give gives each target a letter of its own: what the file calls it, unless
// that is too long, missing, or another's.
func (l *letters) give(targets []node) (each []string, of refs) {
	each, of = make([]string, len(targets)), refs{}
	for i, t := range targets {
		if id := t.str("refId"); id != "" && len(id) <= maxLetter && !l.taken[id] {
			each[i], l.taken[id], of[id] = id, true, id
		}
	}
	for i, t := range targets {
		if each[i] != "" {
			continue
		}
		each[i] = l.free()
		if id := t.str("refId"); of[id] == "" {
			of[id] = each[i]
		}
	}
	return each, of
}

// free takes the first that nobody has: A to Z, A1, B1 and so on.
func (l *letters) free() string {
	for ; ; l.next++ {
		s := string(rune('A' + l.next%26))
		if l.next >= 26 {
			s += strconv.Itoa(l.next / 26)
		}
		if !l.taken[s] {
			l.taken[s] = true
			return s
		}
	}
}

// letter is the one of a query that the file calls id.
func (r refs) letter(id string) string {
	if to := r[id]; to != "" {
		return to
	}
	return cut(id, maxLetter)
}

var named = regexp.MustCompile(`\$\{[^}]*\}|\$[\w.]+`)

// rename writes the letters into an expression that names queries as the file does.
func (r refs) rename(expr string) string {
	return named.ReplaceAllStringFunc(expr, func(m string) string {
		id := strings.Trim(m, "${}")
		if to := r[id]; to != "" && to != id {
			return "${" + to + "}"
		}
		return m
	})
}
