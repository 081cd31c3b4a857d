package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tripod/alerting"
	"tripod/alerting/config"
	"tripod/alerting/notifytest"
)

// evidenceOfSample is the link of sample.
const (
	evidenceOfSample = "https://tripod.example/base/alerts/evidence/1"
	traceOfSample    = "failing: POST /tasks (planner-web), 912 ms, 2 of 12 spans failed: pool <exhausted>"
	logsOfSample     = "error from planner-api, 212 lines, 3 before: no connection to ‹ip› & co."
)

const pagerKey = "0123456789abcdef0123456789SECRET"

// receiver makes the sender of one integration that is written in YAML.
func receiver(t testing.TB, kind, yaml string, templateFiles ...string) Sender {
	t.Helper()
	text := "route: {receiver: ops}\nreceivers:\n- name: ops\n  " + kind + "_configs: [" + yaml + "]\n"
	c, err := config.Parse([]byte(text), config.Source{File: "test"})
	if err != nil {
		t.Fatal(err)
	}
	tmpl, err := templates(templateFiles, "https://tripod.example")
	if err != nil {
		t.Fatal(err)
	}
	s, err := newSender(&c.Receivers[0], kind+"[0]", tmpl)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ok(t *testing.T, s Sender, n Notification) {
	t.Helper()
	if err := s.Send(context.Background(), n); err != nil {
		t.Fatal(err)
	}
}

func TestPagerDutyEvents(t *testing.T) {
	f := notifytest.NewHTTP(t, notifytest.PagerDuty)
	s := receiver(t, "pagerduty", fmt.Sprintf(`{url: %q, routing_key: %q, severity: '{{ .CommonLabels.severity }}', class: '{{ .GroupLabels.alertname }}',
		links: [{href: 'https://x.example/{{ .CommonLabels.service_name }}', text: X}, {href: '', text: none}], images: [{src: 'https://x.example/i.png', alt: I}], details: {zone: '{{ .CommonLabels.zone }}'}}`, f.URL, pagerKey))
	ok(t, s, sample())
	ok(t, s, resolved())
	var events [2]event
	for i, body := range f.Got() {
		if err := json.Unmarshal([]byte(body), &events[i]); err != nil {
			t.Fatal(err)
		}
	}
	first, second := events[0], events[1]
	if first.EventAction != "trigger" || second.EventAction != "resolve" || first.DedupKey != second.DedupKey || first.DedupKey != dedupKey(sample().Key) {
		t.Errorf("got %s %s, then %s %s", first.EventAction, first.DedupKey, second.EventAction, second.DedupKey)
	}
	if first.Payload.Severity != "critical" || first.Payload.Class != "HighErrorRate" || first.Payload.CustomDetails["zone"] != "a & b" || first.Payload.CustomDetails["num_firing"] != 1.0 {
		t.Errorf("payload %+v", first.Payload)
	}
	var links []string
	for _, l := range first.Links {
		links = append(links, l.Text+" "+l.Href)
	}
	if got, want := strings.Join(links, ", "), "X https://x.example/planner-api, Evidence https://tripod.example/base/alerts/evidence/1, Trace https://tripod.example/base/traces/5af7183fb1d4cf5f5af7183fb1d4cf5f, Runbook https://runbooks.example/errors, Alert https://tripod.example/alerts?sel=HighErrorRate"; got != want {
		t.Errorf("links\n%s\nwant\n%s", got, want)
	}
	for name, want := range map[string]string{"trace": traceOfSample, "logs": logsOfSample} {
		if first.Payload.CustomDetails[name] != want || second.Payload.CustomDetails[name] != nil {
			t.Errorf("%s is %v, then %v", name, first.Payload.CustomDetails[name], second.Payload.CustomDetails[name])
		}
	}
	big := sample()
	big.Alerts[0].Annotations["description"] = strings.Repeat("x", maxEvent)
	ok(t, s, big)
	if body := f.Got()[2]; len(body) > 2000 || !strings.Contains(body, "left out") {
		t.Errorf("a big event has %d bytes", len(body))
	}
}

func TestWebhookForm(t *testing.T) {
	f := notifytest.NewHTTP(t, func(r *http.Request, body []byte) error {
		if user, password, _ := r.BasicAuth(); user != "u" || password != "pSECRET" {
			return errors.New("not logged in")
		}
		return notifytest.Webhook(r, body)
	})
	s := receiver(t, "webhook", fmt.Sprintf(`{url: '%s/{{ .CommonLabels.severity }}', max_alerts: 2, http_config: {basic_auth: {username: u, password: pSECRET}}}`, f.URL))
	n := sample()
	for i := range 2 {
		more := n.Alerts[0]
		more.Fingerprint = fmt.Sprint(i)
		more.Labels = map[string]string{"alertname": "HighErrorRate", "severity": "page", "zone": fmt.Sprint(i)}
		n.Alerts = append(n.Alerts, more)
	}
	ok(t, s, n)
	var m notifytest.Message
	if err := json.Unmarshal([]byte(f.Got()[0]), &m); err != nil {
		t.Fatal(err)
	}
	if m.Receiver != "Slack" || len(m.Alerts) != 2 || m.TruncatedAlerts != 1 || len(m.CommonLabels) != 2 || m.ExternalURL != "https://tripod.example" {
		t.Errorf("got %+v", m)
	}
	if a := m.Alerts[0].Annotations; a["evidence_trace"] != traceOfSample || a["evidence_logs"] != logsOfSample {
		t.Errorf("annotations %v", a)
	}
	if m.Alerts[0].Annotations["evidence_url"] != evidenceOfSample || m.Alerts[1].Annotations["evidence_url"] != "" || m.CommonAnnotations["evidence_url"] != "" {
		t.Errorf("annotations %v and %v, common %v", m.Alerts[0].Annotations, m.Alerts[1].Annotations, m.CommonAnnotations)
	}
}

func TestWebhookPayload(t *testing.T) {
	f := notifytest.NewHTTP(t, func(_ *http.Request, body []byte) error {
		if string(body) != `{"msg":"firing HighErrorRate","n":1}` {
			return errors.New("not what the payload says")
		}
		return nil
	})
	ok(t, receiver(t, "webhook", fmt.Sprintf(`{url: %q, payload: {msg: '{{ .Status }} {{ .GroupLabels.alertname }}', n: '{{ len .Alerts }}'}}`, f.URL)), sample())
}

func TestBearerTokenFromAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("tokenSECRET\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := notifytest.NewHTTP(t, func(r *http.Request, body []byte) error {
		if got := r.Header.Get("Authorization"); got != "Bearer tokenSECRET" {
			return fmt.Errorf("authorization %q", got)
		}
		return notifytest.Webhook(r, body)
	})
	ok(t, receiver(t, "webhook", fmt.Sprintf(`{url: %q, http_config: {authorization: {credentials_file: %q}}}`, f.URL, file)), sample())
}

