package terminal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// Sentinels on which the exit code is decided.
var (
	// ErrUnreachable says that nobody answered, or not to the end.
	ErrUnreachable = errors.New("no answer")
	// ErrRefused says that the question is wrong.
	ErrRefused = errors.New("refused")
	// ErrOutput says that the output took no more; Closed tells whether its
	// reader has just gone.
	ErrOutput = errors.New("output")
)

// failure is an error of one of these kinds, in words of its own.
type failure struct {
	error
	kind error
}

func (f failure) Unwrap() []error { return []error{f.error, f.kind} }

func failed(kind error, format string, args ...any) error {
	return failure{fmt.Errorf(format, args...), kind}
}

// Closed says whether an error is that of a reader that has seen enough.
func Closed(err error) bool { return errors.Is(err, ErrOutput) && errors.Is(err, syscall.EPIPE) }

// Options of a client.
type Options struct {
	Addr   string // URL of the appliance, or HOST:PORT
	Stdout io.Writer
	Stderr io.Writer // what concerns the answer and is no part of it
	Color  bool
}

// Client asks one appliance.
type Client struct {
	o    Options
	base *url.URL
	http http.Client
}

const (
	dialTime   = 5 * time.Second
	maxProblem = 1 << 20 // bytes of an answer that says what is wrong
)

// New makes a client; it connects to nothing yet.
func New(o Options) (*Client, error) {
	addr := o.Addr
	if !strings.Contains(addr, "://") {
		addr = "http://" + addr
	}
	base, err := url.Parse(addr)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, failed(ErrRefused, "--addr %q: want a URL such as http://127.0.0.1:7333", o.Addr)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DialContext = (&net.Dialer{Timeout: dialTime}).DialContext
	return &Client{o: o, base: base, http: http.Client{Transport: transport}}, nil
}

// get asks, and gives an answer of status 200; the caller closes its body.
func (c *Client) get(ctx context.Context, path string, v url.Values) (*http.Response, error) {
	return c.ask(ctx, http.MethodGet, path, v, nil)
}

// ask is get with another method and a body of JSON.
func (c *Client) ask(ctx context.Context, method, path string, v url.Values, body io.Reader) (*http.Response, error) {
	at := c.base.JoinPath(path)
	at.RawQuery = v.Encode()
	req, err := http.NewRequestWithContext(ctx, method, at.String(), body)
	if err != nil {
		return nil, failed(ErrRefused, "%s: %w", c.base, err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err // without the whole address of the question
		}
		return nil, failed(ErrUnreachable, "no answer from %s: %w; is tripod running there? --addr names another place", c.base, err)
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer resp.Body.Close()
	return nil, c.refusal(resp, v.Get("q")+v.Get("query"))
}

// refusal is what an answer other than 200 says.
func (c *Client) refusal(resp *http.Response, query string) error {
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxProblem))
	if err != nil {
		return failed(ErrUnreachable, "no whole answer from %s: %w", c.base, err)
	}
	p, ok := problemOf(text, query)
	if !ok {
		p, ok = plainProblemOf(text)
	}
	switch {
	case ok && resp.StatusCode == http.StatusBadRequest:
		return p
	case ok:
		return failed(ErrUnreachable, "%s cannot answer: %s", c.base, printable(p.Message))
	}
	first, _, _ := bytes.Cut(bytes.TrimSpace(text), []byte("\n"))
	if resp.StatusCode == http.StatusBadRequest && !bytes.HasPrefix(first, []byte("<")) {
		return &Problem{Message: fmt.Sprintf("%.500s", first)} // as Tempo says it
	}
	return failed(ErrUnreachable, "%s answers %s: %.200s", c.base, resp.Status, printable(string(first)))
}

// problemOf reads {"error":{…}}.
func problemOf(text []byte, query string) (*Problem, bool) {
	var in struct{ Error *Problem }
	if json.Unmarshal(text, &in) != nil || in.Error == nil {
		return nil, false
	}
	in.Error.Query = query
	return in.Error, true
}

// plainProblemOf reads Prometheus's {"status":"error","error":"…"}.
func plainProblemOf(text []byte) (*Problem, bool) {
	var in struct{ Status, Error string }
	if json.Unmarshal(text, &in) != nil || in.Status != "error" {
		return nil, false
	}
	return &Problem{Message: in.Error}, true
}
