package pages

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"tripod/alerting"
	"tripod/alerting/rulebook"
	"tripod/store"
	"tripod/ui/screens"
)

// maxRuleForm bounds a form in bytes.
const maxRuleForm = 1 << 20

// postedRule reads the form that was sent.
func postedRule(w http.ResponseWriter, r *http.Request) (ruleForm, error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxRuleForm)
	if err := r.ParseForm(); err != nil {
		return ruleForm{}, fmt.Errorf("the form cannot be read: %w: %w", err, store.ErrInvalid)
	}
	return readRuleForm(r.PostForm), nil
}

// ruleSave keeps the rule and leads to it; with faults, or when only a preview
// is asked for, it is the form again.
func (p *Pages) ruleSave(w http.ResponseWriter, r *http.Request) error {
	f, err := postedRule(w, r)
	if err != nil {
		return err
	}
	ctx, id := r.Context(), r.PathValue("id")
	var kept *rulebook.Kept
	if id != "" {
		if kept, err = p.keptRule(r); err != nil {
			return err
		}
	}
	faults := f.check(p.o.Alerts.Parser)
	if r.PostForm.Get("do") == "preview" {
		return p.ruleForm(w, r, http.StatusOK, kept, f, faults)
	}
	if len(faults) == 0 {
		if p.o.Alerts.Desk == nil {
			return errNoDoor
		}
		made, err := p.o.Alerts.Desk.SaveRule(ctx, id, f.base, f.note, f.rule)
		if err == nil {
			to := p.ruleHref(ctx, made)
			if id != "" && strings.HasPrefix(to, "/alerts?") {
				to += "&saved=" + urlQuery(id)
			}
			http.Redirect(w, r, to, http.StatusSeeOther)
			return nil
		}
		if faults, err = savingFaults(err); err != nil {
			return err
		}
	}
	return p.ruleForm(w, r, http.StatusBadRequest, kept, f, faults)
}

// savingFaults are what the form can show of an error of saving.
func savingFaults(err error) (rulebook.Faults, error) {
	var found rulebook.Faults
	switch {
	case errors.As(err, &found):
		return found, nil
	case errors.Is(err, rulebook.ErrConflict):
		return rulebook.Faults{{Text: "Somebody saved this rule meanwhile. Open it again in another window, and bring the two together."}}, nil
	}
	return nil, ruleFault(err)
}

// ruleHref leads to a rule on the list.
func (p *Pages) ruleHref(ctx context.Context, id string) string {
	if key := p.ruleKey(ctx, id); key != "" {
		return "/alerts?sel=" + urlQuery(key)
	}
	return "/alerts/edit/" + pathPart(id)
}

// ruleSaved offers to take the last version of a rule back.
func (p *Pages) ruleSaved(ctx context.Context, id string) *screens.RuleSaved {
	if id == "" || p.o.Alerts.Book == nil {
		return nil
	}
	editions, err := p.o.Alerts.Book.RuleEditions(ctx, id)
	if err != nil || len(editions) < 2 {
		return nil
	}
	return &screens.RuleSaved{Restore: "/alerts/edit/" + pathPart(id) + "/restore", Now: editions[0].Version, Before: editions[1].Version}
}

func urlQuery(s string) string { return url.QueryEscape(s) }

// ruleKey is the key by which sel names a rule that was made here, or empty.
func (p *Pages) ruleKey(ctx context.Context, id string) string {
	if p.o.Alerts.Rules == nil {
		return ""
	}
	entries := alertEntries(p.o.Alerts.Rules.Groups())
	for i, own := range p.ownRules(ctx, entries) {
		if own != nil && own.ID == id {
			return entries[i].key
		}
	}
	return ""
}

// ownRules finds for each running rule the kept one that it is, or nil: in
// their file, a group's rules stand in the order of the book.
func (p *Pages) ownRules(ctx context.Context, entries []alertEntry) []*rulebook.Kept {
	out := make([]*rulebook.Kept, len(entries))
	if p.o.Alerts.Book == nil {
		return out
	}
	all, err := p.o.Alerts.Book.Rules(ctx)
	if err != nil {
		p.o.Log.Warn("rules made on the page", "err", err)
	}
	for i, e := range entries {
		if e.group.File != p.o.Alerts.BookFile {
			continue
		}
		n := slices.IndexFunc(all, func(k rulebook.Kept) bool {
			return k.Group == e.group.Name && k.Title() == e.rule.Name && (k.Record != "") == (e.rule.Kind == alerting.Recording)
		})
		if n >= 0 {
			out[i] = &all[n]
			all = slices.Concat(all[:n:n], all[n+1:])
		}
	}
	return out
}

func (p *Pages) ruleDelete(w http.ResponseWriter, r *http.Request) error {
	if p.o.Alerts.Desk == nil {
		return errNoDoor
	}
	id := r.PathValue("id")
	if err := p.o.Alerts.Desk.DeleteRule(r.Context(), id); err != nil {
		return ruleFault(err)
	}
	http.Redirect(w, r, "/alerts?deleted="+urlQuery(id), http.StatusSeeOther)
	return nil
}

func (p *Pages) ruleUndelete(w http.ResponseWriter, r *http.Request) error {
	if p.o.Alerts.Desk == nil {
		return errNoDoor
	}
	id := r.PathValue("id")
	if err := p.o.Alerts.Desk.UndeleteRule(r.Context(), id); err != nil {
		return ruleFault(err)
	}
	http.Redirect(w, r, p.ruleHref(r.Context(), id), http.StatusSeeOther)
	return nil
}

// ruleRestore saves an old version as the newest.
func (p *Pages) ruleRestore(w http.ResponseWriter, r *http.Request) error {
	version, err := strconv.Atoi(r.FormValue("version"))
	if err != nil || version < 1 {
		return fmt.Errorf("version is no number from 1 on: %w", store.ErrInvalid)
	}
	if p.o.Alerts.Desk == nil || p.o.Alerts.Book == nil {
		return errNoDoor
	}
	old, err := p.o.Alerts.Book.Rule(r.Context(), r.PathValue("id"), version)
	if err != nil {
		return ruleFault(err)
	}
	id, err := p.o.Alerts.Desk.SaveRule(r.Context(), old.ID, 0, "version "+strconv.Itoa(version)+" restored", old.Rule)
	if err != nil {
		return ruleFault(err)
	}
	http.Redirect(w, r, p.ruleHref(r.Context(), id), http.StatusSeeOther)
	return nil
}

// ruleExport is a rule, or all that were made here, as a Prometheus rule file.
func (p *Pages) ruleExport(w http.ResponseWriter, r *http.Request) error {
	if p.o.Alerts.Book == nil {
		return errNoDoor
	}
	name, rules := "rules", []rulebook.Kept(nil)
	if r.PathValue("id") == "" {
		all, err := p.o.Alerts.Book.Rules(r.Context())
		if err != nil {
			return err
		}
		rules = all
	} else {
		kept, err := p.keptRule(r)
		if err != nil {
			return err
		}
		name, rules = kept.ID, []rulebook.Kept{*kept}
	}
	text, err := rulebook.Print("", rules)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/yaml")
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name + ".yml"}))
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(text) // an error means that the reader left
	return nil
}
