package traffic

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

const (
	// Bounds of what one user owns over days of traffic.
	maxOpen  = 15
	keptDone = 20
	perTidy  = 6
)

// user is one simulated person. A person does one thing at a time.
type user struct {
	index int
	c     *caller

	mu         sync.Mutex // held while something is done
	token      string
	generation int
	open       []string // ids of open tasks, oldest first
}

type object map[string]any

// do does one thing, having signed in first if need be.
func (u *user) do(ctx context.Context, s step) error {
	if u.token == "" {
		if err := u.enter(ctx); err != nil {
			return err
		}
	}
	dice := rand.New(rand.NewPCG(s.dice, s.dice))
	switch s.action {
	case view:
		return u.send(ctx, http.MethodGet, "/planner/", nil, nil)
	case list:
		return u.list(ctx, pick(dice, lists))
	case search:
		return u.api(ctx, http.MethodGet, "tasks?q="+url.QueryEscape(pick(dice, words)), nil, nil)
	case create:
		return u.create(ctx, dice)
	case complete:
		return u.complete(ctx, dice)
	case streak:
		return u.api(ctx, http.MethodGet, "streak", nil, nil)
	case me:
		return u.api(ctx, http.MethodGet, "me", nil, nil)
	case edit:
		return u.edit(ctx, dice)
	case tidy:
		return u.tidy(ctx)
	case relogin:
		return u.relogin(ctx)
	case renew:
		return u.renew(ctx)
	case blunder:
		return u.api(ctx, http.MethodPost, "tasks", object{"title": ""}, nil)
	}
	return u.api(ctx, http.MethodGet, "tasks/t_0000000000000000000000", nil, nil)
}

// enter makes the account, or signs in to the one that an earlier run made.
func (u *user) enter(ctx context.Context) error {
	var g struct{ Token string }
	err := u.api(ctx, http.MethodPost, "signup", object{"email": email(u.index, u.generation), "password": password,
		"name": name(u.index), "zone": people[u.index].zone}, &g)
	if status(err) == http.StatusConflict {
		return u.login(ctx)
	}
	u.token, u.open = g.Token, nil
	return err
}

func (u *user) login(ctx context.Context) error {
	var g struct{ Token string }
	err := u.api(ctx, http.MethodPost, "login", object{"email": email(u.index, u.generation), "password": password}, &g)
	u.token = g.Token
	return err
}

func (u *user) relogin(ctx context.Context) error {
	if err := u.api(ctx, http.MethodPost, "logout", nil, nil); err != nil {
		return err
	}
	u.token = ""
	return u.login(ctx)
}

func (u *user) renew(ctx context.Context) error {
	if err := u.api(ctx, http.MethodDelete, "me", nil, nil); err != nil {
		return err
	}
	u.token, u.open = "", nil
	u.generation++
	return u.enter(ctx)
}

type task struct {
	ID     string
	Status string
}

func (u *user) list(ctx context.Context, status string) error {
	var page struct{ Tasks []task }
	if err := u.api(ctx, http.MethodGet, "tasks?status="+status+"&limit=50", nil, &page); err != nil {
		return err
	}
	if status != "open" {
		return nil
	}
	u.open = u.open[:0]
	for _, t := range page.Tasks {
		u.open = append(u.open, t.ID)
	}
	return nil
}

func (u *user) create(ctx context.Context, dice *rand.Rand) error {
	if len(u.open) >= maxOpen {
		return u.complete(ctx, dice)
	}
	in := object{"title": pick(dice, verbs) + " " + pick(dice, things), "priority": pick(dice, priorities)}
	if dice.IntN(4) > 0 {
		due := time.Now().Add(time.Duration(dice.IntN(50*60)-120) * time.Minute)
		in["due"], in["repeat"] = due.UTC().Format(time.RFC3339), pick(dice, repeats)
	}
	var t task
	if err := u.api(ctx, http.MethodPost, "tasks", in, &t); err != nil {
		return err
	}
	u.open = append(u.open, t.ID)
	return nil
}

func (u *user) complete(ctx context.Context, dice *rand.Rand) error {
	if len(u.open) == 0 {
		return u.list(ctx, "open")
	}
	i := dice.IntN(len(u.open))
	id := u.open[i]
	u.open = append(u.open[:i], u.open[i+1:]...)
	var done struct{ Next *task }
	if err := u.api(ctx, http.MethodPost, "tasks/"+id+"/complete", nil, &done); err != nil {
		return err
	}
	if done.Next != nil {
		u.open = append(u.open, done.Next.ID)
	}
	return nil
}

func (u *user) edit(ctx context.Context, dice *rand.Rand) error {
	if len(u.open) == 0 {
		return u.list(ctx, "open")
	}
	id := pick(dice, u.open)
	return u.api(ctx, http.MethodPatch, "tasks/"+id, object{"priority": pick(dice, priorities), "notes": "Moved things around."}, nil)
}

// tidy deletes the oldest done tasks, and open ones beyond what a person keeps.
func (u *user) tidy(ctx context.Context) error {
	old, err := u.beyond(ctx, "done", keptDone)
	if err != nil {
		return err
	}
	more, err := u.beyond(ctx, "open", maxOpen)
	if err != nil {
		return err
	}
	old = append(old, more...)
	for _, t := range old[:min(len(old), perTidy)] {
		if err := u.api(ctx, http.MethodDelete, "tasks/"+t.ID, nil, nil); err != nil && status(err) != http.StatusNotFound {
			return err
		}
	}
	return u.list(ctx, "open")
}

func (u *user) beyond(ctx context.Context, status string, keep int) ([]task, error) {
	var page struct{ Tasks []task }
	err := u.api(ctx, http.MethodGet, "tasks?status="+status+"&limit=100", nil, &page)
	if err != nil || len(page.Tasks) <= keep {
		return nil, err
	}
	return page.Tasks[keep:], nil
}

func (u *user) api(ctx context.Context, method, path string, in, out any) error {
	err := u.send(ctx, method, "/planner/api/v1/"+path, in, out)
	if status(err) == http.StatusUnauthorized {
		u.token = ""
	}
	return err
}

// send signs in even users by cookie, as a browser does, and odd ones by token.
func (u *user) send(ctx context.Context, method, path string, in, out any) error {
	req, err := u.c.request(ctx, method, path, in)
	if err != nil {
		return err
	}
	switch {
	case u.token == "":
	case u.index%2 == 0:
		req.AddCookie(&http.Cookie{Name: "planner_session", Value: u.token})
		req.Header.Set("Sec-Fetch-Site", "same-origin")
	default:
		req.Header.Set("Authorization", "Bearer "+u.token)
	}
	return u.c.do(req, out)
}

func pick[T any](dice *rand.Rand, from []T) T { return from[dice.IntN(len(from))] }

// caller speaks HTTP with the planner.
type caller struct {
	base string
	http *http.Client
}

func (c *caller) request(ctx context.Context, method, path string, in any) (*http.Request, error) {
	var body string
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		body = string(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", "tripod-demo")
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

// refused is an answer of 400 and above.
type refused int

func (r refused) Error() string { return fmt.Sprintf("the planner answered %d", int(r)) }

func status(err error) int {
	r, _ := err.(refused)
	return int(r)
}
