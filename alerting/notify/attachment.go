package notify

import "tripod/alerting/config"

// maxTitle is Slack's bound of an attachment's title, in characters.
const maxTitle = 1024

// attachment is Slack's older form of a message, which templates are written
// for: https://api.slack.com/reference/messaging/attachments#legacy_fields
type attachment struct {
	Title      string               `json:"title,omitempty"`
	TitleLink  string               `json:"title_link,omitempty"`
	Pretext    string               `json:"pretext,omitempty"`
	Text       string               `json:"text"`
	Fallback   string               `json:"fallback"`
	CallbackID string               `json:"callback_id"`
	Fields     []config.SlackField  `json:"fields,omitempty"`
	Actions    []config.SlackAction `json:"actions,omitempty"`
	ImageURL   string               `json:"image_url,omitempty"`
	ThumbURL   string               `json:"thumb_url,omitempty"`
	Footer     string               `json:"footer"`
	Color      string               `json:"color,omitempty"`
	MrkdwnIn   []string             `json:"mrkdwn_in,omitempty"`
}

// classic is the attachment that Alertmanager would send.
func classic(c *config.Slack, f *filler) attachment {
	a := attachment{
		Title:      clip(f.text(written(c.Title, `{{ template "slack.default.title" . }}`)), maxTitle),
		TitleLink:  f.text(written(c.TitleLink, `{{ template "slack.default.titlelink" . }}`)),
		Pretext:    f.text(written(c.Pretext, `{{ template "slack.default.pretext" . }}`)),
		Text:       f.text(written(c.Text, `{{ template "slack.default.text" . }}`)),
		Fallback:   f.text(written(c.Fallback, `{{ template "slack.default.fallback" . }}`)),
		CallbackID: f.text(written(c.CallbackID, `{{ template "slack.default.callbackid" . }}`)),
		Footer:     f.text(written(c.Footer, `{{ template "slack.default.footer" . }}`)),
		Color:      f.text(written(c.Color, `{{ template "slack.default.color" . }}`)),
		ImageURL:   f.text(written(c.ImageURL, "")),
		ThumbURL:   f.text(written(c.ThumbURL, "")),
		MrkdwnIn:   c.MrkdwnIn,
	}
	if len(a.MrkdwnIn) == 0 {
		a.MrkdwnIn = []string{"fallback", "pretext", "text"}
	}
	for _, field := range c.Fields {
		short := c.ShortFields
		if field.Short != nil {
			short = *field.Short
		}
		a.Fields = append(a.Fields, config.SlackField{Title: f.text(field.Title), Value: f.text(field.Value), Short: &short})
	}
	for _, button := range c.Actions {
		b := config.SlackAction{
			Type: f.text(button.Type), Text: f.text(button.Text), URL: f.text(button.URL),
			Style: f.text(button.Style), Name: f.text(button.Name), Value: f.text(button.Value),
		}
		if ask := button.Confirm; ask != nil {
			b.Confirm = &config.SlackConfirm{
				Title: f.text(ask.Title), Text: f.text(ask.Text), OkText: f.text(ask.OkText), DismissText: f.text(ask.DismissText),
			}
		}
		a.Actions = append(a.Actions, b)
	}
	return a
}
