package notify_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tripod/alerting"
	"tripod/alerting/dispatch"
	"tripod/alerting/notify"
)

// bench is a pipeline in a bubble that can be closed and opened again.
type bench struct {
	t    *testing.T
	opts notify.Options
	*notify.Pipeline
	recv *inbox
	stop func()
}

func newBench(t *testing.T, o notify.Options) *bench {
	b := &bench{t: t, opts: o, recv: &inbox{}}
	b.opts.Dir = t.TempDir()
	if o.Config == nil {
		b.opts.Config = notify.Default("http://127.0.0.1/", 0)
	}
	if o.Sender == nil {
		b.opts.Sender = func(string, string) notify.Sender { return b.recv }
	}
	b.open()
	return b
}

func (b *bench) open() {
	b.t.Helper()
	p, err := notify.Open(b.opts)
	if err != nil {
		b.t.Fatal(err)
	}
	b.Pipeline = p
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { p.Run(ctx) })
	b.stop = func() {
		cancel()
		wg.Wait()
		if err := p.Close(); err != nil {
			b.t.Error(err)
		}
	}
}

// reopen is what a restart does, some time later.
func (b *bench) reopen(after time.Duration) {
	b.t.Helper()
	b.stop()
	time.Sleep(after)
	b.open()
}

func alert(name, service, zone string) alerting.Alert {
	return alerting.Alert{
		Labels:      map[string]string{"alertname": name, "service_name": service, "zone": zone},
		Annotations: map[string]string{"summary": name},
		StartsAt:    time.Now(),
		EndsAt:      time.Now().Add(4 * time.Minute),
	}
}

func ended(a alerting.Alert) alerting.Alert {
	a.EndsAt = time.Now()
	return a
}

func (b *bench) send(alerts ...alerting.Alert) {
	b.Send(context.Background(), alerts...)
	synctest.Wait()
}

// settle lets a group open again.
func (b *bench) settle() {
	time.Sleep(15 * time.Second)
	synctest.Wait()
}

// keep has the rules say every minute that an alert still fires.
func (b *bench) keep(d time.Duration, a alerting.Alert) {
	for range d / time.Minute {
		time.Sleep(time.Minute)
		a.EndsAt = time.Now().Add(4 * time.Minute)
		b.send(a)
	}
}

func inBubble(t *testing.T, o notify.Options, f func(t *testing.T, b *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, o)
		f(t, b)
		b.stop()
	})
}

