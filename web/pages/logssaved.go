package pages

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"tripod/store"
	"tripod/ui"
	"tripod/ui/screens"
)

// SavedQueries keeps queries of a kind under names.
type SavedQueries interface {
	SavedQueries(ctx context.Context, kind string) ([]store.SavedQuery, error)
	SaveQuery(ctx context.Context, kind string, q store.SavedQuery) error
	DropQuery(ctx context.Context, kind, name string) error
}

// savedLogs is the kind of the queries of this screen.
const savedLogs = "logs"

// maxSavedForm bounds a form that saves a query, in bytes.
const maxSavedForm = 64 << 10

// logSaved is what the page shows of saved queries: each leads to its lines of
// the same time.
func (p *Pages) logSaved(ctx context.Context, a *logAsk) *screens.LogSaved {
	if p.o.Saved == nil {
		return nil
	}
	list, err := p.o.Saved.SavedQueries(ctx, savedLogs)
	if err != nil {
		p.reason(ctx, "saved queries", err)
	}
	m := &screens.LogSaved{Back: a.st.With(), Text: a.typed}
	for _, q := range list {
		m.List = append(m.List, screens.LogSavedQuery{Name: q.Name, Text: q.Text, Href: a.st.With("q", q.Text, "sel", "", "cursor", "", "before", "", "around", "")})
	}
	return m
}

func (p *Pages) logsSave(w http.ResponseWriter, r *http.Request) error {
	return p.postedSaved(w, r, func(form, back url.Values) error {
		q := store.SavedQuery{Name: strings.Join(strings.Fields(form.Get("name")), " "), Text: strings.TrimSpace(form.Get("text"))}
		if err := q.Fault(); err != nil {
			return err
		}
		if form.Get("replace") == "" {
			if err := p.savedFree(r.Context(), q); err != nil {
				return err
			}
		}
		if back.Get("q") != q.Text { // they are places in the lines of the other query
			for _, n := range [...]string{"sel", "cursor", "before", "around"} {
				back.Del(n)
			}
		}
		back.Set("q", q.Text)
		return p.o.Saved.SaveQuery(r.Context(), savedLogs, q)
	})
}

// savedTaken says that another query has the name of one that is to be saved.
type savedTaken struct{ was, now store.SavedQuery }

func (e *savedTaken) Error() string {
	return fmt.Sprintf("there is a saved query %q already, which asks for other lines", e.was.Name)
}

// savedFree says whether a query can take its name without displacing another.
func (p *Pages) savedFree(ctx context.Context, q store.SavedQuery) error {
	list, err := p.o.Saved.SavedQueries(ctx, savedLogs)
	if err != nil {
		return err
	}
	for _, was := range list {
		if was.Name == q.Name && was.Text != q.Text {
			return &savedTaken{was: was, now: q}
		}
	}
	return nil
}

// askReplace asks whether a query is to take the place of another.
func (p *Pages) askReplace(w http.ResponseWriter, r *http.Request, e *savedTaken, back string) error {
	pg := p.page(r.Context(), p.state(r), "logs", "Replace a saved query?", "logs.css")
	m := screens.LogSavedTaken{Name: e.was.Name, Was: e.was.Text, Now: e.now.Text, Back: back}
	return p.send(w, r, http.StatusConflict, ui.Shell(pg), screens.LogSavedAsk(m))
}

func (p *Pages) logsUnsave(w http.ResponseWriter, r *http.Request) error {
	return p.postedSaved(w, r, func(form, _ url.Values) error {
		return p.o.Saved.DropQuery(r.Context(), savedLogs, form.Get("name"))
	})
}

// postedSaved does what a form asks for, and leads back to where it stood, of
// which do may change the parameters.
func (p *Pages) postedSaved(w http.ResponseWriter, r *http.Request, do func(form, back url.Values) error) error {
	if p.o.Saved == nil {
		return errNoDoor
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxSavedForm)
	if err := r.ParseForm(); err != nil {
		return fmt.Errorf("form: %w: %w", err, store.ErrInvalid)
	}
	back := url.Values{}
	if u, err := url.Parse(r.PostForm.Get("back")); err == nil && u.Path == "/logs" && u.Host == "" && u.Scheme == "" {
		back = u.Query()
	}
	here := address("/logs", back)
	if err := do(r.PostForm, back); err != nil {
		var taken *savedTaken
		if errors.As(err, &taken) {
			return p.askReplace(w, r, taken, here)
		}
		return err
	}
	http.Redirect(w, r, address("/logs", back), http.StatusSeeOther)
	return nil
}

// maxSavedOptions is how many saved queries a completion offers.
const maxSavedOptions = 4

// saved offers the saved queries whose names have what is typed last, or that
// go on from all that is typed: they take its place.
func (c *completer) saved(ctx context.Context, head string) {
	if c.p.o.Saved == nil {
		return
	}
	word := head[strings.LastIndexAny(head, " \t(:")+1:]
	if len(word) < 2 && !c.all {
		return
	}
	list, err := c.p.o.Saved.SavedQueries(ctx, savedLogs)
	if err != nil {
		return // the others are offered
	}
	n := 0
	for _, q := range list {
		named := strings.Contains(strings.ToLower(q.Name), strings.ToLower(word))
		if !named && !strings.HasPrefix(q.Text, head) || q.Text == strings.TrimSpace(head) || n == maxSavedOptions {
			continue
		}
		n++
		c.most = max(c.most, len(c.out.Options)+1)
		c.add(screens.LogOption{Type: "saved", Text: q.Text, Note: cut(oneLine(q.Text), 48), Whole: true}, q.Name, word)
	}
}
