package alerting

import (
	"errors"
	"strings"
	"testing"
	"time"
)

const bookRules = `groups: [{name: own, interval: 10s, rules: [{alert: Mine, expr: vector(1) > 0, for: 1m}%s]}]`

func bookText(more string) []byte { return []byte(strings.Replace(bookRules, "%s", more, 1)) }

// stateOf is the state of the first alert of a rule, and since when it is active.
func (r *running) stateOf(name string) (State, time.Time) {
	for _, g := range r.Groups() {
		for _, rule := range g.Rules {
			if rule.Name == name && len(rule.Alerts) > 0 {
				return rule.Alerts[0].State, rule.Alerts[0].ActiveAt
			}
		}
	}
	return "", time.Time{}
}

func TestWhoseRuleIsTakenOutEndsAtOnce(t *testing.T) {
	run(t, twoRules, func(r *running) {
		r.o.Book.Path = "/data/rules.yml"
		if err := r.SetBook(bookText(`, {alert: Stays, expr: vector(1) > 0}`)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		r.out.mu.Lock()
		r.out.got = nil
		r.out.mu.Unlock()
		if err := r.SetBook([]byte(`groups: [{name: own, interval: 10s, rules: [{alert: Stays, expr: vector(1) > 0}]}]`)); err != nil {
			t.Fatal(err)
		}
		r.out.mu.Lock()
		defer r.out.mu.Unlock()
		if len(r.out.got) != 1 || r.out.got[0].Name() != "Mine" || !r.out.got[0].EndsAt.Equal(time.Now()) || r.out.got[0].StartsAt.IsZero() {
			t.Errorf("sent %+v, want the end of Mine", r.out.got)
		}
	})
}

func TestABookChangesWhileItsRulesRun(t *testing.T) {
	run(t, twoRules, func(r *running) {
		r.o.Book.Path = "/data/rules.yml"
		if err := r.SetBook(bookText("")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(90 * time.Second)
		_, mine := r.stateOf("Mine")
		state, theirs := r.stateOf("TooMuch")
		if mine.IsZero() || state != Firing {
			t.Fatalf("before: Mine since %s, TooMuch %q", mine, state)
		}
		said := len(r.steps)
		// A rule before it: neither it nor the file's rule starts over or is said again.
		text := []byte(`groups: [{name: own, interval: 10s, rules: [{alert: New, expr: vector(0) > 1}, {alert: Mine, expr: vector(1) > 0, for: 1m}]}]`)
		if err := r.SetBook(text); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Second)
		if state, at := r.stateOf("Mine"); state != Firing || !at.Equal(mine) {
			t.Errorf("after: Mine %s since %s, want firing since %s", state, at, mine)
		}
		if state, at := r.stateOf("TooMuch"); state != Firing || !at.Equal(theirs) {
			t.Errorf("after: TooMuch %s since %s, want firing since %s", state, at, theirs)
		}
		if n := len(r.steps); n != said {
			t.Errorf("%+v was said again", r.steps[said:])
		}
		err := r.SetBook(bookText(", {alert: Bad, expr: sum( }"))
		var fault *FileError
		if !errors.As(err, &fault) || fault.File != "/data/rules.yml" {
			t.Errorf("a bad text: %v", err)
		}
		if n := len(r.Groups()[0].Rules); n != 2 {
			t.Errorf("%d rules go on, want the 2 of before", n)
		}
		// Rules of files are read again beside it, and it can become empty.
		if err := r.Reload([]string{r.file}); err != nil || len(r.Groups()) != 2 {
			t.Errorf("after reading the files: %d groups, %v", len(r.Groups()), err)
		}
		if err := r.SetBook(nil); err != nil || len(r.Groups()) != 1 {
			t.Errorf("an empty book: %d groups, %v", len(r.Groups()), err)
		}
	})
}
