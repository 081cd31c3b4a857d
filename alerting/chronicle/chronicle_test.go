package chronicle_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tripod/alerting"
	"tripod/alerting/chronicle"
	"tripod/alerting/config"
	"tripod/alerting/notify"
)

// routes: a page goes out after ten seconds, B is inhibited by A, nobody hears of C.
const routes = `
route: {receiver: chat, group_by: [alertname], group_wait: 10s, group_interval: 1m, repeat_interval: 4h, routes: [{receiver: none, matchers: [alertname=C]}]}
receivers:
- name: chat
  slack_configs: [{send_resolved: true, api_url: "http://127.0.0.1/"}]
- name: none
inhibit_rules:
- {source_matchers: [alertname=A], target_matchers: [alertname=B], equal: [zone]}
`

// life is a pipeline whose steps are kept.
type life struct {
	*testing.T
	dir    string
	c      *chronicle.Chronicle
	p      *notify.Pipeline
	refuse atomic.Bool
	stop   func()
}

func (l *life) Send(context.Context, notify.Notification) error {
	if l.refuse.Load() {
		return errors.New("503 Service Unavailable")
	}
	return nil
}

func (l *life) open() {
	l.Helper()
	conf, err := config.Parse([]byte(routes), config.Source{File: "test"})
	if err != nil {
		l.Fatal(err)
	}
	if l.c, err = chronicle.Open(chronicle.Options{Dir: l.dir}); err != nil {
		l.Fatal(err)
	}
	if l.p, err = notify.Open(notify.Options{
		Dir: l.dir, Config: conf, Events: notify.Events{Steps: l.c.Add}, Sender: func(string, string) notify.Sender { return l },
	}); err != nil {
		l.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { l.p.Run(ctx) })
	l.stop = func() {
		cancel()
		wg.Wait()
		if err := errors.Join(l.p.Close(), l.c.Close()); err != nil {
			l.Error(err)
		}
	}
}

func live(t *testing.T, f func(l *life)) {
	synctest.Test(t, func(t *testing.T) {
		l := &life{T: t, dir: t.TempDir()}
		l.open()
		f(l)
		l.stop()
	})
}

func labels(name string) map[string]string {
	return map[string]string{"alertname": name, "zone": "1"}
}

func (l *life) fire(name string) {
	l.p.Send(context.Background(), alerting.Alert{Labels: labels(name), StartsAt: time.Now(), EndsAt: time.Now().Add(time.Hour)})
}

func (l *life) end(name string) {
	l.p.Send(context.Background(), alerting.Alert{Labels: labels(name), StartsAt: time.Now().Add(-time.Minute), EndsAt: time.Now()})
}

func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// chain are the newest episode's steps in short, and its sentence.
func (l *life) chain(name string) (steps, sentence string) {
	l.Helper()
	got, err := l.c.Episodes(context.Background(), alerting.EpisodeQuery{Name: name})
	if err != nil {
		l.Fatal(err)
	}
	if len(got) == 0 {
		l.Fatalf("no episode of %s", name)
	}
	for _, s := range got[0].Steps {
		steps += fmt.Sprintf("%s %s|", s.Kind, s.Receiver)
	}
	return steps, got[0].Verdict().Sentence
}

func (l *life) want(name, steps, sentence string) {
	l.Helper()
	gotSteps, gotSentence := l.chain(name)
	if steps != "" && gotSteps != steps {
		l.Errorf("steps of %s:\n%s\nwant\n%s", name, gotSteps, steps)
	}
	if !strings.Contains(gotSentence, sentence) {
		l.Errorf("sentence of %s: %q, want %q in it", name, gotSentence, sentence)
	}
}

func TestChainOfAnAlertThatIsTold(t *testing.T) {
	live(t, func(l *life) {
		l.c.Add([]alerting.Step{{Time: time.Now(), Alert: alerting.Fingerprint(labels("A")), Name: "A", Kind: alerting.StepPending, Of: &alerting.Alert{Labels: labels("A")}}})
		l.want("A", "pending |", "Nobody is told yet: it is pending since")
		pass(time.Minute)
		l.refuse.Store(true)
		l.fire("A")
		pass(12 * time.Second)
		l.want("A", "", "attempts at chat/slack[0] failed, the last at")
		l.refuse.Store(false)
		pass(time.Minute)
		l.end("A")
		pass(2 * time.Minute)
		l.want("A", "pending |received |routed chat|due chat/slack[0]|sending chat/slack[0]|retried chat/slack[0]|sending chat/slack[0]|"+
			"retried chat/slack[0]|sending chat/slack[0]|sent chat/slack[0]|resolved |due chat/slack[0]|sending chat/slack[0]|sent chat/slack[0]|",
			"chat/slack[0] was told at 00:01:13, 13 s after it fired, with 3 attempts.")
		l.fire("A")
		pass(time.Minute)
		episodes, err := l.c.Episodes(context.Background(), alerting.EpisodeQuery{Alert: alerting.Fingerprint(labels("A"))})
		if err != nil || len(episodes) != 2 || !episodes[0].End.IsZero() || episodes[1].End.IsZero() || episodes[1].Labels["zone"] != "1" {
			t.Errorf("%d episodes %v, want the one that goes on before the one that is over: %+v", len(episodes), err, episodes)
		}
	})
}

