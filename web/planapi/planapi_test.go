package planapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"tripod/planner"
)

// fakePlanner answers what the test says.
type fakePlanner struct {
	Planner // nil: a call that a test does not expect panics
	err     error
	draft   planner.Draft
	patch   planner.Patch
	filter  planner.Filter
}

var ada = planner.User{ID: "u_1", Email: "ada@example.com", Name: "Ada", Zone: "UTC"}

func (f *fakePlanner) Authenticate(_ context.Context, token string) (planner.User, error) {
	if token != "good" {
		return planner.User{}, planner.ErrUnauthorized
	}
	return ada, nil
}
func (f *fakePlanner) SignUp(_ context.Context, n planner.NewUser) (planner.Grant, error) {
	return planner.Grant{User: ada, Token: "good", Expires: time.Now().Add(time.Hour)}, f.err
}
func (f *fakePlanner) Login(context.Context, string, string) (planner.Grant, error) {
	return planner.Grant{User: ada, Token: "good", Expires: time.Now().Add(time.Hour)}, f.err
}
func (f *fakePlanner) Logout(context.Context, string) error { return f.err }
func (f *fakePlanner) CreateTask(_ context.Context, _ planner.User, d planner.Draft) (planner.Task, error) {
	f.draft = d
	return planner.Task{ID: "t_1", Title: d.Title, Due: d.Due}, f.err
}
func (f *fakePlanner) UpdateTask(_ context.Context, _ planner.User, _ string, p planner.Patch) (planner.Task, error) {
	f.patch = p
	return planner.Task{ID: "t_1"}, f.err
}
func (f *fakePlanner) Tasks(_ context.Context, _ planner.User, q planner.Filter) (planner.Page, error) {
	f.filter = q
	return planner.Page{}, f.err
}
func (f *fakePlanner) Counts(context.Context, planner.User) (planner.Counts, error) {
	return planner.Counts{Open: 3}, nil
}

type fakeLimiter struct {
	wait time.Duration
	ip   string
}

func (l *fakeLimiter) Allow(_ context.Context, ip string) (time.Duration, error) {
	l.ip = ip
	return l.wait, nil
}

func serve(p *fakePlanner, o Options, r *http.Request) *httptest.ResponseRecorder {
	if o.Limiter == nil {
		o.Limiter = &fakeLimiter{}
	}
	mux := http.NewServeMux()
	New(p, o).Register(mux)
	w := httptest.NewRecorder()
	r.Header.Set("X-Request-Id", "req_1")
	mux.ServeHTTP(w, r)
	return w
}

