package appliance

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"tripod/store"
	"tripod/store/metrics"
	"tripod/store/metrics/host"
	"tripod/store/metrics/scrape"
)

// hostJob is the job label of the machine's own metrics.
const hostJob = "host"

// hostMetrics tells how the machine and its containers do, in process, as often
// as our own pages are scraped.
type hostMetrics struct {
	reader *host.Reader
	name   string // of the machine: the instance label
	source *metrics.Source
	target atomic.Pointer[store.Target]
	notes  atomic.Pointer[[]string] // of the last round
}

func (a *Appliance) openHostMetrics() {
	if a.o.NoHostMetrics {
		return
	}
	h := &hostMetrics{reader: host.New(host.Options{Root: a.o.HostRoot})}
	if h.name = h.reader.Name(); h.name == "" {
		h.name = "localhost"
	}
	h.source = a.metrics.NewSource(labels.FromStrings("job", hostJob, "instance", h.name), host.About)
	a.host = h
	a.life.onRun(background, "host metrics", func(ctx context.Context) error { return a.watchHost(ctx, h) })
}

// watchHost writes a round at each interval until ctx ends; series end with the
// process, as those of a target that is gone.
func (a *Appliance) watchHost(ctx context.Context, h *hostMetrics) error {
	var said []string
	for _, wait := range earlyRounds { // a rate wants two rounds
		if !sleep(ctx, wait) {
			return nil
		}
		a.hostRound(ctx, h)
	}
	for {
		for _, note := range *h.notes.Load() {
			if !slices.Contains(said, note) {
				said = append(said, note)
				a.log.Info(note, "part", "host metrics")
			}
		}
		if !sleep(ctx, a.o.ScrapeInterval) {
			break
		}
		a.hostRound(ctx, h)
	}
	return h.source.End(context.WithoutCancel(ctx), time.Now())
}

func (a *Appliance) hostRound(ctx context.Context, h *hostMetrics) {
	begin := time.Now()
	samples := 0
	err := h.source.Write(ctx, begin, func(emit func(string, float64, ...string)) {
		h.reader.Read(func(name string, v float64, kv ...string) {
			samples++
			emit(name, v, kv...)
		})
	})
	notes := h.reader.Notes()
	h.notes.Store(&notes)
	every := model.Duration(a.o.ScrapeInterval).String()
	t := store.Target{
		Pool: hostJob, URL: "/proc and /sys of " + h.name, Up: err == nil, Scraped: begin.UnixNano(), Took: time.Since(begin), Samples: samples,
		Labels: map[string]string{"job": hostJob, "instance": h.name},
		Discovered: map[string]string{
			"job": hostJob, "__address__": h.name, "__scrape_interval__": every, "__scrape_timeout__": every,
		},
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Error = err.Error()
		a.log.Debug("host metrics", "err", err)
	}
	h.target.Store(&t)
}

// hostTargets is this machine among the targets, once it was read.
func (a *Appliance) hostTargets() []store.Target {
	if a.host == nil {
		return nil
	}
	if t := a.host.target.Load(); t != nil && t.Samples > 0 {
		return []store.Target{*t}
	}
	return nil
}

// allTargets are the scraped targets and this machine, which is read in process.
type allTargets struct {
	*scrape.Manager
	host func() []store.Target
}

func (o allTargets) Targets() []store.Target { return append(o.host(), o.Manager.Targets()...) }

func (o allTargets) Pools() []string {
	pools := o.Manager.Pools()
	if len(o.host()) > 0 && !slices.Contains(pools, hostJob) {
		pools = append(pools, hostJob)
	}
	return pools
}

// hostNotes are sentences about what of the machine cannot be seen.
func (a *Appliance) hostNotes() []string {
	if a.host == nil {
		return nil
	}
	if notes := a.host.notes.Load(); notes != nil {
		return *notes
	}
	return nil
}
