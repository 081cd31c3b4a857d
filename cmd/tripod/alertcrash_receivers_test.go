package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"tripod/alerting/notifytest"
)

// told is a message in the words that all receivers share.
type told struct {
	group    string
	resolved map[string]bool // by the label part; false while it fires
	life     string          // of the process that sent it
	said     bool            // success was said to its sender
}

// place is one receiver: what it took, and how its form is read.
type place struct {
	name  string
	taken func() []notifytest.Taken
	read  func(notifytest.Taken) (told, error)
}

// places are all five, each with its own troubles.
type places struct {
	slack, pager, hook, second *notifytest.HTTP
	mail                       *notifytest.Mail

	mu    sync.Mutex
	calm  bool
	rnd   *rand.Rand
	taken func() // called at each message that was taken, before its success is said
}

func newPlaces(t *testing.T, seed uint64) *places {
	p := &places{
		slack: notifytest.NewSlack(t), pager: notifytest.NewHTTP(t, notifytest.PagerDuty), hook: notifytest.NewHTTP(t, notifytest.Webhook),
		second: notifytest.NewHTTP(t, notifytest.Alertmanager), mail: notifytest.NewMail(t), rnd: rand.New(rand.NewPCG(seed, 6)), taken: func() {},
	}
	for _, h := range []*notifytest.HTTP{p.slack, p.pager, p.hook, p.second} {
		h.Before(p.refuse)
		h.After(p.halfAnswer)
	}
	p.mail.Before(p.mailTrouble)
	return p
}

func (p *places) all() []place {
	return []place{
		{"Slack", p.slack.Taken, readSlack}, {"PagerDuty", p.pager.Taken, readPagerDuty}, {"webhook", p.hook.Taken, readWebhook},
		{"second Alertmanager", p.second.Taken, readAlerts}, {"mail", p.mail.Taken, readMail},
	}
}

// die is a chance in a hundred, or none once all is calm.
func (p *places) die() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.calm {
		return 100
	}
	return p.rnd.IntN(100)
}

func (p *places) rest() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calm = true
}

func (p *places) onTaken(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken = f
}

// refuse is the trouble before a message is taken.
func (p *places) refuse(w http.ResponseWriter, r *http.Request, _ int) bool {
	switch n := p.die(); {
	case n < 6:
		http.Error(w, "internal error", http.StatusInternalServerError)
	case n < 11:
		w.Header().Set("Retry-After", "0")
		http.Error(w, "rate limited", http.StatusTooManyRequests)
	case n < 15:
		panic(http.ErrAbortHandler) // closes the connection
	case n < 17:
		<-r.Context().Done() // no answer until the client has had enough
	default:
		return false
	}
	return true
}

// halfAnswer is the trouble after it was taken: the sender cannot know.
func (p *places) halfAnswer(w http.ResponseWriter, _ *http.Request, _ int) bool {
	p.mu.Lock()
	taken := p.taken
	p.mu.Unlock()
	taken()
	switch n := p.die(); {
	case n < 5:
		panic(http.ErrAbortHandler)
	case n < 9: // a good status, then nothing of what it promises
		w.Header().Set("Content-Length", "100")
		w.WriteHeader(http.StatusOK)
		w.Write([]byte(`{"sta`))
	default:
		return false
	}
	return true
}

func (p *places) mailTrouble(_ int, command string) string {
	trouble := map[string]string{"EHLO": "421 closing", "MAIL": "451 later", "DATA": "-", ".": "452 no room", "taken": "-"}[command]
	if command == "taken" {
		p.mu.Lock()
		taken := p.taken
		p.mu.Unlock()
		taken()
	}
	if trouble == "" || p.die() >= 5 {
		return ""
	}
	return trouble
}