func TestChainOfAlertsThatAreHeldBack(t *testing.T) {
	live(t, func(l *life) {
		id, err := l.p.SetSilence(alerting.Silence{
			Matchers: []alerting.Matcher{{Name: "alertname", Value: "D", IsEqual: true}}, StartsAt: time.Now(), EndsAt: time.Now().Add(time.Hour),
			CreatedBy: "alice", Comment: "new disks",
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"A", "B", "C", "D", "E"} {
			l.fire(name)
		}
		l.want("A", "", "its group waits for others")
		pass(30 * time.Second)
		l.end("E")
		l.want("B", "received |routed chat|inhibited chat|", "Nobody is told: inhibited by A since 00:00:10.")
		l.want("C", "received |routed none|", "the route leads to none, which tells nobody.")
		l.want("D", "received |routed chat|silenced chat|", "Nobody is told: silenced by new disks (alice) since 00:00:10.")
		l.want("E", "", "chat/slack[0] was told at 00:00:10, 10 s after it fired.")
		if err := l.p.ExpireSilence(id); err != nil {
			t.Fatal(err)
		}
		pass(2 * time.Minute)
		l.want("D", "", "chat/slack[0] was told at 00:01:10, 1 min 10 s after it fired, held back before: silenced by new disks (alice).")
	})
}

func TestSilenceAfterAttemptsThatFailed(t *testing.T) {
	live(t, func(l *life) {
		l.refuse.Store(true)
		l.fire("A")
		pass(10 * time.Second)
		l.want("A", "", "Nobody is told yet: the attempt at chat/slack[0] at 00:00:10 failed: 503 Service Unavailable")
		if _, err := l.p.SetSilence(alerting.Silence{
			Matchers: []alerting.Matcher{{Name: "alertname", Value: "A", IsEqual: true}}, StartsAt: time.Now(), EndsAt: time.Now().Add(time.Hour), Comment: "known",
		}); err != nil {
			t.Fatal(err)
		}
		pass(2 * time.Minute)
		l.want("A", "", "Nobody is told: silenced by known since")
	})
}

func TestRestartKeepsTheChain(t *testing.T) {
	live(t, func(l *life) {
		l.fire("A")
		pass(20 * time.Second)
		before, _ := l.chain("A")
		l.stop()
		time.Sleep(time.Minute)
		l.open()
		if after, _ := l.chain("A"); after != before || !strings.Contains(after, "sent chat/slack[0]") {
			t.Errorf("after a restart:\n%s\nbefore:\n%s", after, before)
		}
		pass(time.Second)
		l.end("A")
		pass(2 * time.Minute)
		if after, _ := l.chain("A"); !strings.HasPrefix(after, before) || strings.Count(after, "sent ") != 2 {
			t.Errorf("the chain does not go on after a restart: %s", after)
		}
	})
}

func open(t *testing.T, o chronicle.Options) *chronicle.Chronicle {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	c, err := chronicle.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func step(at time.Time, name string, kind alerting.StepKind) alerting.Step {
	return alerting.Step{Time: at, Alert: alerting.Fingerprint(labels(name)), Name: name, Kind: kind, Detail: strings.Repeat("x", 500)}
}

func TestOldAndManyStepsGo(t *testing.T) {
	now := time.Date(2026, 3, 12, 14, 0, 0, 0, time.UTC)
	dir := t.TempDir()
	c := open(t, chronicle.Options{Dir: dir, Keep: 24 * time.Hour, MaxBytes: 100_000, Now: func() time.Time { return now }})
	for i := range 50 {
		var steps []alerting.Step
		for j := range 40 {
			at := now.Add(time.Duration(40*i+j) * time.Second)
			name := fmt.Sprint("R", (40*i+j)/4)
			steps = append(steps, step(at, name, alerting.StepReceived), step(at, name, alerting.StepResolved))
		}
		c.Add(steps)
	}
	all := 0
	for i := range 500 {
		got, err := c.Episodes(context.Background(), alerting.EpisodeQuery{Name: fmt.Sprint("R", i), Limit: 200})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range got {
			all += len(e.Steps)
		}
		if i < 400 && len(got) != 0 {
			t.Fatalf("R%d is still there: %d episodes", i, len(got))
		}
	}
	if all < 120 || all > 200 {
		t.Errorf("%d steps are left of 100,000 bytes, want about 160", all)
	}
	if info, err := os.Stat(filepath.Join(dir, "chronicle.db")); err != nil || info.Size() > 1<<20 {
		t.Errorf("the file has %d bytes (%v)", info.Size(), err)
	}
	now = now.Add(48 * time.Hour)
	c.Add([]alerting.Step{step(now, "new", alerting.StepReceived)})
	if got, err := c.Episodes(context.Background(), alerting.EpisodeQuery{Name: "R499"}); err != nil || len(got) != 0 {
		t.Errorf("after two days there are still %d episodes (%v)", len(got), err)
	}
	if got, err := c.Episodes(context.Background(), alerting.EpisodeQuery{Name: "new"}); err != nil || len(got) != 1 {
		t.Errorf("of the new one %d episodes (%v)", len(got), err)
	}
}

func TestEpisodesOfATime(t *testing.T) {
	start := time.Date(2026, 3, 12, 14, 0, 0, 0, time.UTC)
	c := open(t, chronicle.Options{Now: func() time.Time { return start }})
	for i := range 5 {
		at := start.Add(time.Duration(i) * time.Hour)
		c.Add([]alerting.Step{step(at, "A", alerting.StepReceived), step(at.Add(time.Minute), "A", alerting.StepResolved)})
	}
	for name, q := range map[string]struct {
		q    alerting.EpisodeQuery
		want string
	}{
		"all":                {alerting.EpisodeQuery{Name: "A"}, "18 17 16 15 14 "},
		"the newest":         {alerting.EpisodeQuery{Name: "A", Limit: 2}, "18 17 "},
		"from":               {alerting.EpisodeQuery{Name: "A", From: start.Add(3 * time.Hour)}, "18 17 "},
		"to":                 {alerting.EpisodeQuery{Name: "A", To: start.Add(90 * time.Minute)}, "15 14 "},
		"between":            {alerting.EpisodeQuery{Name: "A", From: start.Add(61 * time.Minute), To: start.Add(2 * time.Hour)}, "16 15 "},
		"of an alert":        {alerting.EpisodeQuery{Alert: alerting.Fingerprint(labels("A")), Limit: 1}, "18 "},
		"of an alert, until": {alerting.EpisodeQuery{Alert: alerting.Fingerprint(labels("A")), To: start}, "14 "},
		"of another rule":    {alerting.EpisodeQuery{Name: "B"}, ""},
		"alert of another":   {alerting.EpisodeQuery{Name: "B", Alert: alerting.Fingerprint(labels("A"))}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.Episodes(context.Background(), q.q)
			if err != nil {
				t.Fatal(err)
			}
			hours := ""
			for _, e := range got {
				hours += fmt.Sprint(e.Start.UTC().Hour(), " ")
			}
			if hours != q.want {
				t.Errorf("got %q, want %q", hours, q.want)
			}
		})
	}
	if _, err := c.Episodes(context.Background(), alerting.EpisodeQuery{}); !errors.Is(err, alerting.ErrInvalid) {
		t.Errorf("without a name: %v", err)
	}
}

func TestClockSetBackKeepsTheOrder(t *testing.T) {
	start := time.Date(2026, 3, 12, 14, 0, 0, 0, time.UTC)
	c := open(t, chronicle.Options{Now: func() time.Time { return start }})
	c.Add([]alerting.Step{step(start, "A", alerting.StepReceived), step(start, "A", alerting.StepResolved)})
	c.Add([]alerting.Step{step(start.Add(-time.Hour), "A", alerting.StepReceived)})
	got, err := c.Episodes(context.Background(), alerting.EpisodeQuery{Name: "A"})
	if err != nil || len(got) != 2 || !got[0].End.IsZero() {
		t.Errorf("%v, want the one that goes on first: %+v", err, got)
	}
}

func TestRuleThatFails(t *testing.T) {
	at := time.Now()
	c := open(t, chronicle.Options{})
	c.Add([]alerting.Step{{Time: at, Name: "R", Kind: alerting.StepFailing, Detail: "too many samples"}})
	c.Add([]alerting.Step{{Time: at.Add(time.Minute), Name: "R", Kind: alerting.StepFailing, Detail: "too many samples"}}) // after a restart
	c.Add([]alerting.Step{{Time: at.Add(2 * time.Minute), Name: "R", Kind: alerting.StepWorks}})
	got, err := c.Episodes(context.Background(), alerting.EpisodeQuery{Name: "R"})
	if err != nil || len(got) != 1 || len(got[0].Steps) != 2 {
		t.Fatalf("got %+v, %v", got, err)
	}
	if s := got[0].Verdict().Sentence; s != "Nobody could be told for 2 min: the rule could not be evaluated: too many samples" {
		t.Error(s)
	}
}
