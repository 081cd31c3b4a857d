package notify

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"tripod/alerting"
	"tripod/alerting/config"
	"tripod/alerting/dispatch"
	"tripod/alerting/notifytest"
)

var update = flag.Bool("update", false, "rewrite golden files")

var noon = time.Date(2026, 3, 12, 12, 0, 0, 0, time.UTC)

func sample() Notification {
	return Notification{
		Notification: &dispatch.Notification{
			ID: "0123456789abcdef01234567", Due: dispatch.Due{Receiver: "Slack", Integration: "slack[0]"},
			Key: `{}:{alertname="HighErrorRate"}`, Reason: dispatch.ReasonFirst, At: noon,
			GroupLabels: map[string]string{"alertname": "HighErrorRate"},
			Alerts: []dispatch.NotifiedAlert{{
				Alert: alerting.Alert{
					Labels: map[string]string{"alertname": "HighErrorRate", "service_name": "planner-api", "severity": "page", "zone": "a & b"},
					Annotations: map[string]string{
						"summary": "planner-api fails 42 % of its requests", "description": "Look at <pool> & co.", "value": "42 %",
						"runbook_url": "https://runbooks.example/errors",
					},
					StartsAt: noon.Add(-5 * time.Minute),
				},
				Fingerprint: "00000000000000aa",
			}},
		},
		Details: map[string]Detail{"00000000000000aa": {Chart: []float64{0, 0.1, 0.05, 0.2, 0.4, 0.42}, Evidence: "https://tripod.example/base/alerts/evidence/1",
			Trace: &alerting.KeptTrace{ID: "5af7183fb1d4cf5f5af7183fb1d4cf5f", Why: "failing", Service: "planner-web", Name: "POST /tasks", Duration: 912 * time.Millisecond, Spans: 12, Errors: 2,
				Shown: []alerting.KeptSpan{{Failed: true, Message: "500"}, {Depth: 3, Failed: true, Message: "pool <exhausted>"}}},
			TraceURL: "https://tripod.example/base/traces/5af7183fb1d4cf5f5af7183fb1d4cf5f",
			Pattern:  &alerting.KeptPattern{Shown: "no connection to ‹ip› & co.", Level: "error", Service: "planner-api", Lines: 212, Before: 3}}},
	}
}

func resolved() Notification {
	n := sample()
	n.Reason = dispatch.ReasonAllEnded
	n.Alerts[0].Resolved = true
	n.Alerts[0].EndsAt = noon.Add(7*time.Minute + 30*time.Second)
	return n
}

// slackFor is the sender of a configuration with one Slack receiver.
func slackFor(t testing.TB, webhook, external, more string) *slack {
	t.Helper()
	c, err := config.Parse([]byte("route: {receiver: s}\nreceivers:\n- name: s\n  slack_configs: [{send_resolved: true, http_config: {follow_redirects: false}, api_url: \""+webhook+"\""+more+"}]\n"), config.Source{File: "test"})
	if err != nil {
		t.Fatal(err)
	}
	tmpl, err := templates(nil, external)
	if err != nil {
		t.Fatal(err)
	}
	s, err := newSlack(c.Receivers[0].Slack[0], tmpl)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSlackMessages(t *testing.T) {
	many := sample()
	for i := range 30 {
		item := sample().Alerts[0]
		item.Labels = map[string]string{"alertname": "HighErrorRate", "instance": fmt.Sprint(i)}
		item.Fingerprint = fmt.Sprint(i)
		item.Resolved = i%3 == 0
		many.Alerts = append(many.Alerts, item)
	}
	for name, n := range map[string]Notification{"firing": sample(), "resolved": resolved(), "many": many} {
		t.Run(name, func(t *testing.T) {
			f := notifytest.NewSlack(t)
			s := slackFor(t, f.WebhookURL(), "https://tripod.example/base/", "")
			if err := s.Send(context.Background(), n); err != nil {
				t.Fatal(err)
			}
			golden(t, "testdata/"+name+".json", posts(t, f)[0])
		})
	}
}

// posts are those that a Slack took.
func posts(t *testing.T, f *notifytest.HTTP) (out []post) {
	t.Helper()
	for _, body := range f.Got() {
		var p post
		if err := json.Unmarshal([]byte(body), &p); err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
	}
	return out
}

func golden(t *testing.T, path string, p post) {
	t.Helper()
	b, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got := string(b) + "\n"
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; got\n%s", path, got)
	}
}