func TestASecondAlertmanager(t *testing.T) {
	f := notifytest.NewHTTP(t, notifytest.Alertmanager)
	s := receiver(t, "alertmanager", fmt.Sprintf("{url: '%s/base/'}", f.URL))
	ok(t, s, sample())
	ok(t, s, resolved())
	if !strings.Contains(f.Got()[1], `"endsAt":"2026-03-12T12:07:30Z"`) {
		t.Errorf("the end is %s", f.Got()[1])
	}
	if !strings.Contains(f.Got()[0], `"evidence_url":"`+evidenceOfSample) {
		t.Errorf("no link to the evidence in %s", f.Got()[0])
	}
	n := sample()
	n.Alerts[0].Annotations["evidence_url"] = "https://own.example"
	ok(t, s, n)
	if !strings.Contains(f.Got()[2], `"evidence_url":"https://own.example"`) {
		t.Errorf("the rule's own link is not in %s", f.Got()[2])
	}
}

func mailer(t testing.TB, f *notifytest.Mail, more string) Sender {
	return receiver(t, "email", fmt.Sprintf(`{smarthost: %q, from: 'Alerts <alerts@example.com>', to: 'a@example.com, B <b@example.com>', send_resolved: true,
		auth_username: me, auth_password: hunter2SECRET, tls_config: {ca_file: %q}, text: '{{ .CommonAnnotations.summary }}'%s}`, f.Addr(), f.CAFile, more))
}

