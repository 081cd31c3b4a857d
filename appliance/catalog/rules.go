package catalog

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"tripod/alerting"
	"tripod/alerting/rulebook"
)

// maxRuleEditions bounds the history of a rule; older versions are forgotten.
const maxRuleEditions = 100

// Rules are all that are not deleted, in the order in which they were made.
func (c *Catalog) Rules(ctx context.Context) ([]rulebook.Kept, error) { return rules(ctx, c.db) }

type lister interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func rules(ctx context.Context, db lister) (_ []rulebook.Kept, err error) {
	rows, err := db.QueryContext(ctx, `SELECT r.id, r.version, e.saved, e.note, e.rule FROM rules r JOIN rule_editions e USING (id, version)
		WHERE r.deleted IS NULL ORDER BY r.made`)
	if err != nil {
		return nil, fmt.Errorf("list rules: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var out []rulebook.Kept
	for rows.Next() {
		k, err := scanRule(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("list rules: %w", err)
		}
		out = append(out, k)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list rules: %w", err)
	}
	return out, nil
}

func scanRule(scan func(...any) error) (k rulebook.Kept, err error) {
	var saved int64
	var text []byte
	if err := scan(&k.ID, &k.Version, &saved, &k.Note, &text); err != nil {
		return k, err
	}
	k.Saved = time.UnixMilli(saved).UTC()
	return k, json.Unmarshal(text, &k.Rule)
}

// Rule is one version of a rule, the newest when version is 0.
func (c *Catalog) Rule(ctx context.Context, id string, version int) (*rulebook.Kept, error) {
	row := c.db.QueryRowContext(ctx, `SELECT r.id, e.version, e.saved, e.note, e.rule FROM rules r JOIN rule_editions e USING (id)
		WHERE r.id = ?1 AND r.deleted IS NULL AND e.version = CASE WHEN ?2 = 0 THEN r.version ELSE ?2 END`, id, version)
	k, err := scanRule(row.Scan)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, fmt.Errorf("rule %.80q: %w", id, alerting.ErrNotFound)
	case err != nil:
		return nil, fmt.Errorf("rule %.80q: %w", id, err)
	}
	return &k, nil
}

// RuleEditions are the versions of a rule, newest first.
func (c *Catalog) RuleEditions(ctx context.Context, id string) (_ []rulebook.Edition, err error) {
	rows, err := c.db.QueryContext(ctx, `SELECT e.version, e.saved, e.note FROM rule_editions e JOIN rules r USING (id)
		WHERE id = ? AND r.deleted IS NULL ORDER BY e.version DESC`, id)
	if err != nil {
		return nil, fmt.Errorf("history of rule %.80q: %w", id, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var out []rulebook.Edition
	for rows.Next() {
		var e rulebook.Edition
		var saved int64
		if err := rows.Scan(&e.Version, &saved, &e.Note); err != nil {
			return nil, fmt.Errorf("history of rule %.80q: %w", id, err)
		}
		e.Saved = time.UnixMilli(saved).UTC()
		out = append(out, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("history of rule %.80q: %w", id, err)
	}
	return out, nil
}

// RuleChange is what to do with a rule: keep Rule as its newest version, or
// take it off the list, or bring it back.
type RuleChange struct {
	ID   string // empty makes a new rule
	Base int    // the version that the change began with, 0 does not ask; another newest one is a rulebook.ErrConflict
	Note string
	Rule *rulebook.Rule // sound, or nil to delete or undelete
	Back bool           // undelete
}

// ChangeRule does that if agreed, which gets all rules as they would be,
// returns nil. It gives the rule's id.
func (c *Catalog) ChangeRule(ctx context.Context, change RuleChange, agreed func([]rulebook.Kept) error) (id string, err error) {
	id = change.ID
	err = inTx(ctx, c.db, func(tx *sql.Tx) error {
		switch {
		case change.Rule != nil:
			id, err = saveRule(ctx, tx, change)
		case change.Back:
			err = markRule(ctx, tx, id, `UPDATE rules SET deleted = ? WHERE id = ? AND deleted IS NOT NULL`, nil)
		default:
			err = markRule(ctx, tx, id, `UPDATE rules SET deleted = ? WHERE id = ? AND deleted IS NULL`, time.Now().UnixMilli())
		}
		if err != nil {
			return err
		}
		all, err := rules(ctx, tx)
		if err != nil {
			return err
		}
		if len(all) > rulebook.MaxRules {
			return fmt.Errorf("%w: %w", rulebook.ErrFull, alerting.ErrInvalid)
		}
		return agreed(all)
	})
	if err != nil {
		return "", fmt.Errorf("change rule: %w", err)
	}
	return id, nil
}

func saveRule(ctx context.Context, tx *sql.Tx, change RuleChange) (id string, err error) {
	version := 0
	if id = change.ID; id == "" {
		id = ruleWords(change.Rule.Title()) + "-" + strings.ToLower(rand.Text()[:6])
		if _, err := tx.ExecContext(ctx, `INSERT INTO rules (id, version) VALUES (?, 0)`, id); err != nil {
			return "", err
		}
	} else if err := tx.QueryRowContext(ctx, `SELECT version FROM rules WHERE id = ? AND deleted IS NULL`, id).Scan(&version); errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("rule %.80q: %w", id, alerting.ErrNotFound)
	} else if err != nil {
		return "", err
	}
	if change.Base > 0 && change.Base != version {
		return "", fmt.Errorf("version %d was saved over version %d: %w", version, change.Base, rulebook.ErrConflict)
	}
	text, err := json.Marshal(change.Rule)
	if err != nil {
		return "", err
	}
	version++
	if _, err := tx.ExecContext(ctx, `INSERT INTO rule_editions VALUES (?, ?, ?, ?, ?)`, id, version, time.Now().UnixMilli(), change.Note, text); err != nil {
		return "", err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE rules SET version = ? WHERE id = ?`, version, id); err != nil {
		return "", err
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM rule_editions WHERE id = ? AND version <= ?`, id, version-maxRuleEditions)
	return id, err
}

func markRule(ctx context.Context, tx *sql.Tx, id, statement string, deleted any) error {
	res, err := tx.ExecContext(ctx, statement, deleted, id)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, fmt.Errorf("rule %.80q: %w", id, alerting.ErrNotFound))
	}
	return nil
}

// ruleWords are the letters and digits of a name, for an address.
func ruleWords(name string) string {
	s := words(name)
	if s == "dashboard" || s == "new" {
		return "rule"
	}
	return s
}
