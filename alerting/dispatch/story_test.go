package dispatch

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tripod/alerting"
	"tripod/alerting/config"
)

var midnight = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// story is one of testdata; see the README there.
type story struct {
	name   string
	config string
	events []event
	wants  []want
}

type event struct {
	at    time.Duration
	verb  string
	words []string
}

type want struct {
	from, to time.Duration
	line     int
	text     string
}

// told is a notification, in the words of a want.
type told struct {
	at   time.Duration
	text string
}

func stories(t testing.TB) []story {
	t.Helper()
	files, err := filepath.Glob("testdata/*.test")
	if err != nil || len(files) == 0 {
		t.Fatal("no stories", err)
	}
	var out []story
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for part := range strings.SplitSeq(string(text), "===\n") {
			if strings.TrimSpace(part) == "" {
				continue
			}
			s, err := parseStory(part)
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			out = append(out, s)
		}
	}
	return out
}

func parseStory(part string) (s story, err error) {
	head, body, ok := strings.Cut(part, "\n---\n")
	if !ok {
		return s, fmt.Errorf("no --- in %q", part)
	}
	s.name, s.config, _ = strings.Cut(strings.TrimSpace(head), "\n")
	for i, line := range strings.Split(body, "\n") {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		d := func(i int) time.Duration {
			v, e := time.ParseDuration(words[i])
			if e != nil && err == nil {
				err = fmt.Errorf("%s: %q: %w", s.name, line, e)
			}
			return v
		}
		switch words[0] {
		case "at":
			s.events = append(s.events, event{d(1), words[2], words[3:]})
		case "between":
			s.wants = append(s.wants, want{d(1), d(3), i + 1, strings.Join(words[4:], " ")})
		default:
			return s, fmt.Errorf("%s: %q", s.name, line)
		}
	}
	return s, err
}

// check holds what was told against the wants, in order.
func (s *story) check(t *testing.T, got []told) {
	t.Helper()
	for i := range max(len(got), len(s.wants)) {
		switch {
		case i >= len(got):
			t.Errorf("line %d: not told: %s", s.wants[i].line, s.wants[i].text)
		case i >= len(s.wants):
			t.Errorf("told at %v: %s; that is too much", got[i].at, got[i].text)
		case got[i].text != s.wants[i].text || got[i].at < s.wants[i].from || got[i].at > s.wants[i].to:
			t.Errorf("line %d: told at %v: %s\nwant between %v and %v: %s", s.wants[i].line, got[i].at, got[i].text, s.wants[i].from, s.wants[i].to, s.wants[i].text)
		}
	}
}

// alertOf reads "A zone=1 for 5m".
func alertOf(words []string, now time.Time) alerting.Alert {
	a := alerting.Alert{Labels: map[string]string{"alertname": words[0]}, StartsAt: now, EndsAt: now.Add(100 * 24 * time.Hour)}
	for i := 1; i < len(words); i++ {
		if words[i] == "for" {
			d, err := time.ParseDuration(words[i+1])
			if err != nil {
				panic(err)
			}
			a.EndsAt = now.Add(d)
			break
		}
		name, value, _ := strings.Cut(words[i], "=")
		a.Labels[name] = value
	}
	return a
}

// silenceOf reads "s1 alertname=A for 1h".
func silenceOf(words []string, now time.Time) (name string, s alerting.Silence) {
	i := slices.Index(words, "for")
	d, err := time.ParseDuration(words[i+1])
	if err != nil {
		panic(err)
	}
	s = alerting.Silence{StartsAt: now, EndsAt: now.Add(d), CreatedBy: "me", Comment: "story"}
	for _, m := range words[1:i] {
		parsed, err := config.ParseMatcher(m)
		if err != nil {
			panic(err)
		}
		s.Matchers = append(s.Matchers, parsed)
	}
	return words[0], s
}

// inShort writes an alert as wants have it.
func inShort(labels map[string]string, resolved bool) string {
	var more []string
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		if name != "alertname" {
			more = append(more, name+"="+labels[name])
		}
	}
	s := map[bool]string{false: "+", true: "-"}[resolved] + labels["alertname"]
	if len(more) > 0 {
		s += "(" + strings.Join(more, ",") + ")"
	}
	return s
}

// teller plays a story on a simulated clock.
type teller struct {
	t       *testing.T
	cfg     *config.Config
	core    *Core
	now     time.Time
	shift   time.Duration // of the clock
	down    map[string]bool
	ids     map[string]string
	seen    map[string]bool // ids of notifications that arrived
	got     []told
	tried   map[string]bool // receivers and alerts of which they may have heard that they fire
	starts  map[string]time.Time
	attempt int
}