func request(method, path, body string, header ...string) *http.Request {
	r := httptest.NewRequest(method, "http://planner.example"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer good")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

func TestErrorsNameWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		method, path, body string
		err                error
		status             int
		field, detail      string
	}{
		"a field of no meaning":     {"POST", "/api/v1/tasks", `{"title":"a","colour":"red"}`, nil, 422, "colour", "not a field"},
		"a field of another kind":   {"POST", "/api/v1/tasks", `{"title":7}`, nil, 422, "title", "number"},
		"a due time of no form":     {"POST", "/api/v1/tasks", `{"title":"a","due":"soon"}`, nil, 422, "due", "2026-03-12"},
		"a rule":                    {"POST", "/api/v1/tasks", `{}`, &planner.FieldError{Field: "title", Reason: "is missing"}, 422, "title", "is missing"},
		"broken JSON":               {"POST", "/api/v1/tasks", `{"title":`, nil, 400, "", "ends too early"},
		"JSON with a slip":          {"POST", "/api/v1/tasks", `{"title" "a"}`, nil, 400, "", "byte 10"},
		"JSON and more":             {"POST", "/api/v1/tasks", `{"title":"a"} {}`, nil, 400, "", "more after"},
		"JSON of another kind":      {"POST", "/api/v1/tasks", `[]`, nil, 400, "", "array"},
		"a body without end":        {"POST", "/api/v1/tasks", strings.Repeat(" ", maxBody+1), nil, 413, "", "65536"},
		"a parameter of no meaning": {"GET", "/api/v1/tasks?colour=red", "", nil, 422, "colour", "not a parameter"},
		"a limit that is none":      {"GET", "/api/v1/tasks?limit=many", "", nil, 422, "limit", "1 to 200"},
		"a status of no meaning":    {"PATCH", "/api/v1/tasks/t_1", `{"status":"lost"}`, nil, 422, "status", "neither"},
		"an address that is taken":  {"POST", "/api/v1/signup", `{}`, fmt.Errorf("save: %w", planner.ErrConflict), 409, "email", "account already"},
		"a store that is busy":      {"POST", "/api/v1/tasks", `{}`, fmt.Errorf("secret: %w", planner.ErrUnavailable), 503, "", ""},
		"an error of ours":          {"POST", "/api/v1/tasks", `{}`, errors.New("secret table"), 500, "", ""},
		"a path that is none":       {"GET", "/api/v1/other", "", nil, 404, "", "No such path"},
		"a method that is none":     {"PUT", "/api/v1/tasks", "", nil, 404, "", "PUT"},
		"a fault without the demo":  {"POST", "/api/v1/faults/slow-db", "", nil, 404, "", "tripod demo"},
	} {
		t.Run(name, func(t *testing.T) {
			w := serve(&fakePlanner{err: c.err}, Options{}, request(c.method, c.path, c.body))
			var p Problem
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
				t.Fatalf("%v in %s", err, w.Body)
			}
			if w.Code != c.status || p.Status != c.status || p.Field != c.field || !strings.Contains(p.Detail, c.detail) {
				t.Errorf("got %d %+v, want %d, field %q, %q", w.Code, p, c.status, c.field, c.detail)
			}
			if p.ReqID != "req_1" || p.Title == "" || w.Header().Get("Content-Type") != "application/problem+json" {
				t.Errorf("not a whole problem: %+v", p)
			}
			if strings.Contains(w.Body.String(), "secret") {
				t.Error("the answer tells what is ours to know")
			}
		})
	}
}

func TestDueIsATimeOrTheEndOfADay(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want time.Time
		set  bool
	}{
		"a time":       {`{"due":"2026-03-12T09:00:00+01:00"}`, time.Date(2026, 3, 12, 8, 0, 0, 0, time.UTC), true},
		"a day":        {`{"due":"2026-03-12"}`, time.Date(2026, 3, 12, 23, 59, 0, 0, time.UTC), true},
		"taken away":   {`{"due":null}`, time.Time{}, true},
		"not touched":  {`{}`, time.Time{}, false},
		"other fields": {`{"title":"a","status":"open"}`, time.Time{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := &fakePlanner{}
			if w := serve(p, Options{}, request("PATCH", "/api/v1/tasks/t_1", c.body)); w.Code != 200 {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			switch {
			case (p.patch.Due != nil) != c.set:
				t.Errorf("due given: %v, want %v", p.patch.Due != nil, c.set)
			case c.set && !p.patch.Due.Equal(c.want):
				t.Errorf("got %v, want %v", p.patch.Due, c.want)
			}
		})
	}
}

