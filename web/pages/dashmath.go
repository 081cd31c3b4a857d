package pages

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"tripod/dashboard"
	"tripod/dashboard/frames"
)

// mathQuery is an expression over a panel's other queries.
type mathQuery struct {
	q    *dashboard.Query
	text string
}

// compute works out expressions, each after those that it names, and adds what
// they come to.
func (a *dashAnswer) compute(all []mathQuery, known map[string]bool) error {
	waits := map[string]bool{}
	for _, m := range all {
		waits[m.q.Letter] = true
	}
	for len(all) > 0 {
		before := len(all)
		for i := 0; i < len(all); i++ {
			m := all[i]
			e, err := frames.ParseMath(m.text)
			if err != nil {
				return mathWrong(m.q.Letter, err)
			}
			if i := slices.IndexFunc(e.Letters(), func(l string) bool { return !known[l] }); i >= 0 {
				return mathWrong(m.q.Letter, fmt.Errorf("the panel has no query %s", e.Letters()[i]))
			}
			if slices.ContainsFunc(e.Letters(), func(l string) bool { return waits[l] }) {
				continue
			}
			made, err := e.Eval(m.q.Letter, a.frames, a.times)
			if err != nil {
				return mathWrong(m.q.Letter, err)
			}
			a.frames = append(a.frames, a.legend(m.q, made)...)
			delete(waits, m.q.Letter)
			all = slices.Delete(all, i, i+1)
			i--
		}
		if len(all) == before {
			return mathWrong(all[0].q.Letter, errors.New("the expression is over itself, or over others that are over it"))
		}
	}
	return nil
}

func mathWrong(letter string, err error) error {
	return fmt.Errorf("query %s: %w", letter, dashWrong(strings.TrimPrefix(err.Error(), dashboard.ErrInvalid.Error()+": ")))
}

// legend names series as a query says.
func (a *dashAnswer) legend(q *dashboard.Query, list []frames.Frame) []frames.Frame {
	if q.Legend == "" || q.Legend == "__auto" {
		return list
	}
	for i := range list {
		fd := &list[i].Fields[1]
		fd.Legend = strings.TrimSpace(dashboard.LegendText(q.Legend, func(l string) string { return fd.Labels[l] }))
	}
	return list
}