func TestAlertsOfOneRuleAndServiceComeTogether(t *testing.T) {
	inBubble(t, notify.Options{}, func(t *testing.T, b *bench) {
		b.send(alert("A", "web", "1"), alert("A", "web", "2"), alert("A", "api", "1"), alert("B", "web", "1"))
		got := b.recv.lines()
		slices.Sort(got)
		if want := []string{"firing A api", "firing A web", "firing B web"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		for _, n := range b.recv.all() {
			if want := map[string]int{"A web": 2}[n.Alerts[0].Name()+" "+n.Alerts[0].Service()]; want != 0 && len(n.Alerts) != want {
				t.Errorf("%s has %d alerts, want %d", n.Key, len(n.Alerts), want)
			}
		}
	})
}

func TestFiringIsSaidOnceAndRepeatedAfterFourHours(t *testing.T) {
	inBubble(t, notify.Options{}, func(t *testing.T, b *bench) {
		a := alert("A", "web", "1")
		b.send(a)
		b.keep(3*time.Hour, a)
		b.recv.want(t, "firing A web")
		b.reopen(time.Minute)
		b.keep(2*time.Hour, a)
		b.recv.want(t, "firing A web", "repeat A web")
		b.send(ended(a))
		b.settle()
		b.recv.want(t, "firing A web", "repeat A web", "resolved A web")
		b.send(ended(a)) // the rules say so for 15 minutes
		b.recv.want(t, "firing A web", "repeat A web", "resolved A web")
		b.send(alert("A", "web", "1"))
		b.recv.want(t, "firing A web", "repeat A web", "resolved A web", "firing A web")
	})
}

func TestAnAlertThatJoinsIsSaid(t *testing.T) {
	inBubble(t, notify.Options{}, func(t *testing.T, b *bench) {
		b.send(alert("A", "web", "1"))
		b.send(alert("A", "web", "1"), alert("A", "web", "2"))
		b.recv.want(t, "firing A web")
		b.settle()
		b.recv.want(t, "firing A web", "firing A web")
		if n := b.recv.all()[1]; len(n.Alerts) != 2 || n.Reason != dispatch.ReasonNewAlerts {
			t.Errorf("the second message has %d alerts, %s; want both, since one is new", len(n.Alerts), n.Reason)
		}
	})
}

func TestSilenceOfTheRulesResolves(t *testing.T) {
	inBubble(t, notify.Options{}, func(t *testing.T, b *bench) {
		a := alert("A", "web", "1")
		b.send(a)
		time.Sleep(3 * time.Minute)
		b.Keep([]string{a.Fingerprint(), "unknown"}, time.Now().Add(4*time.Minute))
		time.Sleep(3 * time.Minute)
		b.recv.want(t, "firing A web")
		time.Sleep(2 * time.Minute)
		b.recv.want(t, "firing A web", "resolved A web")
	})
}

var errDown = errors.New("down")

func TestRetriesBackOffAndArrive(t *testing.T) {
	inBubble(t, notify.Options{}, func(t *testing.T, b *bench) {
		var at []time.Duration
		start := time.Now()
		b.recv.reply(func(_ notify.Notification, try int) error {
			at = append(at, time.Since(start))
			if try <= 4 {
				return errDown
			}
			return nil
		})
		b.send(alert("A", "web", "1"))
		time.Sleep(time.Minute)
		synctest.Wait()
		if want := []time.Duration{0, 1e9, 3e9, 7e9, 15e9}; !slices.Equal(at, want) {
			t.Errorf("attempts at %v, want %v", at, want)
		}
		if ids := slices.Compact(b.recv.ids()); len(ids) != 1 {
			t.Errorf("attempts had the ids %q, want one", ids)
		}
		b.recv.want(t, "firing A web")
		d := b.Deliveries()
		if len(d) != 1 || d[0].Attempts != 5 || d[0].Result != alerting.Sent || d[0].Error != "" {
			t.Errorf("deliveries %+v, want one, sent at the fifth attempt", d)
		}
	})
}

func TestRetryAfterIsHonoured(t *testing.T) {
	inBubble(t, notify.Options{}, func(t *testing.T, b *bench) {
		b.recv.reply(func(_ notify.Notification, try int) error {
			if try == 1 {
				return &notify.RetryError{Err: errors.New("429"), After: 30 * time.Second}
			}
			return nil
		})
		b.send(alert("A", "web", "1"), alert("B", "web", "1"))
		time.Sleep(29 * time.Second)
		if n := len(b.recv.ids()); n != 1 {
			t.Errorf("%d attempts within the pause, want 1", n)
		}
		if d := b.Deliveries(); len(d) != 1 || d[0].Result != alerting.Retrying || d[0].Next.IsZero() || d[0].Error != "429" {
			t.Errorf("deliveries %+v, want one that is retrying", d)
		}
		time.Sleep(2 * time.Second)
		if n := len(b.recv.all()); n != 2 {
			t.Errorf("%d arrived after the pause, want 2", n)
		}
	})
}

func TestARefusedPostHoldsUpNoOther(t *testing.T) {
	inBubble(t, notify.Options{}, func(t *testing.T, b *bench) {
		b.recv.reply(func(n notify.Notification, _ int) error {
			if n.Alerts[0].Name() == "A" {
				return &notify.RetryError{Err: errors.New("invalid_payload"), Refused: true}
			}
			return nil
		})
		b.send(alert("A", "web", "1"), alert("B", "web", "1"))
		b.recv.want(t, "firing B web")
	})
}

func TestResolvedArrivesThoughFiringNeverDid(t *testing.T) {
	inBubble(t, notify.Options{}, func(t *testing.T, b *bench) {
		b.recv.reply(func(notify.Notification, int) error { return errDown })
		a := alert("A", "web", "1")
		b.send(a)
		b.keep(10*time.Minute, a)
		b.send(ended(a))
		b.settle()
		b.recv.reply(nil)
		time.Sleep(6 * time.Minute)
		b.recv.want(t, "resolved A web")
		d := b.Deliveries()
		if len(d) != 2 || d[0].Result != alerting.Sent || d[1].Result != alerting.Superseded {
			t.Errorf("deliveries %+v, want a sent and a superseded one", d)
		}
	})
}

// TestRestartInEveryState closes the pipeline at each point of an alert's
// life, also in the middle of a post, and finds everything said.
func TestRestartInEveryState(t *testing.T) {
	stuck := func(b *bench) { b.recv.reply(func(notify.Notification, int) error { return errDown }) }
	well := func(b *bench) { b.recv.reply(nil) }
	for name, c := range map[string]struct {
		do   func(b *bench, a alerting.Alert)
		want []string
	}{
		"firing, owed": {func(b *bench, a alerting.Alert) {
			stuck(b)
			b.send(a)
			b.reopen(0)
			well(b)
			time.Sleep(time.Second)
		}, []string{"firing A web"}},
		"firing, owed, ended while down": {func(b *bench, a alerting.Alert) {
			stuck(b)
			b.send(a)
			b.reopen(time.Hour)
			well(b)
			time.Sleep(10 * time.Minute)
		}, []string{"firing A web", "resolved A web"}},
		"firing, told": {func(b *bench, a alerting.Alert) {
			b.send(a)
			b.reopen(time.Hour)
			b.keep(time.Hour, a)
		}, []string{"firing A web"}},
		"firing, told, ended while down": {func(b *bench, a alerting.Alert) {
			b.send(a)
			b.reopen(time.Hour)
			time.Sleep(5 * time.Minute)
		}, []string{"firing A web", "resolved A web"}},
		"resolved, owed": {func(b *bench, a alerting.Alert) {
			b.send(a)
			stuck(b)
			b.send(ended(a))
			b.settle()
			b.settle()
			b.reopen(time.Hour)
			well(b)
			time.Sleep(time.Second)
		}, []string{"firing A web", "resolved A web"}},
		"resolved, owed, firing again": {func(b *bench, a alerting.Alert) {
			b.send(a)
			stuck(b)
			b.send(ended(a))
			b.settle()
			b.settle()
			b.reopen(time.Hour)
			synctest.Wait()
			b.send(alert("A", "web", "1"))
			well(b)
			time.Sleep(3 * time.Minute)
		}, []string{"firing A web", "firing A web"}},
		"resolved, told": {func(b *bench, a alerting.Alert) {
			b.send(a)
			b.send(ended(a))
			b.settle()
			b.settle()
			b.reopen(time.Hour)
			time.Sleep(time.Hour)
		}, []string{"firing A web", "resolved A web"}},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, notify.Options{}, func(t *testing.T, b *bench) {
				c.do(b, alert("A", "web", "1"))
				b.recv.want(t, c.want...)
			})
		})
	}
}

