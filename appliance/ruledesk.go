package appliance

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"

	"tripod/alerting"
	"tripod/alerting/rulebook"
	"tripod/appliance/catalog"
)

// rulesFile holds the rules that were made on the page, as Prometheus would
// read them. It is written anew with every change; the catalog is what counts.
const rulesFile = "rules.yml"

const rulesHead = "# The rules made on Tripod's pages. It is written anew with every change there,\n# so what is changed here is lost.\n"

// ruleDesk keeps the rules that people make on the page, and has them run.
type ruleDesk struct {
	catalog *catalog.Catalog
	path    string
	query   func(ctx context.Context, expr string, at time.Time) (promql.Vector, error)
	parser  parser.Parser // of expressions
	url     string
	rules   *alerting.Rules

	mu sync.Mutex // one change after the other
}

// open writes the file as the catalog has it, and gives it. Rules that cannot
// be used any more, as of another version of the program, are left out and
// named.
func (d *ruleDesk) open(ctx context.Context, log *slog.Logger) (alerting.Book, error) {
	if abs, err := filepath.Abs(d.path); err == nil {
		d.path = abs // as files that --rules names are: it may name this one too
	}
	all, err := d.catalog.Rules(ctx)
	if err != nil {
		return alerting.Book{}, err
	}
	sound := d.sound(all, func(r rulebook.Kept, err error) {
		log.Error("a rule made on the page is left out", "rule", r.Title(), "id", r.ID, "err", err)
	})
	text, err := d.print(sound)
	if err != nil {
		return alerting.Book{}, err
	}
	old, err := os.ReadFile(d.path)
	if errors.Is(err, fs.ErrNotExist) && len(sound) == 0 {
		return alerting.Book{Path: d.path}, nil
	}
	if !bytes.Equal(old, text) {
		if err := replaceFile(d.path, text); err != nil {
			return alerting.Book{}, err
		}
	}
	return alerting.Book{Path: d.path, Text: text}, nil
}

// sound are the rules that can be used; leftOut, which may be nil, gets the
// others.
func (d *ruleDesk) sound(all []rulebook.Kept, leftOut func(r rulebook.Kept, err error)) []rulebook.Kept {
	return slices.DeleteFunc(all, func(r rulebook.Kept) bool {
		err := r.Check(d.parser)
		if err != nil && leftOut != nil {
			leftOut(r, err)
		}
		return err != nil
	})
}

func (d *ruleDesk) print(rules []rulebook.Kept) ([]byte, error) {
	text, err := rulebook.Print(rulesHead, rules)
	if err != nil {
		return nil, err
	}
	return text, alerting.CheckText(d.parser, d.path, text)
}

// SaveRule keeps a rule as its newest version, under a new id when there is
// none, and has it run.
func (d *ruleDesk) SaveRule(ctx context.Context, id string, base int, note string, r rulebook.Rule) (string, error) {
	if err := r.Check(d.parser); err != nil {
		return "", err
	}
	return d.change(ctx, catalog.RuleChange{ID: id, Base: base, Note: note, Rule: &r})
}

// DeleteRule ends a rule; its history stays.
func (d *ruleDesk) DeleteRule(ctx context.Context, id string) error {
	_, err := d.change(ctx, catalog.RuleChange{ID: id})
	return err
}

// UndeleteRule undoes DeleteRule.
func (d *ruleDesk) UndeleteRule(ctx context.Context, id string) error {
	_, err := d.change(ctx, catalog.RuleChange{ID: id, Back: true})
	return err
}

// change writes the file before the catalog: a disk that takes no more writes
// refuses the whole change. A file that is ahead after a crash is put right at
// the next start.
func (d *ruleDesk) change(ctx context.Context, c catalog.RuleChange) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var text []byte
	old, err := os.ReadFile(d.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	id, err := d.catalog.ChangeRule(ctx, c, func(all []rulebook.Kept) (err error) {
		if text, err = d.print(d.sound(all, nil)); err != nil { // they were named at the start
			return err
		}
		return replaceFile(d.path, text)
	})
	if err != nil {
		if text != nil {
			err = errors.Join(err, replaceFile(d.path, old))
		}
		return "", err
	}
	if err := d.rules.SetBook(text); err != nil {
		return "", fmt.Errorf("the rule is kept, but runs from the next start on only: %w", err)
	}
	return id, nil
}

// maxSamples bounds what a preview shows of an answer.
const maxSamples = 20

// Now is what a rule would make of the answer of this moment: the number of
// series, and the alerts of the first of them.
func (d *ruleDesk) Now(ctx context.Context, r rulebook.Rule) (series int, _ []rulebook.Sample, _ error) {
	now := time.Now()
	answer, err := d.query(ctx, r.Expr, now.Add(-rulebook.Duration(r.QueryOffset)))
	if err != nil {
		return 0, nil, err
	}
	var out []rulebook.Sample
	for _, s := range answer[:min(len(answer), maxSamples)] {
		out = append(out, r.Expand(ctx, s.Metric, s.F, rulebook.Surroundings{Now: now, ExternalURL: d.url, Query: d.query}))
	}
	return len(answer), out, nil
}

// replaceFile writes a file so that there is always the old or the new one,
// after a power cut too.
func replaceFile(path string, text []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	_, err = f.Write(text)
	if err := errors.Join(cmp.Or(err, f.Sync()), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