func TestMail(t *testing.T) {
	f := notifytest.NewMail(t)
	s := mailer(t, f, `, headers: {Subject: "Über {{ .GroupLabels.alertname }}\n {{ .Status }}", x-team: ops}, threading: {enabled: true, thread_by_date: none}`)
	ok(t, s, sample())
	h, parts, err := notifytest.ReadMail(f.Got()[0])
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(h.Get("Subject"))
	if err != nil || !strings.HasPrefix(subject, "Über HighErrorRate") || h.Get("X-Team") != "ops" || h.Get("References") != h.Get("In-Reply-To") {
		t.Errorf("headers %v, %v", h, err)
	}
	if parts["text/plain"] != "planner-api fails 42 % of its requests" || !strings.Contains(parts["text/html"], "planner-api fails 42 % of its requests") {
		t.Errorf("text is %q", parts["text/plain"])
	}
	if !strings.Contains(parts["text/html"], evidenceOfSample) {
		t.Errorf("no link to the evidence in %s", parts["text/html"])
	}
	if !strings.Contains(parts["text/html"], "pool &lt;exhausted&gt;") || !strings.Contains(parts["text/html"], "no connection to ‹ip› &amp; co.") {
		t.Errorf("what stands out is not in %s", parts["text/html"])
	}
	ok(t, s, sample())
	if again, _, err := notifytest.ReadMail(f.Got()[1]); err != nil || again.Get("Message-Id") != h.Get("Message-Id") {
		t.Errorf("a second attempt has the id %q, the first %q", again.Get("Message-Id"), h.Get("Message-Id"))
	}
}

func TestMailIsNotSent(t *testing.T) {
	for name, c := range map[string]struct {
		before  func(n int, command string) string
		more    string
		want    string
		refused bool
	}{
		"busy":                {func(_ int, c string) string { return map[string]string{"MAIL": "451 later"}[c] }, "", "MAIL FROM: 451 later", false},
		"busy at once":        {func(_ int, c string) string { return map[string]string{"EHLO": "421 too many"}[c] }, "", "EHLO: ", false},
		"hangs up at once":    {func(_ int, c string) string { return map[string]string{"EHLO": "-"}[c] }, "", "EHLO: ", false},
		"nobody of the name":  {func(_ int, c string) string { return map[string]string{"RCPT": "550 no such user"}[c] }, "", "RCPT TO: 550", true},
		"hangs up":            {func(_ int, c string) string { return map[string]string{"DATA": "-"}[c] }, "", "DATA: EOF", false},
		"hangs up at the end": {func(_ int, c string) string { return map[string]string{".": "-"}[c] }, "", "DATA: EOF", false},
		"wrong password":      {nil, ", auth_identity: you", "AUTH PLAIN: 535 you said (hidden)", true},
		"broken template":     {nil, ", headers: {Subject: '{{ template \"none\" }}'}", "template", true},
	} {
		t.Run(name, func(t *testing.T) {
			f := notifytest.NewMail(t)
			f.Before(c.before)
			err := mailer(t, f, c.more).Send(context.Background(), sample())
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "SECRET") {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			var retry *RetryError
			if refused := errors.As(err, &retry) && retry.Refused; refused != c.refused {
				t.Errorf("refused is %v", refused)
			}
		})
	}
}

// TestEveryReceiverInTrouble has each kind of receiver fail in each of its ways
// before it takes a notification: everything arrives, in order, once.
func TestEveryReceiverInTrouble(t *testing.T) {
	trouble := func(w http.ResponseWriter, r *http.Request, n int) bool {
		switch n % 5 {
		case 1:
			http.Error(w, "internal error", http.StatusInternalServerError)
		case 2:
			panic(http.ErrAbortHandler) // closes the connection
		case 3:
			w.Header().Set("Retry-After", "0")
			http.Error(w, "rate limited", http.StatusTooManyRequests)
		case 4:
			<-r.Context().Done() // until the client has had enough
		default:
			return false
		}
		return true
	}
	for kind, check := range map[string]func(*http.Request, []byte) error{"pagerduty": notifytest.PagerDuty, "webhook": notifytest.Webhook, "alertmanager": notifytest.Alertmanager} {
		t.Run(kind, func(t *testing.T) {
			f := notifytest.NewHTTP(t, check)
			f.Before(trouble)
			yaml := map[string]string{
				"pagerduty": fmt.Sprintf("{url: %q, routing_key: %q}", f.URL, pagerKey), "webhook": fmt.Sprintf("{url: %q}", f.URL),
				"alertmanager": fmt.Sprintf("{url: %q}", f.URL+"/base"),
			}[kind]
			throughTrouble(t, kind, yaml, f.Got, 5)
		})
	}
	t.Run("email", func(t *testing.T) {
		f := notifytest.NewMail(t)
		f.Before(func(n int, command string) string {
			switch {
			case n%4 == 1 && (command == "EHLO" || command == "HELO"):
				return "421 closing"
			case n%4 == 2 && command == "DATA":
				return "-"
			case n%4 == 3 && command == ".":
				return "451 try again"
			}
			return ""
		})
		yaml := fmt.Sprintf("{smarthost: %q, from: alerts@example.com, to: a@b.c, send_resolved: true, auth_username: me, auth_password: hunter2SECRET, tls_config: {ca_file: %q}}", f.Addr(), f.CAFile)
		throughTrouble(t, "email", yaml, f.Got, 4)
	})
}