func TestWhoMayDoWhat(t *testing.T) {
	const body = `{"title":"a"}`
	for name, c := range map[string]struct {
		header []string
		status int
	}{
		"a token":                        {nil, 201},
		"a token from another site":      {[]string{"Sec-Fetch-Site", "cross-site"}, 201}, // the token is no cookie
		"a wrong token":                  {[]string{"Authorization", "Bearer bad"}, 401},
		"another kind of token":          {[]string{"Authorization", "Basic good"}, 401},
		"nothing":                        {[]string{"Authorization", ""}, 401},
		"a cookie from our page":         {[]string{"Authorization", "", "Cookie", Cookie + "=good", "Sec-Fetch-Site", "same-origin"}, 201},
		"a cookie from our origin":       {[]string{"Authorization", "", "Cookie", Cookie + "=good", "Origin", "http://planner.example"}, 201},
		"a cookie from a foreign page":   {[]string{"Authorization", "", "Cookie", Cookie + "=good", "Sec-Fetch-Site", "cross-site"}, 403},
		"a cookie from another origin":   {[]string{"Authorization", "", "Cookie", Cookie + "=good", "Origin", "http://evil.example"}, 403},
		"a cookie of a sibling's page":   {[]string{"Authorization", "", "Cookie", Cookie + "=good", "Sec-Fetch-Site", "same-site"}, 403},
		"a body that is no JSON by name": {[]string{"Content-Type", "text/plain"}, 415},
	} {
		t.Run(name, func(t *testing.T) {
			if w := serve(&fakePlanner{}, Options{}, request("POST", "/api/v1/tasks", body, c.header...)); w.Code != c.status {
				t.Errorf("got %d %s, want %d", w.Code, w.Body, c.status)
			}
		})
	}
	for _, path := range []string{"/api/v1/login", "/api/v1/signup", "/api/v1/faults/slow-db"} {
		if w := serve(&fakePlanner{}, Options{}, request("POST", path, "{}", "Sec-Fetch-Site", "cross-site")); w.Code != 403 {
			t.Errorf("%s from another site: got %d, want 403", path, w.Code)
		}
	}
}

func TestSessionCookieIsKeptFromScripts(t *testing.T) {
	for name, c := range map[string]struct {
		header []string
		secure bool
	}{
		"plain":       {nil, false},
		"behind TLS":  {[]string{"X-Forwarded-Proto", "https"}, true},
		"plain proxy": {[]string{"X-Forwarded-Proto", "http"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := request("POST", "/api/v1/login", "{}", c.header...)
			r.RemoteAddr = "127.0.0.1:5"
			got := serve(&fakePlanner{}, Options{}, r).Result().Cookies()
			if len(got) != 1 {
				t.Fatalf("%d cookies, want one", len(got))
			}
			k := got[0]
			if k.Name != Cookie || k.Value != "good" || !k.HttpOnly || k.SameSite != http.SameSiteLaxMode || k.Path != "/planner" || k.Secure != c.secure {
				t.Errorf("got %+v", k)
			}
		})
	}
	w := serve(&fakePlanner{}, Options{}, request("POST", "/api/v1/logout", ""))
	if k := w.Result().Cookies(); w.Code != 204 || len(k) != 1 || k[0].MaxAge >= 0 {
		t.Errorf("signing out: %d %+v, want the cookie gone", w.Code, k)
	}
}

func TestLoginIsLimitedByTheRealAddress(t *testing.T) {
	for name, c := range map[string]struct{ peer, forwarded, want string }{
		"nobody between":                  {"192.0.2.1:5", "", "192.0.2.1"},
		"a stranger's header is a lie":    {"192.0.2.1:5", "198.51.100.1", "192.0.2.1"},
		"our proxy knows":                 {"127.0.0.1:5", "198.51.100.1", "198.51.100.1"},
		"our proxies know":                {"[::1]:5", "198.51.100.1, 127.0.0.1", "198.51.100.1"},
		"what the client adds is no hop":  {"127.0.0.1:5", "10.0.0.1, 198.51.100.1", "198.51.100.1"},
		"somebody on this machine":        {"127.0.0.1:5", "127.0.0.1", "127.0.0.1"},
		"a header that is no address":     {"127.0.0.1:5", "me", "127.0.0.1"},
		"an address of six in four dress": {"127.0.0.1:5", "::ffff:198.51.100.1", "198.51.100.1"},
	} {
		t.Run(name, func(t *testing.T) {
			l := &fakeLimiter{wait: 1500 * time.Millisecond}
			r := request("POST", "/api/v1/login", "{}", "X-Forwarded-For", c.forwarded)
			r.RemoteAddr = c.peer
			w := serve(&fakePlanner{}, Options{Limiter: l}, r)
			if w.Code != 429 || w.Header().Get("Retry-After") != "2" {
				t.Errorf("got %d, Retry-After %q, want 429 and 2", w.Code, w.Header().Get("Retry-After"))
			}
			if l.ip != c.want {
				t.Errorf("counted %s, want %s", l.ip, c.want)
			}
		})
	}
}

