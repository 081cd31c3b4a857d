package traffic

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	defaultRate = 5
	// maxInFlight bounds what waits for a planner that has become slow.
	maxInFlight = 16
	answerIn    = 15 * time.Second
	maxAnswer   = 1 << 20 // bytes
)

// Options of the traffic; zero means default.
type Options struct {
	Base string  // URL of the main port, without a final slash; required
	Seed uint64  // one seed makes one sequence of steps
	Rate float64 // steps per second on average; 5
	// Done is told of each step, with the error of a planner that refused or
	// does not answer; may be nil.
	Done func(err error)
}

// Traffic is a crowd of simulated users.
type Traffic struct {
	plan  *plan
	users [users]*user
	http  *http.Client
	done  func(error)
}

// New makes a crowd that does nothing yet.
func New(o Options) *Traffic {
	if o.Rate <= 0 {
		o.Rate = defaultRate
	}
	if o.Done == nil {
		o.Done = func(error) {}
	}
	t := &Traffic{plan: newPlan(o.Seed, o.Rate), done: o.Done, http: &http.Client{
		Timeout:   answerIn,
		Transport: &http.Transport{Proxy: nil, MaxIdleConnsPerHost: maxInFlight, IdleConnTimeout: time.Minute},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}}
	c := &caller{base: strings.TrimSuffix(o.Base, "/"), http: t.http}
	for i := range t.users {
		t.users[i] = &user{index: i, c: c}
	}
	return t
}

// Run works until ctx ends; what was begun is cut short. A person who still
// waits for an answer does nothing else, so a slow planner gets less to do.
func (t *Traffic) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer t.http.CloseIdleConnections()
	defer wg.Wait()
	room := make(chan struct{}, maxInFlight)
	timer := time.NewTimer(0)
	defer timer.Stop()
	<-timer.C
	for {
		s := t.plan.next()
		timer.Reset(s.pause)
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		t.begin(ctx, s, room, &wg)
	}
}

// begin has a step done beside the others, if the user and the crowd have room for it.
func (t *Traffic) begin(ctx context.Context, s step, room chan struct{}, wg *sync.WaitGroup) {
	u := t.users[s.user]
	select {
	case room <- struct{}{}:
	default:
		return
	}
	if !s.wait && !u.mu.TryLock() {
		<-room
		return
	}
	wg.Go(func() {
		if s.wait {
			u.mu.Lock()
		}
		err := u.do(ctx, s)
		u.mu.Unlock()
		<-room
		if ctx.Err() == nil {
			t.done(err)
		}
	})
}

// do sends a request and reads the answer into out, which may be nil.
func (c *caller) do(req *http.Request, out any) error {
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return err
	}
	if resp.StatusCode >= http.StatusBadRequest {
		return refused(resp.StatusCode)
	}
	if out == nil || len(b) == 0 {
		return nil
	}
	return json.Unmarshal(b, out)
}
