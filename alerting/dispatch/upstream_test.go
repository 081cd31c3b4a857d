package dispatch

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/alertmanager/alert"
	amconfig "github.com/prometheus/alertmanager/config"
	amdispatch "github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/alertmanager/eventrecorder"
	"github.com/prometheus/alertmanager/featurecontrol"
	"github.com/prometheus/alertmanager/inhibit"
	"github.com/prometheus/alertmanager/marker"
	"github.com/prometheus/alertmanager/nflog"
	amnotify "github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/provider/mem"
	amsilence "github.com/prometheus/alertmanager/silence"
	"github.com/prometheus/alertmanager/silence/silencepb"
	"github.com/prometheus/alertmanager/timeinterval"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"google.golang.org/protobuf/types/known/timestamppb"

	"tripod/alerting"
)

// TestUpstreamTellsTheSame plays the stories against Alertmanager's own
// dispatcher, inhibitor, silences, intervals and notification log: it must tell
// what they say, but for those that are ours.
func TestUpstreamTellsTheSame(t *testing.T) {
	played := 0
	for _, s := range stories(t) {
		if strings.HasSuffix(s.name, "(ours)") {
			continue
		}
		played++
		t.Run(s.name, func(t *testing.T) {
			s.check(t, tellUpstream(t, &s))
		})
	}
	if played < 20 {
		t.Errorf("only %d stories were played", played)
	}
}

// upstream is Alertmanager as its own app puts it together.
type upstream struct {
	t        *testing.T
	alerts   *mem.Alerts
	silences *amsilence.Silences
	stop     func()
	starts   map[model.Fingerprint]time.Time
	ids      map[string]string

	mu  sync.Mutex
	got []told
}

func newUpstream(t *testing.T, text string) *upstream {
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	u := &upstream{t: t, starts: map[model.Fingerprint]time.Time{}, ids: map[string]string{}}
	log, reg, recorder := slog.New(slog.DiscardHandler), prometheus.NewRegistry(), eventrecorder.NopRecorder()
	flags, err := featurecontrol.NewFlags(log, "")
	must(err)
	cfg, err := amconfig.Load(text)
	must(err)
	ctx, cancel := context.WithCancel(context.Background())
	u.silences, err = amsilence.New(amsilence.Options{Retention: time.Hour, Logger: log, Metrics: reg, EventRecorder: recorder})
	must(err)
	silencer := amsilence.NewSilencer(u.silences, log, recorder)
	u.alerts, err = mem.NewAlerts(ctx, 30*time.Minute, 0, silencer, log, recorder, reg, flags)
	must(err)
	sent, err := nflog.New(nflog.Options{Retention: time.Hour * 1000, Logger: log, Metrics: reg})
	must(err)
	intervals := map[string][]timeinterval.TimeInterval{}
	for _, i := range cfg.TimeIntervals {
		intervals[i.Name] = i.TimeIntervals
	}
	receivers := map[string][]amnotify.Integration{}
	for _, r := range cfg.Receivers {
		receivers[r.Name] = nil
		for i, w := range r.WebhookConfigs {
			receivers[r.Name] = append(receivers[r.Name], amnotify.NewIntegration(u, w, "webhook", i, r.Name))
		}
	}
	inhibitor := inhibit.NewInhibitor(u.alerts, cfg.InhibitRules, log, recorder)
	groups := marker.NewGroupMarker()
	pipeline := amnotify.NewPipelineBuilder(reg, flags, recorder).New(receivers, func() time.Duration { return 0 },
		inhibitor, silencer, timeinterval.NewIntervener(intervals), groups, sent, nil)
	d := amdispatch.NewDispatcher(u.alerts, amdispatch.NewRoute(cfg.Route, nil), pipeline, groups,
		func(d time.Duration) time.Duration { return d }, 30*time.Second, nil, log, recorder, nil, nil)
	var running sync.WaitGroup
	running.Go(inhibitor.Run)
	inhibitor.WaitForLoading()
	running.Go(func() { d.Run(time.Now()) })
	synctest.Wait()
	u.stop = func() {
		d.Stop()
		inhibitor.Stop()
		u.alerts.Close()
		cancel()
		running.Wait()
	}
	return u
}

// Notify fits Alertmanager's Notifier.
func (u *upstream) Notify(ctx context.Context, alerts ...*alert.Alert) (bool, error) {
	receiver, _ := amnotify.ReceiverName(ctx)
	words := []string{receiver + ":"}
	for _, a := range alerts {
		labels := map[string]string{}
		for k, v := range a.Labels {
			labels[string(k)] = string(v)
		}
		words = append(words, inShort(labels, a.Resolved()))
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.got = append(u.got, told{time.Since(midnight), strings.Join(words, " ")})
	return false, nil
}

func (u *upstream) do(e event) {
	ctx, now := context.Background(), time.Now()
	switch e.verb {
	case "fire", "resolve":
		a := alertOf(e.words, now)
		x := &alert.Alert{Alert: model.Alert{Labels: model.LabelSet{}, StartsAt: a.StartsAt, EndsAt: a.EndsAt}, UpdatedAt: now}
		for k, v := range a.Labels {
			x.Labels[model.LabelName(k)] = model.LabelValue(v)
		}
		if e.verb == "fire" {
			u.starts[x.Fingerprint()] = now
		} else {
			x.StartsAt, x.EndsAt = u.starts[x.Fingerprint()], now
		}
		if err := u.alerts.Put(ctx, x); err != nil {
			u.t.Fatal(err)
		}
	case "silence":
		name, s := silenceOf(e.words, now)
		p := &silencepb.Silence{
			Id: u.ids[name], StartsAt: timestamppb.New(s.StartsAt), EndsAt: timestamppb.New(s.EndsAt), CreatedBy: s.CreatedBy, Comment: s.Comment,
			MatcherSets: []*silencepb.MatcherSet{{Matchers: protoMatchers(s.Matchers)}},
		}
		if err := u.silences.Set(ctx, p); err != nil {
			u.t.Fatal(err)
		}
		u.ids[name] = p.Id
	case "expire":
		if err := u.silences.Expire(ctx, u.ids[e.words[0]]); err != nil {
			u.t.Fatal(err)
		}
	case "end":
	default:
		u.t.Fatalf("upstream cannot %q", e.verb)
	}
}

func protoMatchers(list []alerting.Matcher) (out []*silencepb.Matcher) {
	for _, m := range list {
		kind := silencepb.Matcher_EQUAL
		switch {
		case m.IsRegex && m.IsEqual:
			kind = silencepb.Matcher_REGEXP
		case m.IsRegex:
			kind = silencepb.Matcher_NOT_REGEXP
		case !m.IsEqual:
			kind = silencepb.Matcher_NOT_EQUAL
		}
		out = append(out, &silencepb.Matcher{Type: kind, Name: m.Name, Pattern: m.Value})
	}
	return out
}