type fakeFaults struct {
	name string
	on   bool
	d    time.Duration
}

func (f *fakeFaults) List() []planner.Fault { return []planner.Fault{{Name: "slow-db"}} }
func (f *fakeFaults) Switch(_ context.Context, name string, on bool, d time.Duration) (planner.Fault, error) {
	f.name, f.on, f.d = name, on, d
	return planner.Fault{Name: name, On: on}, nil
}

func TestFaultsAreSwitched(t *testing.T) {
	for name, c := range map[string]struct {
		method, body string
		status       int
		on           bool
		d            time.Duration
	}{
		"no body is on":     {"POST", "", 200, true, defaultFault},
		"on for a while":    {"POST", `{"on":true,"minutes":3}`, 200, true, 3 * time.Minute},
		"minutes alone":     {"POST", `{"minutes":3}`, 200, true, 3 * time.Minute},
		"off":               {"POST", `{"on":false}`, 200, false, defaultFault},
		"off by deleting":   {"DELETE", "", 200, false, 0},
		"longer than a day": {"POST", `{"minutes":9999}`, 422, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fakeFaults{}
			w := serve(&fakePlanner{}, Options{Faults: f}, request(c.method, "/api/v1/faults/slow-db", c.body))
			if w.Code != c.status || f.on != c.on || f.d != c.d {
				t.Errorf("got %d %+v, want %d %v %v", w.Code, f, c.status, c.on, c.d)
			}
		})
	}
}

func TestClientAndAPIUnderstandEachOther(t *testing.T) {
	p := &fakePlanner{}
	limiter := &fakeLimiter{}
	api := http.NewServeMux()
	New(p, Options{Limiter: limiter, Faults: &fakeFaults{}}).Register(api)
	srv := httptest.NewServer(api)
	defer srv.Close()
	c := &Client{Base: srv.URL, HTTP: srv.Client()}
	ctx := withCaller(t.Context(), Caller{IP: "198.51.100.7", Proto: "https"})
	g, err := c.Login(ctx, Login{Email: "ada@example.com", Password: "x"})
	if err != nil || g.Token != "good" || g.User.Name != "Ada" {
		t.Fatalf("login: %+v %v", g, err)
	}
	if limiter.ip != "198.51.100.7" {
		t.Errorf("the limit counts %s, want the page's own visitor", limiter.ip)
	}
	me := c.As(g.Token)
	due := time.Date(2026, 3, 12, 9, 0, 0, 0, time.UTC)
	if _, err := me.CreateTask(ctx, Draft{Title: "a", Due: Due{Set: true, At: due}}); err != nil || !p.draft.Due.Equal(due) {
		t.Errorf("create: due %v %v, want %v", p.draft.Due, err, due)
	}
	l, err := me.Tasks(ctx, Query{Status: "open", Text: "a b&c", Limit: 7, Priority: "high", Cursor: "x"})
	want := planner.Filter{Status: "open", Text: "a b&c", Limit: 7, Priority: "high", Cursor: "x"}
	if err != nil || l.Counts.Open != 3 || p.filter != want {
		t.Errorf("tasks: %+v %+v %v, want %+v", l, p.filter, err, want)
	}
	if _, err := me.PatchTask(ctx, "t_1", Patch{Due: Due{Set: true}}); err != nil || p.patch.Due == nil || !p.patch.Due.IsZero() {
		t.Errorf("patch: %+v %v, want the due time taken away", p.patch, err)
	}
	if _, err := c.Me(ctx); !errors.Is(err, planner.ErrUnauthorized) {
		t.Errorf("as nobody: got %v, want ErrUnauthorized", err)
	}
	if f, err := c.Faults(ctx); err != nil || len(f) != 1 {
		t.Errorf("faults: %v %v", f, err)
	}
	p.err = &planner.FieldError{Field: "title", Reason: "is missing"}
	var problem *Problem
	if _, err := me.CreateTask(ctx, Draft{}); !errors.As(err, &problem) || problem.Field != "title" || !errors.Is(err, planner.ErrInvalid) {
		t.Errorf("got %v, want the field named", err)
	}
}

