package planner

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// SessionLife is how long a sign-in lasts.
const SessionLife = 30 * 24 * time.Hour

// SignUp makes an account and signs it in. A *FieldError names what is wrong;
// ErrConflict: the address has an account.
func (s *Service) SignUp(ctx context.Context, n NewUser) (Grant, error) {
	n, err := n.check()
	if err != nil {
		return Grant{}, err
	}
	hash, err := s.hasher.hash(ctx, n.Password)
	if err != nil {
		return Grant{}, err
	}
	now := s.clock()
	u := User{ID: newID("u", now), Email: n.Email, Name: n.Name, Zone: n.Zone, Created: now}
	if err := s.repo.InsertUser(ctx, u, hash); err != nil {
		return Grant{}, fmt.Errorf("save the account: %w", err)
	}
	return s.grant(ctx, u)
}

// Login is ErrUnauthorized for an unknown address and for a wrong password alike.
func (s *Service) Login(ctx context.Context, email, password string) (Grant, error) {
	u, hash, err := s.repo.UserByEmail(ctx, strings.ToLower(strings.TrimSpace(email)))
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Grant{}, fmt.Errorf("look up the account: %w", err)
	}
	ok, err := s.hasher.matches(ctx, hash, password)
	if err != nil {
		return Grant{}, err
	}
	if !ok {
		return Grant{}, fmt.Errorf("address and password do not match: %w", ErrUnauthorized)
	}
	return s.grant(ctx, u)
}

func (s *Service) grant(ctx context.Context, u User) (Grant, error) {
	g := Grant{User: u, Token: newToken(), Expires: s.clock().Add(SessionLife)}
	ses := Session{Key: sessionKey(g.Token), UserID: u.ID, Expires: g.Expires}
	if err := s.repo.InsertSession(ctx, ses); err != nil {
		return Grant{}, fmt.Errorf("save the session: %w", err)
	}
	if err := s.cache.PutSession(ctx, ses); err != nil {
		s.cacheFailed(ctx, "session", err)
	}
	return g, nil
}

// Logout ends the session of a token, if it has one. The mark in the cache
// comes after the row is gone: a request in between may cache the session, but
// not over the mark.
func (s *Service) Logout(ctx context.Context, token string) error {
	key := sessionKey(token)
	if err := s.repo.DeleteSession(ctx, key); err != nil && !errors.Is(err, ErrNotFound) {
		return fmt.Errorf("end the session: %w", err)
	}
	if err := s.cache.EndSession(ctx, key); err != nil {
		s.cacheFailed(ctx, "session", err)
	}
	return nil
}

// Authenticate finds who a token belongs to, or ErrUnauthorized.
func (s *Service) Authenticate(ctx context.Context, token string) (User, error) {
	if token == "" || len(token) > 100 {
		return User{}, ErrUnauthorized
	}
	ses, err := s.session(ctx, sessionKey(token))
	if errors.Is(err, ErrNotFound) || err == nil && !s.clock().Before(ses.Expires) {
		return User{}, fmt.Errorf("the session is over: %w", ErrUnauthorized)
	}
	if err != nil {
		return User{}, fmt.Errorf("look up the session: %w", err)
	}
	u, err := s.repo.User(ctx, ses.UserID)
	if errors.Is(err, ErrNotFound) {
		return User{}, fmt.Errorf("the account is closed: %w", ErrUnauthorized)
	}
	if err != nil {
		return User{}, fmt.Errorf("look up the account: %w", err)
	}
	return u, nil
}

func (s *Service) session(ctx context.Context, key string) (Session, error) {
	ses, err := s.cache.Session(ctx, key)
	if err == nil || errors.Is(err, ErrNotFound) {
		return ses, err
	}
	missed := errors.Is(err, ErrMiss)
	if missed {
		s.cacheMissed(ctx, "session")
	} else {
		s.cacheFailed(ctx, "session", err)
	}
	ses, err = s.repo.Session(ctx, key, s.clock())
	if err == nil && missed {
		if err := s.cache.PutSession(ctx, ses); err != nil {
			s.cacheFailed(ctx, "session", err)
		}
	}
	return ses, err
}

// UpdateUser changes name and time zone.
func (s *Service) UpdateUser(ctx context.Context, u User, p Profile) (User, error) {
	u, err := p.apply(u)
	if err != nil {
		return u, err
	}
	if err := s.repo.UpdateUser(ctx, u); err != nil {
		return u, fmt.Errorf("save the account: %w", err)
	}
	s.dropCalendar(ctx, u)
	return u, nil
}

// CloseAccount forgets a user and all that is theirs. Sessions in the cache lead
// nowhere from then on.
func (s *Service) CloseAccount(ctx context.Context, u User) error {
	if err := s.repo.DeleteUser(ctx, u.ID); err != nil {
		return fmt.Errorf("close the account: %w", err)
	}
	s.dropCalendar(ctx, u)
	return nil
}
