package evidence

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"tripod/alerting"
)

func over(a alerting.Alert, at time.Time) []alerting.Step {
	return []alerting.Step{{Time: at, Alert: a.Fingerprint(), Kind: alerting.StepResolved}}
}

func course(op string, values ...float64) *alerting.Plot {
	p := &alerting.Plot{Expr: "x", Op: op, Step: time.Minute, Lines: []alerting.PlotLine{{}, {Own: true}}}
	for _, v := range values {
		p.Lines[1].Values = append(p.Lines[1].Values, alerting.Value(v))
	}
	return p
}

// What an alert measured until it was over stands in its head.
func TestHowAnAlertEnded(t *testing.T) {
	nan := math.NaN()
	for name, c := range map[string]struct {
		plot *alerting.Plot
		want string
	}{
		"above":           {course(">", 0.2, 0.6, nan, 0.3, nan), "0.6 after 1m0s, 0.3 after 3m0s"},
		"below":           {course("<", 9, 4, 2, 8), "2 after 2m0s, 8 after 3m0s"},
		"of nothing":      {course("", 1), "1 after 0s, 1 after 0s"},
		"no values":       {course(">", nan, math.Inf(1)), ""},
		"no such series":  {&alerting.Plot{Lines: []alerting.PlotLine{{Values: []alerting.Value{1}}}}, ""},
		"nobody's rule":   {nil, ""},
		"nothing at once": {course(">"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fakes{plot: somePlot()}
			k := open(t, Options{Doors: f.doors()})
			a := alertOf("A", fired)
			k.Note(steps(a))
			work(t, k)
			f.plot = c.plot
			k.Note(over(a, fired.Add(5*time.Minute)))
			for k.endNext(context.Background()) {
			}
			e := get(t, k, idFor(t, k, a))
			got := ""
			if x := e.Ending; x != nil {
				got = fmt.Sprintf("%g after %s, %g after %s", float64(x.Worst), x.WorstAt.Sub(fired), float64(x.Last), x.LastAt.Sub(fired))
			}
			if got != c.want || !e.EndedAt.Equal(fired.Add(5*time.Minute)) || e.Expression == nil {
				t.Errorf("got %q, want %q; over at %s", got, c.want, e.EndedAt)
			}
			if n := waiting(k); n != 0 {
				t.Errorf("%d still wait", n)
			}
		})
	}
}

func waiting(k *Keeper) (n int) {
	k.bolt.View(func(tx *bolt.Tx) error { n = tx.Bucket(bucketEndings).Stats().KeyN; return nil })
	return n
}

// It is looked up again after a restart, but not for ever.
func TestEndingsSurviveARestart(t *testing.T) {
	f := &fakes{plot: somePlot()}
	o := Options{Dir: t.TempDir(), Doors: f.doors(), MaxQueue: 2}
	k := open(t, o)
	var all []alerting.Alert
	for i := range 3 {
		all = append(all, alertOf("A", fired, "i", fmt.Sprint(i)))
	}
	k.Note(steps(all...))
	for _, a := range all {
		k.Note(over(a, fired.Add(time.Minute)))
	}
	if n := waiting(k); n != 2 {
		t.Errorf("%d wait, want as many as may", n)
	}
	f.slow = true
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if k.endNext(ctx); waiting(k) != 2 {
		t.Error("one that was broken off does not wait any more")
	}
	k.Close()
	k = open(t, o)
	f.slow, f.plot = false, course(">", 5)
	for k.endNext(context.Background()) {
	}
	if e := get(t, k, idFor(t, k, all[0])); e.Ending == nil || e.Ending.Worst != 5 {
		t.Errorf("after a restart: %v", e.Ending)
	}
	again := alertOf("B", fired)
	k.Note(append(steps(again), over(again, fired.Add(time.Minute))...))
	for range maxTries { // it dies each time
		if err := k.update(func(w writer) error { _, _, err := w.nextEnding(); return err }); err != nil {
			t.Fatal(err)
		}
	}
	if k.endNext(context.Background()); waiting(k) != 0 || get(t, k, idFor(t, k, again)).Ending != nil {
		t.Error("it is tried for ever")
	}
}

