package planweb

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"tripod/planner"
	"tripod/ui"
	"tripod/web/planapi"
)

// fakeAPI holds one user's tasks; down makes everything fail.
type fakeAPI struct {
	tasks []planner.Task
	down  error
	fault map[string]bool
}

const good = "good-token"

func (f *fakeAPI) check(token string) error {
	if f.down != nil {
		return f.down
	}
	if token != good {
		return planner.ErrUnauthorized
	}
	return nil
}

func (f *fakeAPI) SignUp(_ context.Context, n planner.NewUser) (planner.Grant, error) {
	if len(n.Password) < 8 {
		return planner.Grant{}, &planner.FieldError{Field: "password", Reason: "is too short"}
	}
	return planner.Grant{Token: good, User: planner.User{Name: n.Name, Zone: "UTC"}}, f.down
}

func (f *fakeAPI) Login(_ context.Context, _, password string) (planner.Grant, error) {
	if password != "right" {
		return planner.Grant{}, planner.ErrUnauthorized
	}
	return planner.Grant{Token: good}, f.down
}
func (f *fakeAPI) Logout(context.Context, string) error { return f.down }
func (f *fakeAPI) Me(_ context.Context, token string) (planner.User, error) {
	return planner.User{Name: "Ada <b>", Email: "ada@example.com", Zone: "UTC"}, f.check(token)
}

func (f *fakeAPI) Tasks(_ context.Context, token string, q planner.Filter) (planner.Page, error) {
	var p planner.Page
	for _, t := range f.tasks {
		if t.Done() == (q.Status == planner.Done) {
			p.Tasks = append(p.Tasks, t)
		}
	}
	return p, f.check(token)
}

func (f *fakeAPI) Create(_ context.Context, token string, d planner.Draft) (planner.Task, error) {
	if err := f.check(token); err != nil {
		return planner.Task{}, err
	}
	if d.Title == "refused" {
		return planner.Task{}, &planner.FieldError{Field: "title", Reason: "is refused"}
	}
	f.tasks = append(f.tasks, planner.Task{ID: d.Title, Title: d.Title, Due: d.Due, Priority: d.Priority, Repeat: d.Repeat})
	return f.tasks[len(f.tasks)-1], nil
}

func (f *fakeAPI) Reopen(_ context.Context, token, _ string) error { return f.check(token) }
func (f *fakeAPI) Complete(_ context.Context, token, id string) error {
	for i := range f.tasks {
		if f.tasks[i].ID == id {
			f.tasks[i].Completed = noon
			return f.check(token)
		}
	}
	return planner.ErrNotFound
}
func (f *fakeAPI) Delete(_ context.Context, token, _ string) error { return f.check(token) }
func (f *fakeAPI) Streak(_ context.Context, token string) (planner.Calendar, error) {
	today := planner.DayOf(noon)
	return planner.CalendarOf(planner.Streak{Current: 17, Best: 41, Last: today}, []planner.DayCount{{Day: today, Done: 3}}, today), f.check(token)
}
func (f *fakeAPI) Faults(context.Context) ([]planner.Fault, error) {
	return []planner.Fault{{Name: "slow-db", Title: "Slow database", On: f.fault["slow-db"]}}, f.down
}
func (f *fakeAPI) SetFault(_ context.Context, name string, on bool) error {
	f.fault = map[string]bool{name: on}
	return nil
}

