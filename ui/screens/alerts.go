package screens

import (
	"strconv"

	"github.com/a-h/templ"

	"tripod/ui"
	"tripod/ui/chart"
)

// Alerts are the rules with their state, and one of them in full.
type Alerts struct {
	Failed   string // why nothing can be shown
	None     bool   // there are no rules
	List     AlertList
	Sel      *AlertDetail // nil when none is shown
	NotFound string       // the name in the address of which there is no rule
	Notices  string       // a general remark: no receiver
	New      string       // leads to the form of a new rule; empty where none can be made
	Undo     string       // brings a deleted rule back
	Saved    *RuleSaved   // what was just saved; nil for nothing
	Silences string       // how many there are; empty where none can be made
	Evidence string       // leads to all that was kept of alerts; empty where nothing is
}

// RuleSaved is a rule that was changed, and how to take that back.
type RuleSaved struct {
	Restore string // address that restores an older version
	Now     int    // the version that was saved
	Before  int    // the one before
}

// AlertList are the rules.
type AlertList struct {
	Tabs     []AlertTab
	Sections []AlertSection
	Rest     string // where the list is with all values; empty when it has them
	None     string // why it is empty
	All      string // leads to all rules
}

// AlertTab limits the list to one section.
type AlertTab struct {
	Text, Count string
	Kind        string // of its badge
	Href        string // with one that is on, to the whole list
	On, None    bool
}

// AlertSection is a part of the list.
type AlertSection struct {
	Title string
	Kind  string // of its badge
	Items []AlertItem
}

// AlertItem is one rule in the list.
type AlertItem struct {
	ID      string
	Name    string
	Href    string
	On      bool
	Tone    string // of the dot: "", warn, err, idle
	Word    string // the same in a word
	Value   string
	Title   string // more words about the value
	Service *ui.Service
	Note    string // 20 min, fires in 2 min, not above 5 %
}

// AlertDetail is one rule.
type AlertDetail struct {
	Name     string
	Tone     string
	Word     string
	Badge    string // firing 20 min
	Kind     string // of the badge
	Severity string
	Text     string
	Runbook  string   // http or https, or empty
	Error    string   // of the last evaluation
	Facts    []string // for 5 min, every 15 s, built-in
	Chart    AlertChart
	Alerting bool // false for a recording rule, which has no alerts
	Active   []AlertInstance
	More     int              // active alerts that are not listed
	Changes  *EvidenceChanges // what happened since an hour before its alerts; nil when it has none
	Evidence string           // leads to all that was kept of its alerts; may be empty
	Why      AlertWhy
	Test     AlertTest
	Notices  AlertNotices
	Silence  *AlertSilence // nil where none can be made
	Held     string        // silenced until 18:00, relay move
	Edit     string        // leads to its form; empty when it was not made here
	Copy     string        // leads to the form of a new rule that is like it
}

// AlertChart is the rule's expression over the time range.
type AlertChart struct {
	Failed    string
	None      string
	Expr      string
	Metrics   string // link
	Hint      string
	Lines     chart.Lines
	Legend    []ui.LegendItem
	Threshold *AlertThreshold
	Bands     []AlertBand
	Strip     []AlertSpan
}

// AlertThreshold is where the expression's threshold lies, from 0 (bottom) to 1.
type AlertThreshold struct {
	Text string
	At   float64
}

// AlertBand is the shade of a time in which the rule was not quiet; From and
// Width are shares of the plot.
type AlertBand struct {
	Kind        string // warn or err
	Text        string // empty when it has no room
	Left        bool   // the text stands at the left of it
	From, Width float64
}

// AlertSpan is a part of the strip of states; Width is a share.
type AlertSpan struct {
	State string // ok, pending, firing, or empty when nothing is known
	Width float64
}

// AlertInstance is one active alert of a rule.
type AlertInstance struct {
	Tone, Word   string
	Service      *ui.Service
	Labels       []string // name=value
	Summary      string
	Value        string
	Since, Exact string
	Logs, Traces string // links
	Silence      string // link to a silence's form for it
	Evidence     string // link, or empty
}

// AlertTest is what the rule would have done over stored history.
type AlertTest struct {
	Key       string          // of the rule
	Spans     []AlertTestSpan // over which it can be run; none means that it cannot
	Over      string          // that of the test; empty when it is none of these
	Part      string          // where the test is by itself
	Waiting   bool            // it is not run yet, and asks for itself
	Failed    string
	Say       string // a sentence
	Chart     AlertChart
	Threshold string     // of the test; empty where the expression has none
	For       string     // how long the condition has to hold, as typed
	Hidden    []ui.Param // of the form that asks for another threshold; nil where there is none
	Rows      []AlertTestRow
}

