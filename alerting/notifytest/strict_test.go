package notifytest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestFormsRefuse: what the documents do not allow is refused, and its neighbour is not.
func TestFormsRefuse(t *testing.T) {
	const (
		event   = `{"routing_key":"0123456789abcdef0123456789abcdef","event_action":"trigger","dedup_key":"d","payload":{"summary":"s","source":"x","severity":"error","timestamp":"2026-03-12T12:00:00.000Z"}}`
		message = `{"receiver":"r","status":"firing","alerts":[{"status":"firing","labels":{},"startsAt":"2026-03-12T12:00:00Z","endsAt":"0001-01-01T00:00:00Z","fingerprint":"f"}],"groupLabels":{},"commonLabels":{},"commonAnnotations":{},"externalURL":"","version":"4","groupKey":"k","truncatedAlerts":0}`
		posted  = `[{"labels":{"alertname":"A"},"startsAt":"2026-03-12T12:00:00Z","endsAt":"2026-03-12T13:00:00Z"}]`
		post    = `{"text":"t","blocks":[{"type":"header","block_id":"1","text":{"type":"plain_text","text":"Firing: A","emoji":false}},{"type":"section","text":{"type":"mrkdwn","text":"a &amp; b <!date^1^{time}|then>","verbatim":true}},{"type":"context","elements":[{"type":"mrkdwn","text":"c"}]},{"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":"Alert"},"url":"http://x/a"}]}]}`
	)
	for name, c := range map[string]struct {
		form            func(*http.Request, []byte) error
		path, good      string
		wrong, becomeIt string
	}{
		"event: another name":         {PagerDuty, "/", event, `"source"`, `"origin"`},
		"event: other letters":        {PagerDuty, "/", event, `"source"`, `"Source"`},
		"event: severity":             {PagerDuty, "/", event, `"error"`, `"page"`},
		"event: action":               {PagerDuty, "/", event, `"trigger"`, `"fire"`},
		"event: routing key":          {PagerDuty, "/", event, `cdef"`, `cde"`},
		"event: two of them":          {PagerDuty, "/", event, `Z"}}`, `Z"}}{}`},
		"webhook: version":            {Webhook, "/", message, `"4"`, `"5"`},
		"webhook: a number as text":   {Webhook, "/", message, `:0}`, `:"0"}`},
		"webhook: no group key":       {Webhook, "/", message, `,"groupKey":"k"`, ``},
		"webhook: ends while firing":  {Webhook, "/", message, `0001-`, `2026-`},
		"webhook: letters of a name":  {Webhook, "/", message, `"startsAt"`, `"startsat"`},
		"alerts: end before start":    {Alertmanager, "/base/api/v2/alerts", posted, `13:00`, `11:00`},
		"alerts: without labels":      {Alertmanager, "/base/api/v2/alerts", posted, `"alertname":"A"`, ``},
		"alerts: status in it":        {Alertmanager, "/base/api/v2/alerts", posted, `"startsAt"`, `"status":"firing","startsAt"`},
		"Slack: a control sequence":   {Slack, SecretPath, post, `&amp; b`, `<!channel>`},
		"Slack: an ampersand":         {Slack, SecretPath, post, `&amp;`, `&`},
		"Slack: a link":               {Slack, SecretPath, post, `&amp; b`, `<http://x|y>`},
		"Slack: an empty text":        {Slack, SecretPath, post, `"text":"c"`, `"text":""`},
		"Slack: a header in mrkdwn":   {Slack, SecretPath, post, `"plain_text","text":"Firing: A","emoji":false`, `"mrkdwn","text":"Firing: A"`},
		"Slack: a type":               {Slack, SecretPath, post, `"section"`, `"sektion"`},
		"Slack: a button to nowhere":  {Slack, SecretPath, post, `http://x/a`, `x/a`},
		"Slack: no words for a phone": {Slack, SecretPath, post, `{"text":"t"`, `{"text":""`},
		"Slack: letters of a name":    {Slack, SecretPath, post, `"block_id"`, `"Block_ID"`},
	} {
		t.Run(name, func(t *testing.T) {
			try := func(body string) error {
				r := httptest.NewRequest(http.MethodPost, c.path, nil)
				r.Header.Set("Content-Type", "application/json; charset=utf-8")
				return c.form(r, []byte(body))
			}
			if err := try(c.good); err != nil {
				t.Fatalf("the good one: %v", err)
			}
			bad := strings.Replace(c.good, c.wrong, c.becomeIt, 1)
			if bad == c.good {
				t.Fatalf("%q is not in it", c.wrong)
			}
			if try(bad) == nil {
				t.Errorf("taken: %s", bad)
			}
		})
	}
}
