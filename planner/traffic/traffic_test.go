package traffic

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestOneSeedMakesOnePlan(t *testing.T) {
	a, b, other := newPlan(7, 5), newPlan(7, 5), newPlan(8, 5)
	same := 0
	for i := range 2000 {
		x, y, z := a.next(), b.next(), other.next()
		if x != y {
			t.Fatalf("step %d: %+v and %+v from one seed", i, x, y)
		}
		if x == z {
			same++
		}
	}
	if same > 10 {
		t.Errorf("another seed made the same %d steps", same)
	}
}

func TestPlanKeepsItsRateAndMix(t *testing.T) {
	p := newPlan(1, 5)
	const n = 20_000
	seen := map[action]int{}
	for range n {
		s := p.next()
		if s.pause < minPause || s.pause > maxPause || s.user < 0 || s.user >= users {
			t.Fatalf("got %+v, out of bounds", s)
		}
		seen[s.action]++
	}
	if rate := n / p.at.Seconds(); rate < 4.5 || rate > 5.5 {
		t.Errorf("rate %.2f steps/s, want about 5", rate)
	}
	for a := range actions {
		if want := weights[a] * n / 1000; seen[a] < want*7/10 || seen[a] > want*13/10 {
			t.Errorf("action %d: %d times, want about %d", a, seen[a], want)
		}
	}
}

func TestFirstSecondShowsEverything(t *testing.T) {
	p := newPlan(1, 5)
	first := p.next()
	for range len(opening) - 1 {
		p.next()
	}
	if first.pause > 300*time.Millisecond || p.at > time.Second {
		t.Errorf("the first step comes after %v, the last of the opening after %v", first.pause, p.at)
	}
}

func TestAddressesAreNobodys(t *testing.T) {
	seen := map[string]bool{}
	for u := range users {
		for g := range 3 * generations {
			a := email(u, g)
			if !strings.HasSuffix(a, "@example.com") {
				t.Errorf("%s is not at example.com", a)
			}
			seen[a] = true
		}
	}
	if len(seen) != users*generations {
		t.Errorf("%d addresses, want %d", len(seen), users*generations)
	}
}

// fakePlanner keeps just enough to be used for a long time.
type fakePlanner struct {
	mu       sync.Mutex
	n        int
	accounts map[string]string // address to token
	tasks    map[string][]*fakeTask
	seen     map[string]int
	most     int
}

type fakeTask struct {
	ID     string `json:"id"`
	Status string `json:"status"`
}

func (f *fakePlanner) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	path := strings.TrimPrefix(r.URL.Path, "/planner/api/v1/")
	kind, id, _ := strings.Cut(strings.TrimSuffix(path, "/complete"), "/")
	f.seen[r.Method+" "+kind]++
	var in struct{ Email, Title, Repeat string }
	json.NewDecoder(r.Body).Decode(&in)
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if c, err := r.Cookie("planner_session"); err == nil {
		token = c.Value
	}
	answer := func(status int, v any) {
		w.WriteHeader(status)
		json.NewEncoder(w).Encode(v)
	}
	switch r.Method + " " + kind {
	case "POST signup":
		if f.accounts[in.Email] != "" {
			answer(409, nil)
			return
		}
		f.n++
		f.accounts[in.Email] = fmt.Sprint("token-", f.n)
		answer(201, map[string]string{"token": f.accounts[in.Email]})
	case "POST login":
		answer(200, map[string]string{"token": f.accounts[in.Email]})
	case "DELETE me":
		for a, tok := range f.accounts {
			if tok == token {
				delete(f.accounts, a)
			}
		}
		delete(f.tasks, token)
	case "POST tasks":
		f.postTask(token, id, in.Title, answer)
	case "DELETE tasks":
		f.tasks[token] = slices.DeleteFunc(f.tasks[token], func(t *fakeTask) bool { return t.ID == id })
	case "GET tasks":
		var page []*fakeTask
		for _, t := range slices.Backward(f.tasks[token]) {
			if s := r.URL.Query().Get("status"); s == "" || s == t.Status {
				page = append(page, t)
			}
		}
		answer(200, map[string]any{"tasks": page[:min(len(page), 100)]})
	}
	f.most = max(f.most, len(f.tasks[token]))
}

func (f *fakePlanner) postTask(token, id, title string, answer func(int, any)) {
	switch {
	case id != "":
		for _, t := range f.tasks[token] {
			if t.ID == id {
				t.Status = "done"
			}
		}
		next := &fakeTask{ID: fmt.Sprint("t", f.n), Status: "open"} // everything repeats
		f.n++
		f.tasks[token] = append(f.tasks[token], next)
		answer(200, map[string]any{"next": next})
	case title == "":
		answer(422, nil)
	default:
		f.n++
		t := &fakeTask{ID: fmt.Sprint("t", f.n), Status: "open"}
		f.tasks[token] = append(f.tasks[token], t)
		answer(201, t)
	}
}

func newFake(t *testing.T) (*fakePlanner, *Traffic) {
	f := &fakePlanner{accounts: map[string]string{}, tasks: map[string][]*fakeTask{}, seen: map[string]int{}}
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	return f, New(Options{Base: srv.URL, Seed: 1, Rate: 1000})
}

func TestLongRunsOwnLittle(t *testing.T) {
	f, tr := newFake(t)
	plan := newPlan(3, 5)
	for range 6_000 { // twenty minutes of the demo
		s := plan.next()
		if err := tr.users[s.user].do(t.Context(), s); err != nil && status(err) == 0 {
			t.Fatal(err)
		}
	}
	if len(f.accounts) > users {
		t.Errorf("%d accounts are left, want at most %d", len(f.accounts), users)
	}
	if f.most > 200 {
		t.Errorf("one user had %d tasks at once", f.most)
	}
	for _, want := range []string{"POST signup", "POST login", "POST logout", "GET tasks", "POST tasks", "PATCH tasks",
		"DELETE tasks", "GET streak", "GET me", "DELETE me"} {
		if f.seen[want] == 0 {
			t.Errorf("nobody asked for %s", want)
		}
	}
}

func TestRestartFindsTheAccountsOfBefore(t *testing.T) {
	f, tr := newFake(t)
	f.accounts[email(0, 0)] = "token-before"
	if err := tr.users[0].do(t.Context(), step{action: me}); err != nil {
		t.Fatal(err)
	}
	if got := tr.users[0].token; got != "token-before" {
		t.Errorf("token %q, want the one of before", got)
	}
}

func TestRunWorksUntilItsContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	f := &fakePlanner{accounts: map[string]string{}, tasks: map[string][]*fakeTask{}, seen: map[string]int{}}
	srv := httptest.NewServer(f)
	defer srv.Close()
	var n int
	var mu sync.Mutex
	tr := New(Options{Base: srv.URL, Rate: 500, Done: func(error) {
		mu.Lock()
		defer mu.Unlock()
		if n++; n == 50 {
			cancel()
		}
	}})
	if err := tr.Run(ctx); err != nil {
		t.Fatal(err)
	}
}
