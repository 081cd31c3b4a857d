package alerting

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/rules"
)

// stopPatience is how long evaluations may go on after Run was told to end;
// then their queries are cancelled.
const stopPatience = 3 * time.Second

// Pipeline is where alerts go: Alertmanager's, or anything of its shape.
type Pipeline interface {
	// Send takes alerts that fire, again each ResendDelay, and alerts that are
	// resolved. It must return soon; the alerts and their maps are its own from
	// then on.
	Send(ctx context.Context, alerts ...Alert)
	// Keep says of alerts, by fingerprint, that their condition still holds:
	// those that the pipeline has as firing do not end before until.
	Keep(fingerprints []string, until time.Time)
}

// Rules are the rules of this appliance while they run.
type Rules struct {
	o       Options
	manager *rules.Manager
	cancel  context.CancelFunc // of all evaluations

	mu      sync.Mutex // guards running and the change from one rule set to the next
	running bool
	set     *ruleSet // what the manager loads; never changed, only replaced

	watch watch
}

// Open reads the rule files. Its error names every fault of every file.
func Open(o Options) (*Rules, error) {
	external, err := o.validate()
	if err != nil {
		return nil, err
	}
	o.fill()
	set, err := readRules(o.Parser, o.RuleFiles, !o.NoBuiltin, o.Log)
	if err != nil {
		return nil, err
	}
	if err := set.addBook(o.Book); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(unseen(context.Background()))
	r := &Rules{o: o, cancel: cancel, set: set, watch: newWatch()}
	r.manager = rules.NewManager(&rules.ManagerOptions{
		ExternalURL:     external,
		QueryFunc:       r.query,
		NotifyFunc:      r.send,
		Context:         ctx,
		Appendable:      o.Appendable,
		Queryable:       o.Queryable,
		Logger:          o.Log,
		Registerer:      o.Registerer,
		OutageTolerance: o.Outage,
		ForGracePeriod:  o.ForGrace,
		ResendDelay:     o.ResendDelay,
		GroupLoader:     loader{r},
		Parser:          o.Parser,
		FeatureRegistry: o.Told,
	})
	return r, nil
}

// query stands before Options.Query because some callers, the expansion of
// templates among them, come with a context that is not the manager's.
func (r *Rules) query(ctx context.Context, expr string, at time.Time) (promql.Vector, error) {
	return r.o.Query(unseen(ctx), expr, at)
}

// Run evaluates the rules until ctx ends. It can be called once.
func (r *Rules) Run(ctx context.Context) error {
	r.mu.Lock()
	r.running = true
	err := r.update()
	r.mu.Unlock()
	if err != nil {
		return err
	}
	ran := make(chan struct{})
	go func() { defer close(ran); r.manager.Run() }()
	<-ctx.Done()

	stopped := make(chan struct{})
	go func() { defer close(stopped); r.manager.Stop() }()
	patience := time.NewTimer(stopPatience)
	defer patience.Stop()
	select {
	case <-stopped:
	case <-patience.C:
		r.cancel()
		<-stopped
	}
	<-ran
	return nil
}

// Close must come after Run has returned.
func (r *Rules) Close() error {
	r.cancel()
	return nil
}

// Reload reads rule files, paths and globs, in place of those before. After an
// error, which names every fault of every file, the old rules go on.
func (r *Rules) Reload(patterns []string) error {
	set, err := readRules(r.o.Parser, patterns, !r.o.NoBuiltin, r.o.Log)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if book, ok := r.set.groups[r.o.Book.Path]; ok {
		set.groups[r.o.Book.Path] = book
	}
	return r.use(set)
}

// use is called with mu held.
func (r *Rules) use(set *ruleSet) error {
	old := r.set
	r.set = set
	if !r.running {
		return nil
	}
	if err := r.update(); err != nil {
		r.set = old
		return err
	}
	return nil
}

// update is called with mu held.
func (r *Rules) update() error {
	return r.manager.Update(r.o.Interval, r.set.paths(), labels.EmptyLabels(), r.o.ExternalURL, r.evaluate)
}

// evaluate does one round of a group, and tells the pipeline which conditions
// still hold. Without that, a rule whose query fails for a while, or that is
// pending again after a restart, would be reported as resolved.
func (r *Rules) evaluate(ctx context.Context, g *rules.Group, at time.Time) {
	rules.DefaultEvalIterationFunc(ctx, g, at)
	if r.o.Steps != nil {
		if steps := r.watch.look(g, at); len(steps) > 0 {
			r.o.Steps(steps)
		}
	}
	var still []string
	for _, rule := range g.AlertingRules() {
		for _, a := range rule.ActiveAlerts() {
			still = append(still, Fingerprint(a.Labels.Map()))
		}
	}
	if len(still) > 0 {
		r.o.Pipeline.Keep(still, time.Now().Add(4*max(g.Interval(), r.o.ResendDelay)))
	}
}