func TestSlackMisbehaves(t *testing.T) {
	answer := func(status int, header, value string) func(http.ResponseWriter, *http.Request, int) bool {
		return func(w http.ResponseWriter, _ *http.Request, _ int) bool {
			w.Header().Set(header, value)
			w.WriteHeader(status)
			fmt.Fprintf(w, "no, not on %s", notifytest.SecretPath)
			return true
		}
	}
	for name, c := range map[string]struct {
		before  func(http.ResponseWriter, *http.Request, int) bool
		want    string
		after   time.Duration
		refused bool
	}{
		"server error":      {answer(500, "X-None", ""), "500", 0, false},
		"too many":          {answer(429, "Retry-After", "30"), "429", 30 * time.Second, false},
		"too many, broken":  {answer(429, "Retry-After", "-x"), "429", 0, false},
		"gone":              {answer(410, "X-None", ""), "410", 0, true},
		"redirected":        {answer(307, "Location", "http://192.0.2.1/"), "307", 0, false},
		"closed connection": {func(http.ResponseWriter, *http.Request, int) bool { panic(http.ErrAbortHandler) }, "EOF", 0, false},
		"no answer": {func(_ http.ResponseWriter, r *http.Request, _ int) bool {
			<-r.Context().Done()
			return true
		}, "no answer in time", 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := notifytest.NewSlack(t)
			f.Before(c.before)
			s := slackFor(t, f.WebhookURL(), "", "")
			ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
			defer cancel()
			err := s.Send(ctx, sample())
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want an error with %q", err, c.want)
			}
			noSecret(t, err.Error())
			if retry, ok := errors.AsType[*RetryError](err); ok && (retry.After != c.after || retry.Refused != c.refused) {
				t.Errorf("after %v, refused %v; want %v, %v", retry.After, retry.Refused, c.after, c.refused)
			}
		})
	}
}

func TestSlackThatIsNotThere(t *testing.T) {
	f := notifytest.NewSlack(t)
	s := slackFor(t, f.WebhookURL(), "", "")
	f.Server.Close()
	err := s.Send(context.Background(), sample())
	if err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("got %v, want connection refused", err)
	}
	noSecret(t, err.Error())
}

func TestSlackAddresses(t *testing.T) {
	for name, webhook := range map[string]string{
		"no scheme": "hooks.example" + notifytest.SecretPath, "a file": "file://" + notifytest.SecretPath, "broken": "https://hooks.example:x" + notifytest.SecretPath,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := config.Parse([]byte("route: {receiver: s}\nreceivers:\n- name: s\n  slack_configs: [{api_url: '"+webhook+"'}]"), config.Source{File: "test"})
			if err == nil {
				t.Fatal("no error")
			}
			noSecret(t, err.Error())
		})
	}
	s := slackFor(t, "https://hooks.example"+notifytest.SecretPath, "http://127.0.0.1:7333", "")
	noSecret(t, fmt.Sprintf("%v %+v %#v", *s.conf, *s.conf, *s.conf))
}

func noSecret(t *testing.T, s string) {
	t.Helper()
	for _, secret := range []string{"T0SECRET", "B0SECRET", "verysecrettoken"} {
		if strings.Contains(s, secret) {
			t.Errorf("%q gives the webhook away", s)
		}
	}
}

func FuzzSlackMessage(f *testing.F) {
	f.Add("Alert", "svc", "<!channel> & <http://x|y>", 1, true)
	f.Add(strings.Repeat("&", 400), strings.Repeat("é", 5000), strings.Repeat("<", 9000), 200, false)
	f.Add("", "", "\xff\xfe", 0, true)
	f.Fuzz(func(t *testing.T, name, service, words string, count int, firing bool) {
		n := sample()
		n.Alerts, n.Details = nil, nil
		for i := range max(count, 0)%12 + 1 {
			item := dispatch.NotifiedAlert{Alert: alerting.Alert{
				Labels:      map[string]string{"alertname": name, "n": fmt.Sprint(i), words: words, "severity": service, "service": service},
				Annotations: map[string]string{"summary": words, "description": words + words, "value": words, "runbook_url": words},
				StartsAt:    noon,
			}}
			if !firing {
				item.Resolved, item.EndsAt = true, noon.Add(time.Duration(count))
			}
			n.Alerts = append(n.Alerts, item)
		}
		n.Details = map[string]Detail{"": {TraceURL: words, Pattern: &alerting.KeptPattern{Shown: words, Level: name, Service: service, Lines: int64(count)},
			Trace: &alerting.KeptTrace{Why: name, Name: words, Service: words, Errors: count, Shown: []alerting.KeptSpan{{Failed: true, Message: words}}}}}
		external, err := url.Parse("http://127.0.0.1:7333")
		if err != nil {
			t.Fatal(err)
		}
		body, err := json.Marshal(message(newsOf(&n), external))
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodPost, notifytest.SecretPath, nil)
		r.Header.Set("Content-Type", "application/json")
		if err := notifytest.Slack(r, body); err != nil {
			t.Error(err)
		}
	})
}

func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"", "0", "30", "-1", "99999999999999999999", noon.Format(http.TimeFormat), "soon"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d := retryAfter(s, noon); d < 0 {
			t.Errorf("%q gives %v", s, d)
		}
	})
}
