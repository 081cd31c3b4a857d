package observed

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"tripod/planner"
)

// Planner is the service as planner-api has it.
type Planner interface {
	SignUp(ctx context.Context, n planner.NewUser) (planner.Grant, error)
	Login(ctx context.Context, email, password string) (planner.Grant, error)
	Logout(ctx context.Context, token string) error
	Authenticate(ctx context.Context, token string) (planner.User, error)
	UpdateUser(ctx context.Context, u planner.User, p planner.Profile) (planner.User, error)
	CloseAccount(ctx context.Context, u planner.User) error
	CreateTask(ctx context.Context, u planner.User, d planner.Draft) (planner.Task, error)
	Task(ctx context.Context, u planner.User, id string) (planner.Task, error)
	Tasks(ctx context.Context, u planner.User, f planner.Filter) (planner.Page, error)
	Counts(ctx context.Context, u planner.User) (planner.Counts, error)
	UpdateTask(ctx context.Context, u planner.User, id string, p planner.Patch) (planner.Task, error)
	DeleteTask(ctx context.Context, u planner.User, id string) error
	CompleteTask(ctx context.Context, u planner.User, id string) (planner.Task, *planner.Task, error)
	Streak(ctx context.Context, u planner.User) (planner.Calendar, error)
}

// Service is the planner, seen.
type Service struct {
	next Planner
	s    *Source
}

var _ Planner = (*Service)(nil)

// Service wraps a planner with a span and a line for each call.
func (s *Source) Service(next Planner) *Service { return &Service{next, s} }

// call starts the span of a method; the returned func ends it and tells of an
// error that is not the caller's own doing.
func (v *Service) call(ctx context.Context, method string) (context.Context, func(err error)) {
	ctx, span := v.s.tracer.Start(ctx, "planner."+method, trace.WithSpanKind(trace.SpanKindInternal))
	return ctx, func(err error) {
		switch {
		case err == nil:
		case isAnswer(err):
			v.s.log.Debug(ctx, method+" refused", slog.String("reason", err.Error()))
		default:
			span.RecordError(err)
			span.SetStatus(codes.Error, err.Error())
			v.s.log.Error(ctx, method+" failed", slog.Any("err", err))
		}
		span.End()
	}
}

// isAnswer holds for errors that tell the caller something about the request.
func isAnswer(err error) bool {
	for _, e := range []error{planner.ErrInvalid, planner.ErrNotFound, planner.ErrUnauthorized, planner.ErrConflict, context.Canceled} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

func (v *Service) SignUp(ctx context.Context, n planner.NewUser) (planner.Grant, error) {
	ctx, end := v.call(ctx, "SignUp")
	g, err := v.next.SignUp(ctx, n)
	if err == nil {
		scopeOf(ctx).setUser(g.User.ID)
		add(v.s.metrics.signups, exemplar(ctx))
		v.s.log.Info(ctx, "user signed up", slog.String("zone", g.User.Zone))
	}
	end(err)
	return g, err
}

func (v *Service) Login(ctx context.Context, email, password string) (planner.Grant, error) {
	ctx, end := v.call(ctx, "Login")
	begin := time.Now()
	g, err := v.next.Login(ctx, email, password)
	switch {
	case err == nil:
		scopeOf(ctx).setUser(g.User.ID)
		v.s.log.Info(ctx, "user signed in", slog.Duration("durationMs", time.Since(begin)))
	case errors.Is(err, planner.ErrUnauthorized):
		v.s.log.Warn(ctx, "sign-in refused: wrong address or password")
	}
	end(err)
	return g, err
}

func (v *Service) Logout(ctx context.Context, token string) error {
	ctx, end := v.call(ctx, "Logout")
	err := v.next.Logout(ctx, token)
	if err == nil {
		v.s.log.Info(ctx, "user signed out")
	}
	end(err)
	return err
}

func (v *Service) Authenticate(ctx context.Context, token string) (planner.User, error) {
	sctx, end := v.call(ctx, "Authenticate")
	u, err := v.next.Authenticate(sctx, token)
	if err == nil {
		scopeOf(ctx).setUser(u.ID)
	}
	end(err)
	return u, err
}

func (v *Service) UpdateUser(ctx context.Context, u planner.User, p planner.Profile) (planner.User, error) {
	ctx, end := v.call(ctx, "UpdateUser")
	u, err := v.next.UpdateUser(ctx, u, p)
	if err == nil {
		v.s.log.Info(ctx, "profile changed", slog.String("zone", u.Zone))
	}
	end(err)
	return u, err
}

func (v *Service) CloseAccount(ctx context.Context, u planner.User) error {
	ctx, end := v.call(ctx, "CloseAccount")
	err := v.next.CloseAccount(ctx, u)
	if err == nil {
		v.s.log.Info(ctx, "account closed")
	}
	end(err)
	return err
}

func (v *Service) Streak(ctx context.Context, u planner.User) (planner.Calendar, error) {
	ctx, end := v.call(ctx, "Streak")
	c, err := v.next.Streak(ctx, u)
	end(err)
	return c, err
}