func TestAPostThatMayHaveArrivedIsSentAgainUnderItsId(t *testing.T) {
	inBubble(t, notify.Options{}, func(t *testing.T, b *bench) {
		b.opts.Sender = func(string, string) notify.Sender { return hang{b.recv} }
		b.reopen(0)
		b.send(alert("A", "web", "1"))
		b.opts.Sender = func(string, string) notify.Sender { return b.recv }
		b.reopen(time.Second)
		synctest.Wait()
		b.recv.want(t, "firing A web")
		if len(b.recv.ids()) != 2 || b.recv.ids()[0] != b.recv.ids()[1] {
			t.Errorf("ids %q, want twice the same", b.recv.ids())
		}
		if d := b.Deliveries(); len(d) != 1 || d[0].Attempts != 2 || d[0].Result != alerting.Sent {
			t.Errorf("deliveries %+v, want one with two attempts", d)
		}
	})
}

// hang takes a post and never answers.
type hang struct{ *inbox }

func (h hang) Send(ctx context.Context, n notify.Notification) error {
	h.mu.Lock()
	h.tries = append(h.tries, n.ID)
	h.mu.Unlock()
	<-ctx.Done()
	return ctx.Err()
}

func TestWithoutAReceiverStateIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &bench{t: t, opts: notify.Options{Dir: t.TempDir()}, recv: &inbox{}}
		b.opts.Sender = func(string, string) notify.Sender { return b.recv }
		b.open()
		if r := b.Receivers(); len(r) != 0 {
			t.Errorf("receivers %q", r)
		}
		a, gone := alert("A", "web", "1"), alert("B", "web", "1")
		b.send(a, gone)
		time.Sleep(time.Minute)
		b.send(a, ended(gone))
		b.opts.Config = notify.Default("http://127.0.0.1/", 0)
		b.reopen(time.Minute)
		synctest.Wait()
		b.recv.want(t, "firing A web")
		b.stop()
	})
}