func throughTrouble(t *testing.T, kind, yaml string, got func() []string, attempts int) {
	c, err := config.Parse([]byte("route: {receiver: ops, group_by: [alertname], group_wait: 0s, group_interval: 10ms}\nreceivers:\n- name: ops\n  "+kind+"_configs: ["+yaml+"]\n"), config.Source{File: "test"})
	if err != nil {
		t.Fatal(err)
	}
	p, err := Open(Options{Dir: t.TempDir(), Config: c, MinBackoff: time.Millisecond, Timeout: 150 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error)
	go func() { ran <- p.Run(ctx) }()
	for _, end := range []time.Time{{}, time.Now()} {
		p.Send(ctx, childAlert(1, end))
		for owes(p) {
			time.Sleep(time.Millisecond)
		}
	}
	cancel()
	if err := errors.Join(<-ran, p.Close()); err != nil {
		t.Error(err)
	}
	if bodies := got(); len(bodies) != 2 || bodies[0] == bodies[1] {
		t.Errorf("%d arrived, want firing and resolved once each", len(bodies))
	}
	for _, d := range p.history.list() {
		if d.Result != alerting.Sent || d.Attempts != attempts {
			t.Errorf("%s was %s after %d attempts, want sent after %d", d.What, d.Result, d.Attempts, attempts)
		}
	}
}

func TestClassicSlack(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "my.tmpl"), []byte(`{{ define "my.title" }}{{ len .Alerts.Firing }} x {{ .GroupLabels.alertname | toLower }}{{ end }}`), 0o600); err != nil {
		t.Fatal(err)
	}
	var got post
	f := notifytest.NewHTTP(t, func(_ *http.Request, body []byte) error { return json.Unmarshal(body, &got) })
	s := receiver(t, "slack", fmt.Sprintf(`{api_url: %q, channel: '#{{ .CommonLabels.severity }}', title: '{{ template "my.title" . }}', text: '{{ range .Alerts }}{{ .Annotations.summary }}{{ end }}', fields: [{title: Zone, value: '{{ .CommonLabels.zone }}', short: true}], actions: [{type: button, text: Go, url: 'https://x.example'}]}`, f.URL), filepath.Join(dir, "*.tmpl"))
	ok(t, s, sample())
	if len(got.Attachments) != 1 || got.Blocks != nil || got.Channel != "#page" || got.Username != "Alertmanager" {
		t.Fatalf("got %+v", got)
	}
	a := got.Attachments[0]
	if a.Title != "1 x higherrorrate" || a.Text != "planner-api fails 42 % of its requests" || a.Color != "danger" || a.Fields[0].Value != "a & b" || a.Actions[0].URL != "https://x.example" {
		t.Errorf("got %+v", a)
	}
}

func TestSlackSaysNoUnderAGoodStatus(t *testing.T) {
	for reply, refused := range map[string]bool{`{"ok":false,"error":"channel_not_found"}`: true, `{"ok":false,"error":"ratelimited"}`: false} {
		err := slackAnswer([]byte(reply), "application/json", hider{})
		var retry *RetryError
		if !errors.As(err, &retry) || retry.Refused != refused {
			t.Errorf("%s gives %v", reply, err)
		}
	}
	for _, reply := range []string{`{"ok":true}`, `{"ok":tr`, "ok"} {
		if err := slackAnswer([]byte(reply), "application/json", hider{}); err != nil {
			t.Errorf("%s gives %v", reply, err)
		}
	}
}
