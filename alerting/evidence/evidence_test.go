package evidence

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tripod/alerting"
	"tripod/store"
)

func open(t *testing.T, o Options) *Keeper {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	if o.Now == nil {
		o.Now = func() time.Time { return fired.Add(time.Second) }
	}
	k, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { k.Close() })
	return k
}

// work gathers all that waits.
func work(t *testing.T, k *Keeper) {
	t.Helper()
	for k.gatherNext(context.Background()) {
	}
}

func get(t *testing.T, k *Keeper, id string) alerting.Evidence {
	t.Helper()
	e, err := k.Evidence(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func idFor(t *testing.T, k *Keeper, a alerting.Alert) string {
	t.Helper()
	id, err := k.Of(a)
	if err != nil || len(id) != 24 {
		t.Fatalf("id %q, %v", id, err)
	}
	return id
}

func TestWhatIsKept(t *testing.T) {
	f := &fakes{plot: somePlot(), changes: []alerting.Change{
		{Time: fired.Add(-2 * time.Hour), Kind: alerting.ChangeConfig, Text: "too early"},
		{Time: fired.Add(-7 * time.Minute), Kind: alerting.ChangeConfig, Text: "config"},
		{Time: fired.Add(-10 * time.Minute), Kind: alerting.ChangeVersion, Service: "api", Text: "1.18.0"},
		{Time: fired, Kind: alerting.ChangeAlert, Text: "ErrorsHigh"},
		{Time: fired, Kind: alerting.ChangeAlert, Text: "Another"},
	}}
	for i := range 30 {
		f.spans = append(f.spans, span(byte(i+1), 1, 0, "api", "GET /", 500-i, 10+i, false))
	}
	f.spans = append(f.spans, span(100, 1, 0, "web", "POST /", 60, 900, false), span(100, 2, 1, "api", "insert", 60, 800, true),
		span(101, 1, 0, "elsewhere", "GET /", 60, 9000, true), span(102, 1, 0, "api", "too early", 901, 9000, true))
	for i := range 40 {
		f.records = append(f.records, line(i*20+1, "api", store.LevelInfo, fmt.Sprintf("request %d done", i)))
	}
	f.records = append(f.records, line(30, "api", store.LevelError, "pool timed out after 5s"), line(20, "api", store.LevelError, "pool timed out after 6s"),
		line(10, "elsewhere", store.LevelError, "not of this service"), line(1000, "api", store.LevelInfo, "request 99 done"),
		line(40, "web", store.LevelWarn, "api answered 503"), line(40, "web", store.LevelInfo, "answered 200"))

	k := open(t, Options{Doors: f.doors()})
	a := alertOf("ErrorsHigh", fired)
	k.Note(steps(a))
	if e := get(t, k, idFor(t, k, a)); !e.GatheredAt.IsZero() || e.Value != "4.2 %" || e.Labels["service_name"] != "api" {
		t.Errorf("before it is gathered: %+v", e)
	}
	work(t, k)
	e := get(t, k, idFor(t, k, a))
	if e.GatheredAt.IsZero() || len(e.Missing) > 0 || !e.FiredAt.Equal(fired) {
		t.Errorf("head %+v, missing %v", e.EvidenceHead, e.Missing)
	}
	if x := e.Expression; x == nil || x.Expr != "errors / requests" || *x.Threshold != 0.01 || !math.IsNaN(float64(x.Lines[0].Values[1])) || x.Lines[0].Values[2] != 0.042 {
		t.Errorf("expression %+v", e.Expression)
	}
	if got := e.To.Sub(e.From); got != 15*time.Minute || !e.To.Equal(fired) {
		t.Errorf("window of %s up to %s", got, e.To)
	}
	var traces []string
	for _, tr := range e.Traces {
		traces = append(traces, fmt.Sprint(tr.Why, " ", tr.Service, " ", tr.Duration))
	}
	if got, want := strings.Join(traces, "; "), "failing web 900ms; slow api 39ms; slow api 38ms"; got != want {
		t.Errorf("traces %s, want %s", got, want)
	}
	if s := e.Traces[0].Shown; len(s) != 2 || s[1].Depth != 1 || !s[1].Failed || s[1].Message != "no connection" {
		t.Errorf("spans %+v", s)
	}
	if len(e.Patterns) != 3 || fmt.Sprint(e.Beside) != "[web]" || e.Patterns[1].Text != "api answered <_>" || e.Patterns[0].Level != "error" || e.Patterns[0].Lines != 2 || e.Patterns[0].Before != 0 ||
		len(e.Patterns[0].Examples) != 2 || e.Patterns[0].Examples[0].Line != "pool timed out after 6s" ||
		e.Patterns[2].Lines != 40 || e.Patterns[2].Before != 1 || e.Lines != 43 || e.Before != 1 {
		t.Errorf("patterns %+v of %d lines and %d before", e.Patterns, e.Lines, e.Before)
	}
	var changes []string
	for _, c := range e.Changes {
		changes = append(changes, c.Text)
	}
	if got := strings.Join(changes, " "); got != "1.18.0 config Another" {
		t.Errorf("changes %s", got)
	}
}

// The slowest traces are found among more than one search gives.
func TestSlowestOfMany(t *testing.T) {
	f := &fakes{}
	for i := range 3 * lookedAt {
		s := span(0, 1, 0, "api", "GET /", 1+i%500, 10+(i*7919)%5000, false)
		s.TraceID = store.TraceID{14: byte(i >> 8), 15: byte(i), 13: 1}
		s.Start += int64(i) // none begins when another does
		f.spans = append(f.spans, s)
	}
	want := longest(fakeTraces{f}.summaries())
	k := open(t, Options{Doors: f.doors()})
	b := &body{Services: []string{"api"}, From: fired.Add(-shortWindow), To: fired.Add(time.Second)}
	got, err := k.slowest(context.Background(), narrowed(b, nil))
	if err != nil || len(got) != len(want) {
		t.Fatalf("%v, %v", got, err)
	}
	for i := range want {
		if got[i].Duration() != want[i].Duration() {
			t.Errorf("nr %d takes %d, want %d", i, got[i].Duration(), want[i].Duration())
		}
	}
}

func TestOnlyOnce(t *testing.T) {
	f := &fakes{}
	o := Options{Dir: t.TempDir(), Doors: f.doors()}
	k := open(t, o)
	a := alertOf("A", fired)
	k.Note(steps(a))
	work(t, k)
	id, asked := idFor(t, k, a), f.asked
	k.Note(steps(a))
	later := a
	later.StartsAt = fired.Add(-time.Minute) // joined with an older sending
	if got := idFor(t, k, later); got != id {
		t.Errorf("another sending has the ID %s, want %s", got, id)
	}
	work(t, k)
	k.Close()
	k = open(t, o)
	k.Note(steps(a))
	work(t, k)
	if got := idFor(t, k, a); got != id || f.asked != asked {
		t.Errorf("after a restart ID %s, want %s; %d questions, want %d", got, id, f.asked, asked)
	}
	k.Note([]alerting.Step{{Time: fired.Add(time.Minute), Alert: a.Fingerprint(), Kind: alerting.StepResolved}})
	if e := get(t, k, id); !e.EndedAt.Equal(fired.Add(time.Minute)) {
		t.Errorf("ended %s", e.EndedAt)
	}
	if got := idFor(t, k, a); got != id {
		t.Error("the notification of the end has another link than that of the beginning")
	}
	again := alertOf("A", fired.Add(time.Hour))
	k.Note(steps(again))
	if got := idFor(t, k, again); got == id {
		t.Error("an alert that fires again has the ID of the first time")
	}
	list, err := k.EvidenceList(context.Background(), alerting.EvidenceQuery{Name: "A"})
	if err != nil || len(list) != 2 || list[1].ID != id {
		t.Errorf("list %+v, %v", list, err)
	}
}

func TestWhatIsMissingIsTold(t *testing.T) {
	for name, c := range map[string]struct {
		fakes *fakes
		doors func(*Doors)
		want  string
	}{
		"every door fails":       {fakes: &fakes{err: errors.New("the disk is gone")}, want: "the disk is gone"},
		"every door is late":     {fakes: &fakes{slow: true}, want: "it took too long"},
		"a door is not there":    {fakes: &fakes{}, doors: func(d *Doors) { d.Logs = nil }, want: "not running"},
		"nothing is there":       {fakes: &fakes{}, doors: func(d *Doors) { *d = Doors{} }, want: "not running"},
		"an alert of a stranger": {fakes: &fakes{}},
	} {
		t.Run(name, func(t *testing.T) {
			doors := c.fakes.doors()
			if c.doors != nil {
				c.doors(&doors)
			}
			k := open(t, Options{Doors: doors, Timeout: 50 * time.Millisecond})
			a := alertOf("A", fired)
			k.Note(steps(a))
			began := time.Now()
			work(t, k)
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("took %s", took)
			}
			e := get(t, k, idFor(t, k, a))
			if e.GatheredAt.IsZero() || c.want == "" != (len(e.Missing) == 0) || len(e.Missing) > 0 && !strings.Contains(e.Missing[0].Why, c.want) {
				t.Errorf("missing %v, want %q", e.Missing, c.want)
			}
		})
	}
}

// A restart in the middle gathers again; a process that dies of gathering does
// not die for ever.
func TestRestartsInTheMiddle(t *testing.T) {
	f := &fakes{}
	o := Options{Dir: t.TempDir(), Doors: f.doors()}
	a := alertOf("A", fired)
	k := open(t, o)
	k.Note(steps(a))
	ctx, cancel := context.WithCancel(context.Background())
	f.slow = true
	for range 2 * maxTries { // it ends in peace each time
		ctx, cancel = context.WithCancel(context.Background())
		done := make(chan bool)
		go func() { done <- k.gatherNext(ctx) }()
		cancel()
		<-done
	}
	if e := get(t, k, idFor(t, k, a)); !e.GatheredAt.IsZero() {
		t.Fatalf("a gathering that was ended is kept: %v", e.Missing)
	}
	for range maxTries { // it dies each time
		err := k.update(func(w writer) error { _, _, err := w.next(); return err })
		if err != nil {
			t.Fatal(err)
		}
		k.Close()
		k = open(t, o)
	}
	f.slow = false
	asked := f.asked
	work(t, k)
	if e := get(t, k, idFor(t, k, a)); len(e.Missing) != 1 || !strings.Contains(e.Missing[0].Why, "3 times") || f.asked != asked {
		t.Errorf("missing %v after %d further questions", e.Missing, f.asked-asked)
	}
	cancel()
}

// An alert may end and fire again within one request, and the other way round.
func TestStepsAreTakenInOrder(t *testing.T) {
	k := open(t, Options{Now: func() time.Time { return fired.Add(time.Hour) }})
	first, again := alertOf("A", fired), alertOf("A", fired.Add(time.Minute))
	end := func(at time.Time) alerting.Step {
		return alerting.Step{Time: at, Alert: first.Fingerprint(), Kind: alerting.StepResolved}
	}
	k.Note(steps(first))
	k.Note(append([]alerting.Step{end(fired.Add(50 * time.Second))}, steps(again)...))
	ids := []string{hex.EncodeToString(idOf(&first)), hex.EncodeToString(idOf(&again))}
	if old, e := get(t, k, ids[0]), get(t, k, ids[1]); !old.EndedAt.Equal(fired.Add(50*time.Second)) || !e.EndedAt.IsZero() {
		t.Errorf("the old one ended at %s, the new one at %s", old.EndedAt, e.EndedAt)
	}
	b := alertOf("B", fired)
	k.Note(append(steps(b), alerting.Step{Time: fired.Add(time.Second), Alert: b.Fingerprint(), Kind: alerting.StepResolved}))
	if e := get(t, k, hex.EncodeToString(idOf(&b))); !e.EndedAt.Equal(fired.Add(time.Second)) {
		t.Errorf("one that fires and ends at once ended at %s", e.EndedAt)
	}
}

// Of an alert of another Prometheus, that fired long before, it is kept what is
// known when it comes.
func TestAnAlertThatComesLate(t *testing.T) {
	f := &fakes{}
	k := open(t, Options{Doors: f.doors()})
	a := alertOf("A", fired.Add(-time.Hour))
	s := steps(a)
	s[0].Time = fired
	k.Note(s)
	work(t, k)
	if e := get(t, k, idFor(t, k, a)); !e.FiredAt.Equal(fired) || !e.To.Equal(fired) {
		t.Errorf("it is of %s", e.FiredAt)
	}
}

// An alert of which a former process took note nowhere gets its evidence when
// somebody asks for it.
func TestAnAlertThatWasNotNoted(t *testing.T) {
	f := &fakes{plot: somePlot()}
	told := 0
	k := open(t, Options{Doors: f.doors(), Gathered: func(_ time.Duration, missing int) { told += 1 + missing }})
	a := alertOf("A", fired)
	id := idFor(t, k, a)
	work(t, k)
	if e := get(t, k, id); e.Expression == nil || told != 1 {
		t.Errorf("%+v; told %d times", e, told)
	}
	k.Note(steps(a))
	if work(t, k); told != 1 {
		t.Error("it is gathered twice")
	}
}

func TestAStormIsBounded(t *testing.T) {
	f := &fakes{}
	k := open(t, Options{Doors: f.doors(), MaxQueue: 3})
	var alerts []alerting.Alert
	for i := range 10 {
		alerts = append(alerts, alertOf("A", fired, "pod", fmt.Sprint(i)))
	}
	k.Note(steps(alerts...))
	work(t, k)
	gathered := 0
	for _, a := range alerts {
		if e := get(t, k, idFor(t, k, a)); len(e.Missing) == 0 {
			gathered++
		} else if !strings.Contains(e.Missing[0].Why, "3 alerts that fired before") {
			t.Errorf("missing %v", e.Missing)
		}
	}
	if gathered != 3 {
		t.Errorf("%d were gathered, want 3", gathered)
	}
}

func TestOldEvidenceGoes(t *testing.T) {
	now := fired
	k := open(t, Options{Keep: 24 * time.Hour, MaxBytes: 6000, Now: func() time.Time { return now }})
	var ids []string
	for i := range 20 {
		a := alertOf("A", fired.Add(time.Duration(i)*time.Minute), "i", fmt.Sprint(i))
		now = a.StartsAt
		k.Note(steps(a))
		work(t, k)
		ids = append(ids, idFor(t, k, a))
	}
	list, err := k.EvidenceList(context.Background(), alerting.EvidenceQuery{Limit: 100})
	if err != nil || len(list) < 2 || len(list) > 15 || list[0].ID != ids[19] {
		t.Errorf("%d are kept of 20, %v", len(list), err)
	}
	if _, err := k.Evidence(context.Background(), ids[0]); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the oldest: %v", err)
	}
	now = fired.Add(30 * time.Hour)
	if err := k.forget(); err != nil {
		t.Fatal(err)
	}
	list, err = k.EvidenceList(context.Background(), alerting.EvidenceQuery{Name: "A"})
	if err != nil || len(list) != 0 {
		t.Errorf("%d are kept after their time, %v", len(list), err)
	}
	var left int64
	k.update(func(w writer) error { left = w.size(); return nil })
	if left != 0 {
		t.Errorf("%d bytes are counted of nothing", left)
	}
}

