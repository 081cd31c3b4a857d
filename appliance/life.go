package appliance

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// stage orders the end: a later stage has ended before an earlier one is told to.
type stage int

const (
	engines    stage = iota // stop last: everyone writes to them
	bridges                 // carry the last lines of what stopped before
	background              // scraping, rules, the planner
	producers               // simulated users
	servers                 // stop first: drain what was asked
	stages
)

type runner struct {
	name string
	run  func(context.Context) error
}

type closer struct {
	name  string
	close func() error
}

// life runs what was registered and closes it in reverse.
type life struct {
	runners [stages][]runner
	closers []closer
}

func (l *life) onRun(s stage, name string, run func(context.Context) error) {
	l.runners[s] = append(l.runners[s], runner{name, run})
}

func (l *life) onClose(name string, close func() error) {
	l.closers = append(l.closers, closer{name, close})
}

// run starts all, and when the context ends or the first runner does, stops
// stage by stage, servers first, and waits for all.
func (l *life) run(ctx context.Context) error {
	ended := make(chan error, 1)
	var stop [stages]context.CancelFunc
	var wait [stages]sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	for s := range stages {
		stageCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
		stop[s] = cancel
		defer cancel()
		for _, r := range l.runners[s] {
			wait[s].Go(func() {
				err := r.run(stageCtx)
				if stageCtx.Err() == nil && err == nil {
					err = errors.New("ended by itself")
				}
				if err != nil && !errors.Is(err, context.Canceled) {
					mu.Lock()
					errs = append(errs, fmt.Errorf("%s: %w", r.name, err))
					mu.Unlock()
				}
				select {
				case ended <- err:
				default:
				}
			})
		}
	}
	select {
	case <-ctx.Done():
	case <-ended:
	}
	for s := stages - 1; s >= 0; s-- {
		stop[s]()
		wait[s].Wait()
	}
	return errors.Join(errs...)
}

// close undoes backwards and joins what went wrong.
func (l *life) close() error {
	var errs []error
	for i := len(l.closers) - 1; i >= 0; i-- {
		if err := l.closers[i].close(); err != nil {
			errs = append(errs, fmt.Errorf("close %s: %w", l.closers[i].name, err))
		}
	}
	l.closers = nil
	return errors.Join(errs...)
}
