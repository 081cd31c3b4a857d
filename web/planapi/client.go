package planapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// maxAnswer bounds what a client reads, in bytes: 200 tasks with the longest notes.
const maxAnswer = 8 << 20

// Client asks planner-api. Its errors are *Problem, which errors.Is compares
// with the planner's own, or of the network. The zero Token asks as nobody.
type Client struct {
	Base  string // planner-api's URL, without a final slash
	HTTP  *http.Client
	Token string
}

// As is the same client, signed in.
func (c Client) As(token string) *Client {
	c.Token = token
	return &c
}

func (c *Client) SignUp(ctx context.Context, in SignUp) (Grant, error) {
	return send[Grant](ctx, c, "POST", "signup", in)
}

func (c *Client) Login(ctx context.Context, in Login) (Grant, error) {
	return send[Grant](ctx, c, "POST", "login", in)
}

func (c *Client) Logout(ctx context.Context) error {
	_, err := send[struct{}](ctx, c, "POST", "logout", nil)
	return err
}

func (c *Client) Me(ctx context.Context) (User, error) { return send[User](ctx, c, "GET", "me", nil) }

func (c *Client) UpdateMe(ctx context.Context, in Profile) (User, error) {
	return send[User](ctx, c, "PATCH", "me", in)
}

func (c *Client) CloseAccount(ctx context.Context) error {
	_, err := send[struct{}](ctx, c, "DELETE", "me", nil)
	return err
}

// Query is a question for tasks; zero fields ask for nothing in particular.
type Query struct {
	Status   string // open, done, overdue, today, upcoming
	Text     string
	Priority string
	Limit    int
	Cursor   string // TaskList.Next
}

func (q Query) encode() string {
	v := url.Values{}
	for name, value := range map[string]string{"status": q.Status, "q": q.Text, "priority": q.Priority, "cursor": q.Cursor} {
		if value != "" {
			v.Set(name, value)
		}
	}
	if q.Limit > 0 {
		v.Set("limit", strconv.Itoa(q.Limit))
	}
	if len(v) == 0 {
		return ""
	}
	return "?" + v.Encode()
}

func (c *Client) Tasks(ctx context.Context, q Query) (TaskList, error) {
	return send[TaskList](ctx, c, "GET", "tasks"+q.encode(), nil)
}

func (c *Client) CreateTask(ctx context.Context, d Draft) (Task, error) {
	return send[Task](ctx, c, "POST", "tasks", d)
}

func (c *Client) Task(ctx context.Context, id string) (Task, error) {
	return send[Task](ctx, c, "GET", "tasks/"+url.PathEscape(id), nil)
}

func (c *Client) PatchTask(ctx context.Context, id string, p Patch) (Task, error) {
	return send[Task](ctx, c, "PATCH", "tasks/"+url.PathEscape(id), p)
}

func (c *Client) DeleteTask(ctx context.Context, id string) error {
	_, err := send[struct{}](ctx, c, "DELETE", "tasks/"+url.PathEscape(id), nil)
	return err
}

func (c *Client) CompleteTask(ctx context.Context, id string) (Completed, error) {
	return send[Completed](ctx, c, "POST", "tasks/"+url.PathEscape(id)+"/complete", nil)
}

func (c *Client) Streak(ctx context.Context) (Streak, error) {
	return send[Streak](ctx, c, "GET", "streak", nil)
}

// Faults is planner.ErrNotFound when there are none.
func (c *Client) Faults(ctx context.Context) ([]Fault, error) {
	l, err := send[FaultList](ctx, c, "GET", "faults", nil)
	return l.Faults, err
}

func (c *Client) SwitchFault(ctx context.Context, name string, s Switch) (Fault, error) {
	return send[Fault](ctx, c, "POST", "faults/"+url.PathEscape(name), s)
}

func send[T any](ctx context.Context, c *Client, method, path string, in any) (out T, err error) {
	req, err := c.request(ctx, method, path, in)
	if err != nil {
		return out, err
	}
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return out, fmt.Errorf("planner-api: %w", err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return out, fmt.Errorf("answer of planner-api: %w", err)
	}
	if resp.StatusCode >= 300 {
		return out, problemIn(resp, b)
	}
	if len(b) == 0 {
		return out, nil
	}
	if err := json.Unmarshal(b, &out); err != nil {
		return out, fmt.Errorf("answer of planner-api: %w", err)
	}
	return out, nil
}

func (c *Client) request(ctx context.Context, method, path string, in any) (*http.Request, error) {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return nil, fmt.Errorf("request to planner-api: %w", err)
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.Base+"/api/v1/"+path, body)
	if err != nil {
		return nil, fmt.Errorf("request to planner-api: %w", err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.Token)
	}
	if caller, ok := ctx.Value(callerKey{}).(Caller); ok {
		caller.mark(req.Header)
	}
	return req, nil
}

func problemIn(resp *http.Response, b []byte) error {
	p := &Problem{}
	if !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/problem+json") || json.Unmarshal(b, p) != nil {
		p.Title = http.StatusText(resp.StatusCode)
	}
	p.Status = resp.StatusCode
	p.TraceID = resp.Header.Get("X-Trace-Id")
	return p
}