func serve(t *testing.T, api *fakeAPI, method, path, session string, form url.Values) *httptest.ResponseRecorder {
	t.Helper()
	p := New(api, Options{
		Assets: func(files ...string) ui.Assets { return ui.Assets{Styles: files} }, Headers: func(http.Header) {}, Guest: true,
		Now: func() time.Time { return noon }, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if session != "" {
		r.AddCookie(&http.Cookie{Name: planapi.Cookie, Value: session})
	}
	w := httptest.NewRecorder()
	w.Header().Set(traceHeader, "0af7651916cd43dd8448eb211c80319c")
	p.ServeHTTP(w, r)
	return w
}

func wantText(t *testing.T, w *httptest.ResponseRecorder, status int, texts ...string) {
	t.Helper()
	if w.Code != status {
		t.Errorf("status %d, want %d", w.Code, status)
	}
	for _, text := range texts {
		if !strings.Contains(w.Body.String(), text) {
			t.Errorf("page lacks %q:\n%s", text, w.Body)
		}
	}
}

func TestDayShowsTasksByWhenTheyAreDue(t *testing.T) {
	api := &fakeAPI{tasks: []planner.Task{
		{ID: "1", Title: "Send invoice", Due: noon.AddDate(0, 0, -1), Priority: planner.High},
		{ID: "2", Title: "Evening run", Due: noon.Add(6 * time.Hour), Repeat: planner.Weekdays},
		{ID: "3", Title: "Plan the sprint", Due: noon.Add(22 * time.Hour)},
		{ID: "4", Title: "Stretch", Completed: noon.Add(-time.Hour)},
	}}
	w := serve(t, api, "GET", "/planner/", good, nil)
	wantText(t, w, 200, "Thursday, 12 March", "<b>1 of 3</b>", "Overdue", "yesterday", "Every weekday", "18:00", "Tomorrow", "Fri 10:00",
		"Your 17-day streak is safe today.", "best 41", "Ada &lt;b&gt;", "Slow database", "/xray?page=0af7651916cd43dd8448eb211c80319c")
}

func TestWithoutASessionThereIsTheGate(t *testing.T) {
	for _, session := range []string{"", "stale"} {
		wantText(t, serve(t, &fakeAPI{}, "GET", "/planner/", session, nil), 200, "Sign in", "Create account", "Look around")
	}
}

func TestAnActionLeadsBackWithItsTrace(t *testing.T) {
	api := &fakeAPI{}
	w := serve(t, api, "POST", "/planner/tasks?view=upcoming", good, url.Values{"text": {"Call the dentist 9:00 !high"}})
	if got, want := w.Header().Get("Location"), "/planner/?did=0af7651916cd43dd8448eb211c80319c&view=upcoming"; w.Code != 303 || got != want {
		t.Errorf("got %d to %q, want 303 to %q", w.Code, got, want)
	}
	if len(api.tasks) != 1 || api.tasks[0].Title != "Call the dentist" || api.tasks[0].Priority != planner.High {
		t.Errorf("tasks %+v", api.tasks)
	}
	wantText(t, serve(t, api, "GET", "/planner/?did=abc", good, nil), 200, "/xray?did=abc&amp;page=0af7651916cd43dd8448eb211c80319c")
}

func TestARefusedTaskStaysInTheField(t *testing.T) {
	w := serve(t, &fakeAPI{}, "POST", "/planner/tasks", good, url.Values{"text": {"refused"}})
	wantText(t, w, 422, `value="refused"`, "Title: is refused.")
}

func TestAnAPIThatIsAwayIsSaidInPlainWords(t *testing.T) {
	api := &fakeAPI{down: errors.New("dial tcp 127.0.0.1:1: connection refused")}
	w := serve(t, api, "GET", "/planner/", good, nil)
	wantText(t, w, 503, "cannot be shown right now")
	w = serve(t, api, "POST", "/planner/tasks/1/delete", good, nil)
	wantText(t, w, 503, "something is not working right now")
	if strings.Contains(w.Body.String(), "dial tcp") {
		t.Error("the page shows what only an engineer understands")
	}
}

func TestSigningInAndUp(t *testing.T) {
	wantText(t, serve(t, &fakeAPI{}, "POST", "/planner/signin", "", url.Values{"email": {"a@example.com"}, "password": {"wrong"}}), 401, "do not belong together", `value="a@example.com"`)
	wantText(t, serve(t, &fakeAPI{}, "POST", "/planner/signup", "", url.Values{"password": {"short"}}), 422, "Password: is too short.")
	w := serve(t, &fakeAPI{}, "POST", "/planner/signin", "", url.Values{"password": {"right"}})
	c := w.Result().Cookies()
	if w.Code != 303 || len(c) != 1 || c[0].Value != good || !c[0].HttpOnly || c[0].SameSite != http.SameSiteLaxMode {
		t.Errorf("got %d with cookies %v", w.Code, c)
	}
}

func TestGuestsFindTasks(t *testing.T) {
	api := &fakeAPI{}
	if w := serve(t, api, "POST", "/planner/guest", "", url.Values{}); w.Code != 303 || len(api.tasks) != len(guestTasks) {
		t.Errorf("got %d and %d tasks", w.Code, len(api.tasks))
	}
}

func TestFaultsAreSwitched(t *testing.T) {
	api := &fakeAPI{}
	serve(t, api, "POST", "/planner/faults/slow-db", good, url.Values{"on": {"true"}})
	if !api.fault["slow-db"] {
		t.Error("not on")
	}
	wantText(t, serve(t, api, "GET", "/planner/", good, nil), 200, "Mend")
	serve(t, api, "POST", "/planner/faults/slow-db", good, url.Values{"on": {"false"}})
	if api.fault["slow-db"] {
		t.Error("not off")
	}
}
