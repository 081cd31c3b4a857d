package notify

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"
)

// fakeHTTP is a receiver that takes what its check finds good and nothing else.
type fakeHTTP struct {
	*httptest.Server
	check  func(r *http.Request, body []byte) error
	before func(w http.ResponseWriter, r *http.Request, n int) bool // may answer in its own way and return true

	mu     sync.Mutex
	n      int
	bodies []string
	bad    []string
}

func newFakeHTTP(t *testing.T, check func(*http.Request, []byte) error) *fakeHTTP {
	f := &fakeHTTP{check: check}
	f.Server = httptest.NewServer(f)
	t.Cleanup(func() {
		f.Close()
		for _, b := range f.bad {
			t.Errorf("the receiver would refuse: %s", b)
		}
	})
	return f
}

func (f *fakeHTTP) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.n++
	n := f.n
	f.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if f.before != nil && f.before(w, r, n) {
		return
	}
	if err == nil {
		err = f.check(r, body)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil {
		f.bad = append(f.bad, err.Error()+" in "+string(body))
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	f.bodies = append(f.bodies, string(body))
	w.WriteHeader(http.StatusAccepted)
	io.WriteString(w, `{"status":"success"}`)
}

func (f *fakeHTTP) got() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.bodies)
}

// strict reads JSON with no field that the form does not have.
func strict[T any](r *http.Request, body []byte) (T, error) {
	var v T
	if r.Method != http.MethodPost || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		return v, fmt.Errorf("%s of %q", r.Method, r.Header.Get("Content-Type"))
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	return v, d.Decode(&v)
}

// goodEvent holds an event against PagerDuty's published form.
func goodEvent(r *http.Request, body []byte) error {
	e, err := strict[struct {
		RoutingKey  string `json:"routing_key"`
		EventAction string `json:"event_action"`
		DedupKey    string `json:"dedup_key"`
		Client      string `json:"client"`
		ClientURL   string `json:"client_url"`
		Payload     *struct {
			Summary, Source, Severity, Timestamp, Component, Group, Class string
			CustomDetails                                                 map[string]any `json:"custom_details"`
		}
		Images []struct{ Src, Href, Alt string }
		Links  []struct{ Href, Text string }
	}](r, body)
	if err != nil {
		return err
	}
	_, at := time.Parse(time.RFC3339, e.Payload.Timestamp)
	switch {
	case len(e.RoutingKey) != 32:
		return fmt.Errorf("routing key of %d characters", len(e.RoutingKey))
	case e.EventAction != "trigger" && e.EventAction != "resolve":
		return fmt.Errorf("action %q", e.EventAction)
	case e.DedupKey == "" || len(e.DedupKey) > 255:
		return errors.New("dedup key")
	case e.Payload == nil || e.Payload.Summary == "" || utf8.RuneCountInString(e.Payload.Summary) > 1024 || e.Payload.Source == "":
		return errors.New("payload without summary or source")
	case !slices.Contains([]string{"critical", "error", "warning", "info"}, e.Payload.Severity):
		return fmt.Errorf("severity %q", e.Payload.Severity)
	case at != nil:
		return at
	case len(body) > 512_000:
		return errors.New("more than 512 kB")
	}
	for _, l := range e.Links {
		if l.Href == "" {
			return errors.New("link to nowhere")
		}
	}
	for _, i := range e.Images {
		if i.Src == "" {
			return errors.New("image of nothing")
		}
	}
	return nil
}

type webhookForm struct {
	Receiver, Status, ExternalURL, GroupKey, Version          string
	NotificationReason                                        string `json:"notification_reason"`
	TruncatedAlerts                                           int
	GroupLabels, CommonLabels, CommonAnnotations, RouteLabels map[string]string
	Alerts                                                    []struct {
		Status, GeneratorURL, Fingerprint string
		Labels, Annotations               map[string]string
		StartsAt, EndsAt                  time.Time
	}
}

// goodWebhook holds a message against the documented form of version 4.
func goodWebhook(r *http.Request, body []byte) error {
	m, err := strict[webhookForm](r, body)
	if err != nil {
		return err
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil {
		return err
	}
	for _, name := range []string{"receiver", "status", "alerts", "groupLabels", "commonLabels", "commonAnnotations", "externalURL", "version", "groupKey", "truncatedAlerts"} {
		if raw[name] == nil {
			return fmt.Errorf("no %s", name)
		}
	}
	if m.Version != "4" || m.GroupKey == "" || len(m.Alerts) == 0 || m.Status != "firing" && m.Status != "resolved" {
		return fmt.Errorf("version %q, group %q, status %q, %d alerts", m.Version, m.GroupKey, m.Status, len(m.Alerts))
	}
	for _, a := range m.Alerts {
		if (a.Status == "resolved") == a.EndsAt.IsZero() || a.Fingerprint == "" || a.StartsAt.IsZero() {
			return fmt.Errorf("%s alert that ends at %v", a.Status, a.EndsAt)
		}
	}
	return nil
}

// goodHandOn holds a body against postableAlerts of Alertmanager's API v2.
func goodHandOn(r *http.Request, body []byte) error {
	alerts, err := strict[[]struct {
		Labels, Annotations map[string]string
		StartsAt, EndsAt    time.Time
		GeneratorURL        string
	}](r, body)
	if err != nil {
		return err
	}
	if r.URL.Path != "/base/api/v2/alerts" || len(alerts) == 0 {
		return fmt.Errorf("%d alerts to %s", len(alerts), r.URL.Path)
	}
	for _, a := range alerts {
		if len(a.Labels) == 0 || a.StartsAt.IsZero() || a.EndsAt.Before(a.StartsAt) {
			return errors.New("an alert without labels or with a bad span")
		}
	}
	return nil
}