func TestBounds(t *testing.T) {
	refused := 0
	o := notify.Options{MaxAlerts: 3, History: 2, Events: notify.Events{Refused: func() { refused++ }}}
	inBubble(t, o, func(t *testing.T, b *bench) {
		for i := range 5 {
			b.send(alert(fmt.Sprint("A", i), "web", "1"))
		}
		if refused != 2 || len(b.recv.all()) != 3 {
			t.Errorf("%d refused, %d delivered; want 2, 3", refused, len(b.recv.all()))
		}
		b.reopen(0)
		if d := b.Deliveries(); len(d) != 2 || d[0].Name != "A2" || d[1].Name != "A1" {
			t.Errorf("history %+v, want the newest two", d)
		}
	})
}

func TestAnUndeliverableResolutionIsGivenUp(t *testing.T) {
	inBubble(t, notify.Options{}, func(t *testing.T, b *bench) {
		a := alert("A", "web", "1")
		b.send(a)
		b.recv.reply(func(notify.Notification, int) error { return errDown })
		b.send(ended(a))
		b.settle()
		time.Sleep(73 * time.Hour)
		if d := b.Deliveries(); d[0].Result != alerting.GaveUp {
			t.Errorf("result %q, want gave up", d[0].Result)
		}
		n := len(b.recv.ids())
		time.Sleep(time.Hour)
		if len(b.recv.ids()) != n {
			t.Error("it is still tried")
		}
	})
}

// What others know of an alert keeps nobody from being told in time.
func TestALateDetailIsLeftOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		late := func(ctx context.Context, _ alerting.Alert) notify.Detail {
			<-ctx.Done()
			return notify.Detail{Evidence: "https://tripod.example/alerts/evidence/1"}
		}
		b := newBench(t, notify.Options{Detail: late})
		defer func() { b.stop() }()
		began := time.Now()
		var alerts []alerting.Alert
		for _, zone := range []string{"1", "2", "3"} {
			alerts = append(alerts, alerting.Alert{Labels: map[string]string{"alertname": "A", "zone": zone}, StartsAt: began})
		}
		b.Send(t.Context(), alerts...)
		time.Sleep(3 * time.Second)
		synctest.Wait()
		got := b.recv.all()
		if len(got) != 1 || len(got[0].Alerts) != 3 || len(b.recv.ids()) != 1 {
			t.Fatalf("%d notifications with %d attempts after 3 s", len(got), len(b.recv.ids()))
		}
		if n := len(got[0].Details); n != 3 {
			t.Errorf("%d alerts have their link, want 3", n)
		}
	})
}