// A file of before there were endings is read, and has them from then on.
func TestAFileWithoutEndings(t *testing.T) {
	f := &fakes{plot: somePlot()}
	o := Options{Dir: t.TempDir(), Doors: f.doors()}
	k := open(t, o)
	a := alertOf("A", fired)
	k.Note(steps(a))
	k.bolt.Update(func(tx *bolt.Tx) error { return tx.DeleteBucket(bucketEndings) })
	k.Close()
	k = open(t, o)
	work(t, k)
	f.plot = course(">", 1)
	k.Note(over(a, fired.Add(time.Minute)))
	for k.endNext(context.Background()) {
	}
	if e := get(t, k, idFor(t, k, a)); e.Ending == nil || e.Expression == nil {
		t.Errorf("got %+v", e.EvidenceHead)
	}
}

// One that is damaged is named in the list, hides no other, and keeps no step
// of another alert from being written.
func TestADamagedHeadHidesNoOther(t *testing.T) {
	k := open(t, Options{Now: func() time.Time { return fired.Add(time.Hour) }})
	a, b, c := alertOf("A", fired), alertOf("B", fired.Add(time.Minute)), alertOf("C", fired.Add(2*time.Minute))
	k.Note(steps(a, b, c))
	if err := k.update(func(w writer) error { return w.heads.Put(idOf(&b), []byte("\x01{half")) }); err != nil {
		t.Fatal(err)
	}
	list, err := k.EvidenceList(context.Background(), alerting.EvidenceQuery{})
	if err != nil || len(list) != 3 || list[0].Name != "C" || list[2].Name != "A" {
		t.Fatalf("%+v, %v", list, err)
	}
	if h := list[1]; !strings.Contains(h.Damaged, "invalid character") || !h.FiredAt.Equal(b.StartsAt) || h.ID == "" {
		t.Errorf("the damaged one: %+v", h)
	}
	k.Note(append(over(b, fired.Add(3*time.Minute)), over(a, fired.Add(3*time.Minute))...))
	if e := get(t, k, idFor(t, k, a)); e.EndedAt.IsZero() {
		t.Error("the end of another alert is not written")
	}
	if id, err := k.Of(b); err != nil || id != list[1].ID {
		t.Errorf("the damaged one is %q, %v", id, err)
	}
}

// A list goes on below the last one that was shown, also among those that
// fired at the same moment.
func TestListGoesOn(t *testing.T) {
	k := open(t, Options{Now: func() time.Time { return fired.Add(time.Hour) }})
	for i := range 10 {
		k.Note(steps(alertOf("A", fired.Add(time.Duration(i/4)*time.Minute), "i", fmt.Sprint(i), "service_name", []string{"api", "web"}[i%2])))
	}
	for _, q := range []alerting.EvidenceQuery{{Limit: 3}, {Limit: 3, Name: "A"}} {
		seen := map[string]bool{}
		for range 4 {
			page, err := k.EvidenceList(context.Background(), q)
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range page {
				seen[h.ID] = true
				q.To, q.Below = h.FiredAt, h.ID
			}
		}
		if page, err := k.EvidenceList(context.Background(), q); len(seen) != 10 || len(page) != 0 || err != nil {
			t.Errorf("%d of 10 were listed, then %d; %v", len(seen), len(page), err)
		}
	}
	if list, err := k.EvidenceList(context.Background(), alerting.EvidenceQuery{Services: []string{"web"}}); err != nil || len(list) != 5 {
		t.Errorf("%d of a service, %v", len(list), err)
	}
}

// What cannot be asked at one time is asked again, behind those that wait.
func TestEndingIsAskedAgain(t *testing.T) {
	f := &fakes{plot: course(">", 3)}
	k := open(t, Options{Doors: f.doors()})
	a, b := alertOf("A", fired), alertOf("B", fired)
	k.Note(steps(a, b))
	work(t, k)
	k.Note(append(over(a, fired.Add(time.Minute)), over(b, fired.Add(time.Minute))...))
	f.err = errors.New("the store is busy")
	if k.endNext(context.Background()) || waiting(k) != 2 {
		t.Errorf("after a fault %d wait", waiting(k))
	}
	f.err = nil
	for k.endNext(context.Background()) {
	}
	for _, x := range []alerting.Alert{a, b} {
		if e := get(t, k, idFor(t, k, x)); e.Ending == nil || e.Ending.Worst != 3 {
			t.Errorf("%s ended with %v", x.Labels["alertname"], e.Ending)
		}
	}
	// but not for ever
	c := alertOf("C", fired)
	k.Note(steps(c))
	work(t, k)
	k.Note(over(c, fired.Add(time.Minute)))
	f.err = errors.New("the store is busy")
	for range maxTries {
		k.endNext(context.Background())
	}
	if k.endNext(context.Background()); waiting(k) != 0 {
		t.Errorf("%d wait for ever", waiting(k))
	}
}
