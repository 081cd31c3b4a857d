package planapi

import (
	"context"
	"net/http"
	"time"

	"tripod/planner"
)

// Planner is what the API asks.
type Planner interface {
	Accounts
	Tasks
	Streak(ctx context.Context, u planner.User) (planner.Calendar, error)
}

// Accounts makes, opens and closes accounts.
type Accounts interface {
	SignUp(ctx context.Context, n planner.NewUser) (planner.Grant, error)
	Login(ctx context.Context, email, password string) (planner.Grant, error)
	Logout(ctx context.Context, token string) error
	Authenticate(ctx context.Context, token string) (planner.User, error)
	UpdateUser(ctx context.Context, u planner.User, p planner.Profile) (planner.User, error)
	CloseAccount(ctx context.Context, u planner.User) error
}

// Tasks keeps a user's tasks.
type Tasks interface {
	CreateTask(ctx context.Context, u planner.User, d planner.Draft) (planner.Task, error)
	Task(ctx context.Context, u planner.User, id string) (planner.Task, error)
	Tasks(ctx context.Context, u planner.User, f planner.Filter) (planner.Page, error)
	Counts(ctx context.Context, u planner.User) (planner.Counts, error)
	UpdateTask(ctx context.Context, u planner.User, id string, p planner.Patch) (planner.Task, error)
	DeleteTask(ctx context.Context, u planner.User, id string) error
	CompleteTask(ctx context.Context, u planner.User, id string) (planner.Task, *planner.Task, error)
}

// Limiter counts attempts to sign in; zero lets one through. Its answer holds
// even with an error.
type Limiter interface {
	Allow(ctx context.Context, ip string) (wait time.Duration, err error)
}

// Faults can be switched on and off. An unknown name is planner.ErrNotFound.
type Faults interface {
	List() []planner.Fault
	Switch(ctx context.Context, name string, on bool, d time.Duration) (planner.Fault, error)
}

// Options of an API.
type Options struct {
	Limiter Limiter // required
	Faults  Faults  // nil: there are none, and asking for them says why
}

// API answers under /api/v1/.
type API struct {
	planner Planner
	limiter Limiter
	faults  Faults
	cross   *http.CrossOriginProtection
}

// New makes an API; Register mounts it.
func New(p Planner, o Options) *API {
	return &API{planner: p, limiter: o.Limiter, faults: o.Faults, cross: http.NewCrossOriginProtection()}
}

// routes are all patterns, below Prefix on the outside and without it inside.
func (a *API) routes() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"POST /api/v1/signup":              a.open(a.signUp),
		"POST /api/v1/login":               a.open(a.login),
		"POST /api/v1/logout":              a.signedIn(a.logout),
		"GET /api/v1/me":                   a.signedIn(a.me),
		"PATCH /api/v1/me":                 a.signedIn(a.updateMe),
		"DELETE /api/v1/me":                a.signedIn(a.closeAccount),
		"GET /api/v1/tasks":                a.signedIn(a.listTasks),
		"POST /api/v1/tasks":               a.signedIn(a.createTask),
		"GET /api/v1/tasks/{id}":           a.signedIn(a.getTask),
		"PATCH /api/v1/tasks/{id}":         a.signedIn(a.patchTask),
		"DELETE /api/v1/tasks/{id}":        a.signedIn(a.deleteTask),
		"POST /api/v1/tasks/{id}/complete": a.signedIn(a.completeTask),
		"GET /api/v1/streak":               a.signedIn(a.streak),
		"GET /api/v1/faults":               a.open(a.listFaults),
		"POST /api/v1/faults/{name}":       a.open(a.switchFault),
		"DELETE /api/v1/faults/{name}":     a.open(a.endFault),
	}
}

// Register mounts every route, and an answer for what is no route.
func (a *API) Register(mux *http.ServeMux) {
	for pattern, h := range a.routes() {
		mux.HandleFunc(pattern, h)
	}
	mux.HandleFunc("/api/v1/", a.nowhere)
}

// nowhere tells a wrong method from a wrong path.
func (a *API) nowhere(w http.ResponseWriter, r *http.Request) {
	writeProblem(w, r, Problem{Status: http.StatusNotFound, Title: "There is nothing here",
		Detail: "No such path, or not with the method " + r.Method + "."})
}