// config tells everybody everything. Each life names itself in a header, so
// that a message shows which process sent it.
func (p *places) config(life int) string {
	web := fmt.Sprintf("send_resolved: true, timeout: 2s, http_config: {follow_redirects: false, http_headers: {X-Life: {values: [%q]}}}", fmt.Sprint(life))
	return fmt.Sprintf(`global: {resolve_timeout: 2h}
route: {receiver: all, group_by: [alertname], group_wait: 0s, group_interval: 10ms, repeat_interval: 24h}
receivers:
- name: all
  slack_configs: [{api_url: %q, %s}]
  pagerduty_configs:
  - {url: %q, routing_key: 0123456789abcdef0123456789abcdef, class: '{{ .GroupLabels.alertname }}', %s, details: {
      firing: 'parts{{ range .Alerts.Firing }} {{ .Labels.part }}{{ end }}', resolved: 'parts{{ range .Alerts.Resolved }} {{ .Labels.part }}{{ end }}'}}
  webhook_configs: [{url: %q, %s}]
  alertmanager_configs: [{url: %q, %s}]
  email_configs:
  - {smarthost: %q, from: alerts@example.com, to: a@example.com, send_resolved: true, auth_username: me, auth_password: hunter2SECRET, tls_config: {ca_file: %q},
     headers: {X-Life: %q, X-Group: '{{ .GroupLabels.alertname }}'}, text: "{{ range .Alerts }}{{ .Status }} {{ .Labels.part }}\n{{ end }}"}
`, p.slack.WebhookURL(), web, p.pager.URL, web, p.hook.URL, web, p.second.URL+"/base", web, p.mail.Addr(), p.mail.CAFile, fmt.Sprint(life))
}

func fromHTTP(m notifytest.Taken) told {
	return told{resolved: map[string]bool{}, life: m.Header.Get("X-Life"), said: m.Said}
}

var partName = regexp.MustCompile(`^g\d+p\d+$`)

// readSlack reads the blocks: a text with the part, then its figures.
func readSlack(m notifytest.Taken) (told, error) {
	out := fromHTTP(m)
	var post notifytest.Post
	if err := json.Unmarshal([]byte(m.Body), &post); err != nil {
		return out, err
	}
	_, out.group, _ = strings.Cut(post.Blocks[0].Text.Text, ": ")
	part := ""
	for _, b := range post.Blocks[1:] {
		if b.Text != nil && partName.MatchString(b.Text.Text) {
			part = b.Text.Text
		}
		for _, f := range b.Fields {
			switch {
			case strings.HasPrefix(f.Text, "*Resolved*"):
				out.resolved[part] = true
			case strings.HasPrefix(f.Text, "*Since*"):
				out.resolved[part] = false
			}
		}
	}
	return out, nil
}

func readPagerDuty(m notifytest.Taken) (told, error) {
	out := fromHTTP(m)
	var e notifytest.Event
	if err := json.Unmarshal([]byte(m.Body), &e); err != nil {
		return out, err
	}
	out.group = e.Payload.Class
	for name, resolved := range map[string]bool{"firing": false, "resolved": true} {
		for _, part := range strings.Fields(fmt.Sprint(e.Payload.CustomDetails[name]))[1:] {
			out.resolved[part] = resolved
		}
	}
	key := sha256.Sum256([]byte(fmt.Sprintf("{}:{alertname=%q}", out.group)))
	if want := hex.EncodeToString(key[:]); e.DedupKey != want {
		return out, fmt.Errorf("the incident is %s, want %s", e.DedupKey, want)
	}
	if over := !strings.Contains(fmt.Sprint(out.resolved), "false"); over != (e.EventAction == "resolve") {
		return out, fmt.Errorf("%s of %v", e.EventAction, out.resolved)
	}
	return out, nil
}

func readWebhook(m notifytest.Taken) (told, error) {
	out := fromHTTP(m)
	var msg notifytest.Message
	if err := json.Unmarshal([]byte(m.Body), &msg); err != nil {
		return out, err
	}
	out.group = msg.GroupLabels["alertname"]
	for _, a := range msg.Alerts {
		out.resolved[a.Labels["part"]] = a.Status == "resolved"
	}
	return out, nil
}

// readAlerts tells what fires from what is over by an end that lies ahead.
func readAlerts(m notifytest.Taken) (told, error) {
	out := fromHTTP(m)
	var alerts []notifytest.Posted
	if err := json.Unmarshal([]byte(m.Body), &alerts); err != nil {
		return out, err
	}
	for _, a := range alerts {
		out.group = a.Labels["alertname"]
		out.resolved[a.Labels["part"]] = a.EndsAt.Sub(a.StartsAt).Hours() < 24
	}
	return out, nil
}

func readMail(m notifytest.Taken) (told, error) {
	out := told{resolved: map[string]bool{}, said: m.Said}
	h, parts, err := notifytest.ReadMail(m.Body)
	if err != nil {
		return out, err
	}
	out.group, out.life = h.Get("X-Group"), h.Get("X-Life")
	for line := range strings.Lines(parts["text/plain"]) {
		status, part, _ := strings.Cut(strings.TrimSpace(line), " ")
		out.resolved[part] = status == "resolved"
	}
	return out, nil
}