func TestFrontForwardsTheAPIAndMountsPages(t *testing.T) {
	var got *http.Request
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		w.Header().Set("X-Trace-Id", "inner")
		w.WriteHeader(http.StatusTeapot)
	}))
	defer api.Close()
	to, err := url.Parse(api.URL)
	if err != nil {
		t.Fatal(err)
	}
	front := Front{API: to, Transport: http.DefaultTransport}
	r := request("POST", "/planner/api/v1/tasks/a%2Fb/complete?x=1", "", "X-Forwarded-For", "198.51.100.1")
	r.RemoteAddr = "127.0.0.1:5"
	w := httptest.NewRecorder()
	front.Mux().ServeHTTP(w, r)
	if w.Code != http.StatusTeapot || w.Header().Get("X-Trace-Id") != "" {
		t.Errorf("got %d %v", w.Code, w.Header())
	}
	if got.URL.EscapedPath() != "/api/v1/tasks/a%2Fb/complete" || got.Host != "planner.example" || got.Header.Get("X-Forwarded-For") != "198.51.100.1" {
		t.Errorf("forwarded %s of %s for %s", got.URL, got.Host, got.Header.Get("X-Forwarded-For"))
	}
	if r.Pattern != "POST /planner/api/v1/tasks/{id}/complete" {
		t.Errorf("route %q is not the API's own", r.Pattern)
	}

	w = httptest.NewRecorder()
	front.Mux().ServeHTTP(w, request("GET", "/planner/", ""))
	if w.Code != 404 {
		t.Errorf("without pages: got %d, want 404", w.Code)
	}
	front.Pages = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller, _ := r.Context().Value(callerKey{}).(Caller)
		fmt.Fprint(w, caller.IP)
		r.Pattern = "GET /planner/inner"
	})
	w = httptest.NewRecorder()
	r = request("GET", "/planner/", "", "X-Forwarded-For", "198.51.100.1")
	r.RemoteAddr = "127.0.0.1:5"
	front.Mux().ServeHTTP(w, r)
	if w.Body.String() != "198.51.100.1" || r.Pattern != "GET /planner/inner" {
		t.Errorf("pages: got %q with route %q", w.Body, r.Pattern)
	}
	w = httptest.NewRecorder()
	front.Mux().ServeHTTP(w, request("POST", "/planner/", "", "Sec-Fetch-Site", "cross-site"))
	if w.Code != 403 {
		t.Errorf("a form of another site: got %d, want 403", w.Code)
	}

	api.Close()
	w = httptest.NewRecorder()
	front.Mux().ServeHTTP(w, request("GET", "/planner/api/v1/me", ""))
	if w.Code != 502 || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("without planner-api: got %d", w.Code)
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{`{"title":"a","due":"2026-03-12"}`, `{"due":null}`, `{"title":1}`, `[]`, `{"x":1}`, "", "{", `{"due":{}}`, `{"status":"open"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, v := range []any{&Draft{}, &Patch{}, &SignUp{}, &Login{}, &Profile{}, &Switch{}} {
			err := decode(b, v)
			if err != nil {
				if s := problemOf(err).Status; s != 400 && s != 422 {
					t.Fatalf("%q: %v is a %d", b, err, s)
				}
				continue
			}
			again, err := json.Marshal(v)
			if err != nil {
				t.Fatalf("%q was read and cannot be written: %v", b, err)
			}
			if err := decode(again, v); err != nil {
				t.Fatalf("%q was written as %q, which is refused: %v", b, again, err)
			}
		}
	})
}
