package planweb

import (
	"context"
	"errors"
	"strings"
	"time"

	"tripod/planner"
	"tripod/web/planapi"
)

// Remote is planner-api over HTTP, in the planner's own words.
type Remote struct{ client *planapi.Client }

// NewRemote asks through a client, which carries the trace along.
func NewRemote(c *planapi.Client) Remote { return Remote{c} }

func (r Remote) SignUp(ctx context.Context, n planner.NewUser) (planner.Grant, error) {
	g, err := r.client.SignUp(ctx, planapi.SignUp{Email: n.Email, Password: n.Password, Name: n.Name, Zone: n.Zone})
	return grant(g), words(err)
}

func (r Remote) Login(ctx context.Context, email, password string) (planner.Grant, error) {
	g, err := r.client.Login(ctx, planapi.Login{Email: email, Password: password})
	return grant(g), words(err)
}

func (r Remote) Logout(ctx context.Context, token string) error {
	return words(r.client.As(token).Logout(ctx))
}

func (r Remote) Me(ctx context.Context, token string) (planner.User, error) {
	u, err := r.client.As(token).Me(ctx)
	return user(u), words(err)
}

func (r Remote) Tasks(ctx context.Context, token string, f planner.Filter) (planner.Page, error) {
	list, err := r.client.As(token).Tasks(ctx, planapi.Query{Status: string(f.Status), Text: f.Text, Priority: string(f.Priority), Limit: f.Limit, Cursor: f.Cursor})
	page := planner.Page{Next: list.Next}
	for _, t := range list.Tasks {
		page.Tasks = append(page.Tasks, task(t))
	}
	return page, words(err)
}

func (r Remote) Create(ctx context.Context, token string, d planner.Draft) (planner.Task, error) {
	t, err := r.client.As(token).CreateTask(ctx, planapi.Draft{
		Title: d.Title, Notes: d.Notes, Priority: string(d.Priority), Repeat: string(d.Repeat),
		Due: planapi.Due{Set: !d.Due.IsZero(), At: d.Due},
	})
	return task(t), words(err)
}

func (r Remote) Reopen(ctx context.Context, token, id string) error {
	open := string(planner.Open)
	_, err := r.client.As(token).PatchTask(ctx, id, planapi.Patch{Status: &open})
	return words(err)
}

func (r Remote) Complete(ctx context.Context, token, id string) error {
	_, err := r.client.As(token).CompleteTask(ctx, id)
	return words(err)
}

func (r Remote) Delete(ctx context.Context, token, id string) error {
	return words(r.client.As(token).DeleteTask(ctx, id))
}

func (r Remote) Streak(ctx context.Context, token string) (planner.Calendar, error) {
	s, err := r.client.As(token).Streak(ctx)
	if err != nil {
		return planner.Calendar{}, words(err)
	}
	c := planner.Calendar{Streak: planner.Streak{Current: s.Current, Best: s.Best}}
	if c.Today, err = planner.ParseDay(s.Today); err != nil {
		return c, err
	}
	for _, d := range s.Days {
		day, err := planner.ParseDay(d.Day)
		if err != nil {
			return c, err
		}
		c.Days = append(c.Days, planner.DayCount{Day: day, Done: d.Done})
	}
	return c, nil
}

func (r Remote) Faults(ctx context.Context) ([]planner.Fault, error) {
	all, err := r.client.Faults(ctx)
	var out []planner.Fault
	for _, f := range all {
		out = append(out, planner.Fault{Name: f.Name, Title: f.Title, Description: f.Description, On: f.On})
	}
	return out, words(err)
}

func (r Remote) SetFault(ctx context.Context, name string, on bool) error {
	_, err := r.client.SwitchFault(ctx, name, planapi.Switch{On: &on})
	return words(err)
}

// words turns a problem with a field into the planner's error of that field;
// others compare with the planner's as they are.
func words(err error) error {
	var p *planapi.Problem
	if errors.As(err, &p) && p.Field != "" {
		return &planner.FieldError{Field: p.Field, Reason: strings.TrimPrefix(p.Detail, p.Field+": ")}
	}
	return err
}

func grant(g planapi.Grant) planner.Grant {
	return planner.Grant{User: user(g.User), Token: g.Token, Expires: g.Expires}
}

func user(u planapi.User) planner.User {
	return planner.User{ID: u.ID, Email: u.Email, Name: u.Name, Zone: u.Zone, Created: u.Created}
}

func task(t planapi.Task) planner.Task {
	at := func(p *time.Time) time.Time {
		if p == nil {
			return time.Time{}
		}
		return *p
	}
	return planner.Task{
		ID: t.ID, Title: t.Title, Notes: t.Notes, Priority: planner.Priority(t.Priority), Repeat: planner.Repeat(t.Repeat),
		Due: at(t.Due), Created: t.Created, Updated: t.Updated, Completed: at(t.Completed), Reminded: at(t.Reminded),
	}
}
