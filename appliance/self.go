package appliance

import (
	"context"
	"math"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"tripod/store"
)

// Our own /metrics pages are scraped like everyone's. Two things the scraper
// cannot do happen in process, on the same series: the exemplars, which it
// does not read, and two early rounds of samples, so that a chart has a line
// two seconds after the start and not after two scrape intervals.
var (
	earlyRounds   = []time.Duration{300 * time.Millisecond, 1500 * time.Millisecond}
	exemplarEvery = 5 * time.Second
)

// ownJobs are the scrape jobs of our own pages; the first is the appliance.
var ownJobs = []string{"tripod", "planner"}

// tellEarly appends to our own series until ctx ends.
func (a *Appliance) tellEarly(ctx context.Context) error {
	start := time.Now()
	for _, after := range earlyRounds {
		if !sleep(ctx, time.Until(start.Add(after))) {
			return nil
		}
		a.appendOwn(ctx, true)
	}
	for sleep(ctx, min(exemplarEvery, a.o.ScrapeInterval)) {
		a.appendOwn(ctx, false)
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

func (a *Appliance) appendOwn(ctx context.Context, samples bool) {
	for _, job := range ownJobs {
		fams, err := a.expo.parts[job].Gather()
		if err == nil {
			err = a.metrics.AppendGathered(ctx, fams, labels.FromStrings("instance", a.ownTarget(), "job", job), time.Now(), samples)
		}
		if err != nil && ctx.Err() == nil {
			a.log.Debug("own metrics", "job", job, "err", err)
		}
	}
}

func (a *Appliance) ownTarget() string { return reachable(a.main.Addr().String()) }

// rates remembers the engines' counters, so that Status can tell per second
// without asking PromQL.
type rates struct {
	at     time.Time
	counts map[string]int64
	per    map[string]float64
	total  int64 // own lines and spans lost since start
	lost   int64 // of these, since the rates before
}

// rateEvery is the time over which a rate is taken.
const rateEvery = 5 * time.Second

// watchRates keeps the rates of the pillars up to date until ctx ends.
func (a *Appliance) watchRates(ctx context.Context) error {
	pillars := map[string]func() store.Usage{"logs": a.logs.Usage, "metrics": a.metrics.Usage, "traces": a.traces.Usage}
	last := rates{at: time.Now(), counts: map[string]int64{}}
	taken := make([]int64, len(a.meters.all()))
	for sleep(ctx, rateEvery) {
		next := rates{at: time.Now(), counts: map[string]int64{}, per: map[string]float64{}}
		for name, usage := range pillars {
			next.counts[name] = usage().Accepted
			next.per[name] = float64(next.counts[name]-last.counts[name]) / next.at.Sub(last.at).Seconds()
		}
		for i, m := range a.meters.all() {
			n := m.accepted.Load()
			m.rate.Store(math.Float64bits(float64(n-taken[i]) / next.at.Sub(last.at).Seconds()))
			taken[i] = n
		}
		next.total = a.lines.dropped.Load() + a.spans.dropped.Load()
		next.lost = next.total - last.total
		a.rates.Store(&next)
		last = next
	}
	return nil
}