func TestListIsNarrowed(t *testing.T) {
	k := open(t, Options{Now: func() time.Time { return fired.Add(2 * time.Hour) }})
	a, b := alertOf("A", fired), alertOf("A", fired.Add(time.Hour), "zone", "1")
	k.Note(steps(a, b, alertOf("B", fired)))
	for name, c := range map[string]struct {
		q    alerting.EvidenceQuery
		want int
	}{
		"all":             {alerting.EvidenceQuery{}, 3},
		"of a rule":       {alerting.EvidenceQuery{Name: "A"}, 2},
		"of an alert":     {alerting.EvidenceQuery{Alert: b.Fingerprint()}, 1},
		"of nobody":       {alerting.EvidenceQuery{Name: "C"}, 0},
		"up to a time":    {alerting.EvidenceQuery{Name: "A", To: fired}, 1},
		"from a time":     {alerting.EvidenceQuery{From: fired.Add(time.Minute)}, 1},
		"the newest only": {alerting.EvidenceQuery{Limit: 1}, 1},
	} {
		if got, err := k.EvidenceList(context.Background(), c.q); err != nil || len(got) != c.want {
			t.Errorf("%s: %d and %v, want %d", name, len(got), err, c.want)
		}
	}
	for _, id := range []string{"", "x", "00", strings.Repeat("0", 23)} {
		if _, err := k.Evidence(context.Background(), id); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("id %q: %v", id, err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	if _, err := Open(Options{}); !errors.Is(err, alerting.ErrInvalid) {
		t.Errorf("without a directory: %v", err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, fileName), []byte("this is no database"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), fileName) {
		t.Errorf("a file that is none: %v", err)
	}
}

// Spans are as deep as they have ancestors, in whatever order they come and
// whatever their ids say.
func TestDepthsOfKeptSpans(t *testing.T) {
	f := &fakes{}
	own := span(1, 4, 4, "api", "its own parent", 4, 10, false)
	client, server := span(1, 2, 1, "web", "call", 8, 10, false), span(1, 2, 1, "api", "serve", 7, 10, false)
	client.Kind, server.Kind, server.Attrs = store.SpanClient, store.SpanServer, store.Attrs{{Key: store.ZipkinShared, Value: store.Bool(true)}}
	f.spans = []store.Span{
		span(1, 3, 2, "api", "clock that is behind", 9, 10, false), client, server, span(1, 1, 0, "web", "GET /", 6, 10, false), own,
		span(1, 5, 6, "api", "round", 3, 10, false), span(1, 6, 5, "api", "and round", 2, 10, false),
	}
	k := open(t, Options{Doors: f.doors()})
	kept, err := k.keep(t.Context(), "slow", &store.TraceSummary{ID: store.TraceID{15: 1}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range kept.Shown {
		got = append(got, fmt.Sprint(s.Name, " ", s.Depth))
	}
	if got, want := strings.Join(got, ", "), "clock that is behind 3, call 1, serve 2, GET / 0, its own parent 0, round 1, and round 0"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
