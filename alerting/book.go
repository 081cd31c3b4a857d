package alerting

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"time"

	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
)

// Book is a rule file that somebody else keeps and hands in as text.
type Book struct {
	Path string // under which its groups are known; empty means that there is none
	Text []byte // a Prometheus rule file; empty for none yet
}

// CheckText validates the text of a rule file, as Check does.
func CheckText(p parser.Parser, path string, text []byte) error {
	s := &ruleSet{parser: p, log: slog.New(slog.DiscardHandler), groups: map[string]*rulefmt.RuleGroups{}}
	return s.addBook(Book{path, text})
}

// addBook takes a book without text for one without groups.
func (s *ruleSet) addBook(b Book) error {
	switch {
	case b.Path == "" || len(b.Text) == 0:
		return nil
	case len(b.Text) > maxFile:
		return fmt.Errorf("%s: more than %d bytes: %w", b.Path, maxFile, ErrInvalid)
	}
	return s.add(b.Path, b.Text)
}

// SetBook puts another text in the place of the book's; the rules of files and
// the state of all groups that stay the same go on. After an error, which names
// every fault, the old rules go on.
func (r *Rules) SetBook(text []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	set := *r.set
	set.groups = maps.Clone(set.groups)
	delete(set.groups, r.o.Book.Path)
	if err := set.addBook(Book{r.o.Book.Path, text}); err != nil {
		return err
	}
	before := r.firing()
	if err := r.use(&set); err != nil {
		return err
	}
	r.endAll(before)
	return nil
}

// firing are the alerts that fire, by fingerprint.
func (r *Rules) firing() map[string]Alert {
	out := map[string]Alert{}
	for _, rule := range r.manager.AlertingRules() {
		for _, a := range rule.ActiveAlerts() {
			if a.State == rules.StateFiring {
				labels := a.Labels.Map()
				out[Fingerprint(labels)] = Alert{Labels: labels, Annotations: a.Annotations.Map(), StartsAt: a.FiredAt}
			}
		}
	}
	return out
}

// endAll tells the pipeline of alerts whose rule is gone: it would otherwise
// find out only when nothing is heard of them any more.
func (r *Rules) endAll(before map[string]Alert) {
	now := r.firing()
	var ended []Alert
	for f, a := range before {
		if _, still := now[f]; !still {
			a.EndsAt = time.Now()
			ended = append(ended, a)
		}
	}
	if len(ended) > 0 {
		r.o.Pipeline.Send(context.Background(), ended...)
	}
}
