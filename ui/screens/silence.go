package screens

import "tripod/ui"

// Silences are all silences, and the form of one.
type Silences struct {
	Back        string // link to the rules
	Form        SilenceForm
	Look        SilenceLooks
	Items, Over []SilenceItem // active and to come; ended
}

// SilenceForm makes or changes a silence.
type SilenceForm struct {
	ID           string // of the silence that is changed, empty for a new one
	Matchers     []SilenceMatcher
	Spans        []RuleSpan
	Begin, Until string
	Comment, By  string
	Back         string            // sel of the rule to which it leads back
	Errors       map[string]string // by field; "" is of the whole
}

// SilenceMatcher is one condition on a label.
type SilenceMatcher struct{ Name, Op, Value string }

// SilenceLooks is what a silence would mute now.
type SilenceLooks struct {
	Say       string // empty while the form is not ready
	Alerts    []SilencedAlert
	More      int
	Receivers []string
	Errors    map[string]string
}

// SilencedAlert is one that would be muted.
type SilencedAlert struct {
	Name, Tone, Word string
	Service          *ui.Service
	Receivers        []string
	Already          bool // another silence mutes it
}

// SilenceItem is one silence.
type SilenceItem struct {
	ID                string
	Tone, Word        string
	Matchers          []string
	Service           *ui.Service
	Comment, By       string
	When, Exact, Left string
	Edit              string
	Can               bool // it can be ended
}

// AlertSilence is the silence form of a rule, and what holds it back.
type AlertSilence struct {
	Form  SilenceForm
	Look  SilenceLooks
	Items []SilenceItem
}

func (f SilenceForm) verb() string {
	if f.ID != "" {
		return "Change silence"
	}
	return "Create silence"
}

// picked says that the end is a date.
func (f SilenceForm) picked() bool { return len(f.Spans) > 0 && f.Spans[len(f.Spans)-1].On }
