package notify

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"

	"github.com/prometheus/alertmanager/template"

	"tripod/alerting/config"
)

// slack posts to an incoming webhook, or through chat.postMessage with a
// token. The address of a webhook is a secret: whoever knows it can post.
type slack struct {
	caller
	conf     *config.Slack
	template *template.Template
	external *url.URL // nil leaves the links out
}

func newSlack(c *config.Slack, t *template.Template) (*slack, error) {
	client, err := httpClient(c.HTTPConfig)
	if err != nil {
		return nil, err
	}
	s := &slack{conf: c, template: t, caller: caller{client: client, url: c.APIURL, urlFile: c.APIURLFile, timeout: c.Timeout}}
	if t.ExternalURL.Host != "" {
		s.external = t.ExternalURL
	}
	return s, nil
}

// Send makes one attempt.
func (s *slack) Send(ctx context.Context, n Notification) error {
	address, err := s.address()
	if err != nil {
		return err
	}
	p, err := s.post(&n)
	if err != nil {
		return err
	}
	body, err := json.Marshal(p)
	if err != nil {
		return err
	}
	reply, res, err := s.caller.post(ctx, address, body, string(s.conf.AppToken))
	if err != nil {
		return err
	}
	return slackAnswer(reply, res.Header.Get("Content-Type"), newHider(address, string(s.conf.AppToken)))
}

// slackAnswer finds a refusal under a status that says all is well: the API
// answers in JSON, a webhook with "ok".
func slackAnswer(reply []byte, contentType string, hide hider) error {
	if !strings.HasPrefix(contentType, "application/json") {
		return nil
	}
	var answer struct {
		OK    *bool  `json:"ok"`
		Error string `json:"error"`
	}
	if json.Unmarshal(reply, &answer) != nil || answer.OK == nil || *answer.OK {
		return nil // half an answer to a post that was taken
	}
	return &RetryError{
		Err:     errors.New("Slack: " + hide.text(clip(answer.Error, 200))),
		Refused: answer.Error != "ratelimited" && answer.Error != "rate_limited" && answer.Error != "internal_error" && answer.Error != "service_unavailable",
	}
}

// post makes the message: blocks, or the attachment that the configuration
// spells out.
func (s *slack) post(n *Notification) (*post, error) {
	f := filler{t: s.template, data: templateData(s.template, n)}
	p := &post{
		Channel: f.text(s.conf.Channel), Username: f.text(s.conf.Username), IconEmoji: f.text(s.conf.IconEmoji),
		IconURL: f.text(s.conf.IconURL), LinkNames: s.conf.LinkNames,
	}
	if s.conf.Classic() {
		p.Username = f.text(cmp.Or(s.conf.Username, `{{ template "slack.default.username" . }}`))
		p.Text = f.text(written(s.conf.MessageText, ""))
		p.Attachments = []attachment{classic(s.conf, &f)}
	} else {
		m := message(newsOf(n), s.external)
		p.Text, p.Blocks = m.Text, m.Blocks
	}
	return p, f.err
}

// written is a field of the configuration, or its default.
func written(field *string, otherwise string) string {
	if field == nil {
		return otherwise
	}
	return *field
}
