package appliance

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"tripod/planner"
	"tripod/planner/cache"
	"tripod/planner/observed"
	"tripod/web/planapi"
)

// Run serves and works until ctx ends, or one part does. planner-web drains
// before planner-api, and the workers end after both; Close sends the last spans.
func (p *plannerApp) Run(ctx context.Context) error {
	// The embedded cache and the workers outlive the servers.
	inner, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	ended := make(chan error, 8)
	var workers sync.WaitGroup
	for _, run := range []func(context.Context) error{p.cache.Run, p.countStreaks, p.remind, p.queueReminders, p.sweep} {
		workers.Go(func() { ended <- run(inner) })
	}
	api := plannerServer(p.api)
	front := plannerServer(p.web.Server(planapi.Front{API: p.apiURL(), Transport: p.web.Transport(p.transport), Pages: p.pages}.Mux()))
	var servers sync.WaitGroup
	servers.Go(func() { ended <- api.Serve(p.apiListener) })
	servers.Go(func() { ended <- front.Serve(p.webListener) })
	for _, s := range []*observed.Source{p.web, p.api.source(), p.streaks, p.reminders} {
		s.Log().Info(ctx, "service started")
	}

	var err error
	select {
	case <-ctx.Done():
	case err = <-ended:
	}
	drain, cancel := context.WithTimeout(context.Background(), plannerDrain)
	defer cancel()
	err = errors.Join(err, plannerShutdown(drain, front), plannerShutdown(drain, api))
	servers.Wait()
	if p.faults != nil {
		p.faults.Close()
	}
	stop()
	workers.Wait()
	return err
}

func plannerServer(h http.Handler) *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: 60 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10}
}

// plannerShutdown drains until ctx ends and then cuts what is left: the main
// door has drained before, so nobody is there who would wait for an answer.
func plannerShutdown(ctx context.Context, s *http.Server) error {
	err := s.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.Close()
	}
	return err
}

// plannerWait waits for a group until ctx ends.
func plannerWait(ctx context.Context, wg *sync.WaitGroup) {
	done := make(chan struct{})
	go func() { defer close(done); wg.Wait() }() // ends with the handlers, which end with their connections
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// service is the planner as a service of the given source has it.
func (p *plannerApp) service(s *observed.Source, repo planner.Repository) *planner.Service {
	return planner.New(planner.Options{Repo: repo, Cache: p.cache, Queue: s.Queue(p.cache), Now: p.o.Now,
		PasswordCost: p.o.PasswordCost, Events: s.Events()})
}

func (p *plannerApp) countStreaks(ctx context.Context) error {
	svc := p.service(p.streaks, p.db)
	return p.cache.Consume(ctx, cache.Consumer{Queue: planner.TaskCompleted, Name: plannerStreakName, Lost: p.streaks.Lost,
		Handle: p.streaks.Job(func(ctx context.Context, j planner.Job) (string, error) {
			_, err := svc.CountStreak(ctx, j)
			return "counted", err
		})})
}

func (p *plannerApp) remind(ctx context.Context) error {
	svc := p.service(p.reminders, p.db)
	return p.cache.Consume(ctx, cache.Consumer{Queue: planner.TaskDue, Name: plannerReminderName, Lost: p.reminders.Lost,
		Handle: p.reminders.Job(func(ctx context.Context, j planner.Job) (string, error) {
			first, err := svc.Remind(ctx, j)
			if err != nil || !first {
				return "skipped", err
			}
			p.reminders.Reminded(ctx, j.TaskID)
			return "reminded", nil
		})})
}

func (p *plannerApp) queueReminders(ctx context.Context) error {
	svc := p.service(p.reminders, p.db)
	return plannerEvery(ctx, plannerRemindEvery, func(ctx context.Context) {
		p.reminders.Tick(ctx, "queue reminders", func(ctx context.Context) (int, error) {
			return svc.QueueReminders(ctx, plannerRemindBatch)
		})
	})
}

// sweep forgets sessions that are over.
func (p *plannerApp) sweep(ctx context.Context) error {
	return plannerEvery(ctx, plannerSweepEvery, func(ctx context.Context) {
		if err := p.db.DeleteExpired(ctx, p.o.Now()); err != nil && ctx.Err() == nil {
			p.api.source().Lost(ctx, err)
		}
	})
}

// plannerEvery does f at once, and then every d.
func plannerEvery(ctx context.Context, d time.Duration, f func(context.Context)) error {
	t := time.NewTicker(d)
	defer t.Stop()
	for {
		f(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

// Close ends what Run left: the last spans, the sockets, the stores. Twice is once.
func (p *plannerApp) Close() error {
	p.closeOnce.Do(func() { p.closeErr = p.closeAll() })
	return p.closeErr
}

func (p *plannerApp) closeAll() error {
	ctx, cancel := context.WithTimeout(context.Background(), plannerDrain)
	defer cancel()
	var errs []error
	if p.faults != nil {
		p.faults.Close()
	}
	if p.api != nil {
		errs = append(errs, p.api.close(ctx))
	}
	for _, s := range []*observed.Source{p.web, p.streaks, p.reminders} {
		if s != nil {
			errs = append(errs, s.Close(ctx))
		}
	}
	p.transport.CloseIdleConnections()
	for _, l := range []net.Listener{p.webListener, p.apiListener} {
		if l != nil {
			if err := l.Close(); !errors.Is(err, net.ErrClosed) {
				errs = append(errs, err)
			}
		}
	}
	if p.cache != nil {
		errs = append(errs, p.cache.Close())
	}
	if p.db != nil {
		errs = append(errs, p.db.Close())
	}
	return errors.Join(errs...)
}
