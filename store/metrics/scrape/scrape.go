package scrape

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/VictoriaMetrics/VictoriaMetrics/lib/procutil"
	"github.com/VictoriaMetrics/VictoriaMetrics/lib/promscrape"
	"github.com/VictoriaMetrics/VictoriaMetrics/lib/protoparser/protoparserutil"
	"github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/storage"
)

// Options of a Manager.
type Options struct {
	Dir     string                                    // where the configuration that runs is written, as scrape.yaml
	Config  []byte                                    // a Prometheus configuration of which only global and scrape_configs count
	Base    string                                    // where its relative paths start; empty means Dir
	Sink    storage.Appendable                        // takes the samples; a slow one stalls all scraping
	Family  func(family string, md metadata.Metadata) // takes what targets say about their metrics; may be nil
	Refused func(samples int)                         // tells of samples that the sink refused; may be nil
	Failed  func(err error)                           // tells of a scrape that was lost; may be nil
	Log     func(level, msg string)                   // what promscrape complains of; nil is stderr
}

// Manager scrapes. There is one Run in a process: promscrape cannot start twice.
type Manager struct {
	o     Options
	path  string
	mu    sync.Mutex
	given []byte // the configuration that runs, as it was given
	live  bool   // while Run runs
	hangs chan os.Signal

	faults faults
	memory *memory
	crowds crowds
	files  *files
}

// started is promscrape's own state, which it has one of in a process.
var started atomic.Bool

// New writes the configuration's file. A bad configuration is a
// store.ErrInvalid that says where, and leaves the file as it was.
func New(o Options) (*Manager, error) {
	if err := setFlags(); err != nil {
		return nil, err
	}
	m := &Manager{o: o, path: filepath.Join(o.Dir, "scrape.yaml"), hangs: make(chan os.Signal, 1), memory: newMemory()}
	said.tell(o.Log)
	var err error
	if m.files, err = newFiles(o.Dir, func(msg string) { said.say("error", msg) }); err != nil {
		return nil, err
	}
	patterns, err := writeConfig(m.path, o.Config, o.Base, m.files)
	if err != nil {
		return nil, err
	}
	m.files.follow(patterns)
	m.given = bytes.Clone(o.Config)
	m.crowds.set(targetLimits(o.Config))
	return m, nil
}

// Run scrapes until ctx ends and then waits for the scrapes that are running.
func (m *Manager) Run(ctx context.Context) error {
	if !started.CompareAndSwap(false, true) {
		return errors.New("scraping was started in this process before and cannot start again")
	}
	// promscrape listens for SIGHUP some time after Init; one that comes sooner
	// would end the process.
	signal.Notify(m.hangs, syscall.SIGHUP)
	defer signal.Stop(m.hangs)
	m.setLive(true)
	defer m.setLive(false)
	if err := theirs.Set("promscrape.config", m.path); err != nil {
		return err
	}
	// Without these workers the first stale marker, or a body over 1 MB, blocks
	// its target for ever.
	protoparserutil.StartUnmarshalWorkers()
	defer protoparserutil.StopUnmarshalWorkers()
	promscrape.Init(m.push)
	defer promscrape.Stop()
	var copies sync.WaitGroup
	copies.Go(func() { m.files.run(ctx) })
	defer copies.Wait()
	m.watchCrowds(ctx)
	return nil
}

// Reload scrapes by another configuration from now on; a bad one changes
// nothing and is a store.ErrInvalid. It works by a SIGHUP to this process,
// which all handlers of SIGHUP see: one that calls Reload again ends there,
// because a configuration that did not change sends none.
func (m *Manager) Reload(config []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if bytes.Equal(config, m.given) {
		return nil
	}
	patterns, err := writeConfig(m.path, config, m.o.Base, m.files)
	if err != nil {
		return fmt.Errorf("%w (the one before goes on)", err)
	}
	m.given = bytes.Clone(config)
	m.files.follow(patterns)
	m.crowds.set(targetLimits(config))
	if m.live {
		procutil.SelfSIGHUP()
	}
	return nil
}

func (m *Manager) setLive(live bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.live = live
}