func newTeller(t *testing.T, cfg *config.Config) *teller {
	return &teller{
		t: t, cfg: cfg, core: New(cfg, Options{Steps: true}), now: midnight, down: map[string]bool{}, ids: map[string]string{},
		seen: map[string]bool{}, tried: map[string]bool{}, starts: map[string]time.Time{},
	}
}

func (p *teller) clock() time.Time { return p.now.Add(p.shift) }

// until delivers what is owed before a moment.
func (p *teller) until(end time.Time) {
	for range 10_000 {
		next := p.core.Next()
		if next.IsZero() || next.Add(-p.shift).After(end) {
			p.now = end
			return
		}
		if at := next.Add(-p.shift); at.After(p.now) {
			p.now = at
		}
		p.core.Advance(p.clock())
		for _, due := range p.core.Ready(p.clock()) {
			if n := p.core.Begin(p.clock(), due); n != nil {
				p.send(n)
			}
		}
	}
	p.t.Fatal("it never comes to rest")
}

func (p *teller) send(n *Notification) {
	p.attempt++
	for _, a := range n.Alerts {
		if !a.Resolved {
			p.tried[n.Receiver+" "+inShort(a.Labels, false)[1:]] = true
		}
	}
	if p.down[n.Receiver] {
		p.core.Fail(p.clock(), n, p.clock().Add(10*time.Second), "down")
		return
	}
	if p.seen[n.ID] {
		p.t.Errorf("at %v the notification %s came again", p.now.Sub(midnight), n.ID)
	}
	p.seen[n.ID] = true
	words := []string{n.Receiver + ":"}
	for _, a := range n.Alerts {
		words = append(words, inShort(a.Labels, a.Resolved))
	}
	p.got = append(p.got, told{p.now.Sub(midnight), strings.Join(words, " ")})
	p.core.Succeed(p.clock(), n)
}

func (p *teller) do(e event) {
	now := p.clock()
	switch e.verb {
	case "fire":
		a := alertOf(e.words, now)
		p.starts[a.Fingerprint()] = a.StartsAt
		p.core.Put(now, a)
	case "resolve":
		a := alertOf(e.words, now)
		a.StartsAt, a.EndsAt = p.starts[a.Fingerprint()], now
		p.core.Put(now, a)
	case "silence":
		name, s := silenceOf(e.words, now)
		s.ID = p.ids[name]
		id, err := p.core.SetSilence(now, s, fmt.Sprintf("%s-%d", name, len(p.ids)))
		if err != nil {
			p.t.Fatal(err)
		}
		p.ids[name] = id
	case "expire":
		if err := p.core.ExpireSilence(now, p.ids[e.words[0]]); err != nil {
			p.t.Fatal(err)
		}
	case "down", "up":
		p.down[e.words[0]] = e.verb == "down"
	case "clock":
		d, err := time.ParseDuration(e.words[0])
		if err != nil {
			p.t.Fatal(err)
		}
		p.shift += d
		p.core.Advance(p.clock())
	case "restart":
		if len(e.words) > 1 {
			away, err := time.ParseDuration(e.words[1])
			if err != nil {
				p.t.Fatal(err)
			}
			p.now = p.now.Add(away)
		}
		p.restart()
	case "end":
	default:
		p.t.Fatalf("what is %q?", e.verb)
	}
}

// restart makes the core anew from what is on disk: the sum of all changes.
func (p *teller) restart() {
	b, err := json.Marshal(p.core.whole())
	if err != nil {
		p.t.Fatal(err)
	}
	var s State
	if err := json.Unmarshal(b, &s); err != nil {
		p.t.Fatal(err)
	}
	p.core = New(p.cfg, Options{Steps: true})
	if err := p.core.Restore(p.clock(), s, true); err != nil {
		p.t.Fatal(err)
	}
}

// whole is what the changes up to now add up to.
func (c *Core) whole() State {
	c.changed = newChanges()
	for f := range c.alerts {
		c.changed.alerts[f] = true
	}
	for id := range c.groups {
		c.changed.groups[id] = true
	}
	for id := range c.silences {
		c.changed.silences[id] = true
	}
	return c.Changes()
}

func TestStories(t *testing.T) {
	for _, s := range stories(t) {
		t.Run(s.name, func(t *testing.T) {
			cfg, err := config.Parse([]byte(s.config), config.Source{File: "story"})
			if err != nil {
				t.Fatal(err)
			}
			p := newTeller(t, cfg)
			for _, e := range s.events {
				p.until(midnight.Add(e.at))
				p.do(e)
			}
			s.check(t, p.got)
			if t.Failed() {
				for _, step := range p.core.Steps() {
					t.Log(step.Time.Sub(midnight), step.Name, step.Kind, step.Receiver, step.By, step.Detail)
				}
			}
		})
	}
}
