package notify

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
	"strconv"
	"strings"
	"time"

	"tripod/alerting"
)

// maxReply is how much of an answer is read, in bytes; Slack's longest is a
// few words.
const maxReply = 4 << 10

// Slack posts to an incoming webhook. Its address is a secret: whoever knows
// it can post, so it is in no error, log line or page.
type Slack struct {
	webhook  string
	external *url.URL // nil leaves the links out
	client   *http.Client
}

// NewSlack checks the two addresses. externalURL is where people reach the
// appliance; it may be empty.
func NewSlack(webhook, externalURL string) (*Slack, error) {
	u, err := url.Parse(webhook)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return nil, fmt.Errorf("Slack webhook: want https://host/path (its value is not shown): %w", alerting.ErrInvalid)
	}
	s := &Slack{webhook: webhook, client: newClient()}
	if externalURL != "" {
		s.external, err = url.Parse(externalURL)
		if err != nil || s.external.Host == "" {
			return nil, fmt.Errorf("external URL %.200q: want http://host: %w", externalURL, alerting.ErrInvalid)
		}
	}
	return s, nil
}

// newClient goes nowhere that the user has not named: no proxy from the
// environment, no redirect.
func newClient() *http.Client {
	return &http.Client{
		Timeout:       15 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext:           (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			TLSHandshakeTimeout:   5 * time.Second,
			ResponseHeaderTimeout: 10 * time.Second,
			IdleConnTimeout:       time.Minute,
			MaxIdleConns:          1,
		},
	}
}

// Name is what the page calls the receiver.
func (s *Slack) Name() string { return "Slack" }

// String keeps the webhook out of anything that prints the receiver.
func (s *Slack) String() string { return s.Name() }

// GoString does so for %#v.
func (s *Slack) GoString() string { return s.Name() }

// Send makes one attempt.
func (s *Slack) Send(ctx context.Context, n Notification) error {
	body, err := json.Marshal(message(n, s.external))
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.webhook, bytes.NewReader(body))
	if err != nil {
		return errors.New("the webhook is not a URL")
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("User-Agent", "tripod")
	res, err := s.client.Do(req)
	if err != nil {
		return s.strip(err)
	}
	defer res.Body.Close()
	reply, err := io.ReadAll(io.LimitReader(res.Body, maxReply))
	if res.StatusCode/100 == 2 {
		// It was taken, even if the rest of the answer is lost.
		return nil
	}
	if err != nil {
		reply = nil
	}
	return s.refusal(res, reply)
}

// strip takes the address out of an error of net/http, which quotes it.
func (s *Slack) strip(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		switch {
		case u.Timeout():
			return errors.New("no answer in time")
		case u.Err != nil:
			err = u.Err
		}
	}
	return errors.New(s.redact(err.Error()))
}

func (s *Slack) redact(text string) string {
	text = strings.ReplaceAll(text, s.webhook, "(webhook)")
	if u, err := url.Parse(s.webhook); err == nil && len(u.Path) > 1 {
		text = strings.ReplaceAll(text, u.Path, "(webhook)")
		for part := range strings.SplitSeq(u.Path, "/") {
			if len(part) >= 8 {
				text = strings.ReplaceAll(text, part, "(webhook)")
			}
		}
	}
	return text
}

// refusal tells 429 and server errors, after which the same post may do, from
// those that speak of the post or the address itself.
func (s *Slack) refusal(res *http.Response, reply []byte) error {
	reason := strings.TrimSpace(s.redact(clip(string(reply), 200)))
	err := errors.New(res.Status)
	if reason != "" {
		err = fmt.Errorf("%s: %s", res.Status, reason)
	}
	return &RetryError{
		Err:   err,
		After: retryAfter(res.Header.Get("Retry-After"), time.Now()),
		Refused: res.StatusCode/100 == 4 && res.StatusCode != http.StatusTooManyRequests &&
			res.StatusCode != http.StatusRequestTimeout,
	}
}

// retryAfter reads the header in its two forms, seconds and date.
func retryAfter(h string, now time.Time) time.Duration {
	if n, err := strconv.ParseInt(h, 10, 32); err == nil {
		return time.Duration(max(n, 0)) * time.Second
	}
	if at, err := http.ParseTime(h); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}
