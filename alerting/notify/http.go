package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	httpconfig "github.com/prometheus/common/config"

	"tripod/alerting"
	"tripod/alerting/config"
)

// maxReply is how much of an answer is read, in bytes.
const maxReply = 4 << 10

// httpClient makes a client of an http_config. It goes nowhere that the user
// has not named: a proxy is used only when the configuration says so.
func httpClient(c *httpconfig.HTTPClientConfig) (*http.Client, error) {
	client, err := httpconfig.NewClientFromConfig(*c, "tripod", httpconfig.WithKeepAlivesDisabled())
	if err != nil {
		return nil, fmt.Errorf("http_config: %w: %w", err, alerting.ErrInvalid)
	}
	return client, nil
}

// caller posts to one address, which may be a secret.
type caller struct {
	client  *http.Client
	url     config.Secret
	urlFile string
	timeout time.Duration
}

func (c *caller) address() (string, error) {
	s, err := c.url.Read(c.urlFile)
	if err != nil {
		return "", err
	}
	if s == "" {
		return "", &RetryError{Err: errors.New("the address is empty"), Refused: true}
	}
	return s, nil
}

// post makes one attempt and returns what was answered. An error repeats
// neither the address nor a further secret.
func (c *caller) post(ctx context.Context, address string, body []byte, secrets ...string) (reply []byte, res *http.Response, err error) {
	if c.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.timeout)
		defer cancel()
	}
	hide := newHider(append(secrets, address)...)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil || req.URL.Host == "" {
		return nil, nil, &RetryError{Err: errors.New("the address is not a URL (it is not shown)"), Refused: true}
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("User-Agent", "tripod")
	res, err = c.client.Do(req)
	if err != nil {
		return nil, nil, hide.strip(err)
	}
	defer res.Body.Close()
	reply, err = io.ReadAll(io.LimitReader(res.Body, maxReply))
	if res.StatusCode/100 == 2 {
		return reply, res, nil // it was taken, even if the rest of the answer is lost
	}
	if err != nil {
		reply = nil
	}
	return nil, nil, refusal(res, hide.text(string(reply)))
}

// refusal tells 429 and server errors, after which the same post may do, from
// those that speak of the post or the address itself.
func refusal(res *http.Response, reply string) error {
	err := errors.New(res.Status)
	if reason := strings.TrimSpace(clip(reply, 200)); reason != "" {
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

// hider takes secrets out of texts: whole addresses, their paths, and long
// parts of them.
type hider struct{ secrets []string }

func newHider(secrets ...string) hider {
	var h hider
	for _, s := range secrets {
		if s == "" {
			continue
		}
		h.secrets = append(h.secrets, s)
		u, err := url.Parse(s)
		if err != nil || u.Host == "" {
			continue
		}
		if len(u.Path) > 1 {
			h.secrets = append(h.secrets, u.Path)
		}
		if password, ok := u.User.Password(); ok && password != "" {
			h.secrets = append(h.secrets, password)
		}
		for part := range strings.FieldsFuncSeq(u.Path+"&"+u.RawQuery, func(r rune) bool { return strings.ContainsRune("/&=", r) }) {
			if len(part) >= 8 {
				h.secrets = append(h.secrets, part)
			}
		}
	}
	return h
}

func (h hider) text(s string) string {
	for _, secret := range h.secrets {
		s = strings.ReplaceAll(s, secret, "(hidden)")
	}
	return s
}

// strip takes the address out of an error of net/http, which quotes it.
func (h hider) strip(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		switch {
		case u.Timeout():
			return errors.New("no answer in time")
		case u.Err != nil:
			err = u.Err
		}
	}
	return errors.New(h.text(err.Error()))
}