// AlertTestSpan is a time over which to test.
type AlertTestSpan struct {
	Text, Href string
	Part       string // the same, by itself
	Value      string // in a form, in the place of Href
	On         bool
}

// AlertTestRow is what the rule would have done at one threshold; Share is of
// the most that it fired at one of them.
type AlertTestRow struct {
	Threshold                  string
	Share                      float64
	Fired, Firing, Told, Night string
	Whom                       string
	On                         bool
}

// AlertNotices are the rule's notifications.
type AlertNotices struct {
	Hint     string
	NoTarget bool // no receiver is set
	Rows     []AlertNotice
	Route    string // to Slack, grouped by service_name, repeated every 4 h
	Next     []AlertNext
	TestSel  string // of the rule that a test is sent for; empty where none can be
	Sent     AlertSends
}

// AlertNext is what an integration hears next.
type AlertNext struct {
	Receiver string
	Of       string // service, or 3 alerts; may be empty
	Text     string // told at 14:12:31, again at 18:12:31 if it still fires
	Tone     string // t-warn, t-2 or empty
}

// AlertSends is what became of a test through the real routes.
type AlertSends struct {
	Done bool
	Rows []AlertSend // none: the routes lead to nobody
}

// AlertSend is one integration's answer.
type AlertSend struct {
	Receiver, Text, Tone string
	Held                 string // what would hold a real alert back
}

// AlertNotice is one notification.
type AlertNotice struct {
	Time, Exact string
	Receiver    string
	Text        string // firing, planner-api
	Result      string // sent, 148 ms
	Tone        string // t-ok, t-warn, t-err, t-2
	Error       string
}

func (s AlertSection) count() string { return chart.Count(int64(len(s.Items))) }

// tone is loud only where there is something.
func (t AlertTab) tone() string {
	if t.None {
		return ""
	}
	return t.Kind
}

// restOf asks for the whole list once this one is shown.
func restOf(address string) templ.Attributes {
	if address == "" {
		return nil
	}
	return templ.Attributes{"hx-get": address, "hx-trigger": "load", "hx-swap": "outerHTML"}
}

func (s AlertSpan) class() string {
	if s.State == "" {
		return "none"
	}
	return s.State
}

// text leaves the word out where it has no room.
func (s AlertSpan) text() string {
	if s.Width < 0.07 {
		return ""
	}
	return s.State
}

func currentRule(on bool) templ.Attributes {
	if !on {
		return nil
	}
	return templ.Attributes{"aria-current": "true"}
}

func itemTone(tone string) string {
	switch tone {
	case "err":
		return "t-err"
	case "warn":
		return "t-warn"
	}
	return "t-2"
}

// The styles below are numbers of our own, never text from outside.

func bandAt(b AlertBand) templ.SafeCSS {
	return templ.SafeCSS("left:" + percent(b.From) + ";width:" + percent(b.Width))
}

func thresholdAt(t *AlertThreshold) templ.SafeCSS {
	if t.At > 0.92 { // there is room below the line only
		return templ.SafeCSS("transform:none;top:" + percent(1-t.At))
	}
	return templ.SafeCSS("top:" + percent(1-t.At))
}

func flex(s AlertSpan) templ.SafeCSS {
	return templ.SafeCSS("flex:" + strconv.FormatFloat(s.Width*100, 'f', 2, 64))
}

// waitingTest lets one who only passes by go on before it runs.
func waitingTest(t AlertTest) templ.Attributes {
	if !t.Waiting {
		return nil
	}
	return testOf(t.Part, "load delay:250ms")
}

// testOf asks for the test again, and lets go of one that runs.
func testOf(address, trigger string) templ.Attributes {
	if address == "" {
		return nil
	}
	return templ.Attributes{
		"hx-get": address, "hx-trigger": trigger, "hx-target": "#alert-test", "hx-swap": "outerHTML",
		"hx-sync": "#alert-test:replace", "hx-indicator": "#alert-test",
	}
}

func overlayAt(l chart.Lines) templ.SafeCSS {
	return templ.SafeCSS("--h:" + strconv.Itoa(l.Height) + "px;--yw:" + strconv.Itoa(l.Left) + "px")
}

func percent(share float64) string { return strconv.FormatFloat(share*100, 'f', 2, 64) + "%" }
