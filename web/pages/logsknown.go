package pages

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"tripod/store"
)

// known keeps for some seconds what completion learnt of the lines, so that
// not every key that is pressed reads them again.
type known struct {
	mu       sync.Mutex
	fields   map[string]knownFields
	patterns map[string]knownPatterns
}

type knownFields struct {
	at    time.Time
	found store.Facets
}

type knownPatterns struct {
	at    time.Time
	found store.LogPatterns
}

const (
	knownFor  = 10 * time.Second
	knownMost = 16 // of each kind
)

// knownKey names a question by what the address says of it.
func knownKey(a *logAsk, before string) string {
	return strings.Join([]string{a.st.From, a.st.To, a.narrow, before}, "\x00")
}

// knownFields are the fields of the lines that fit what stands before, or of
// all when that is no whole query.
func (p *Pages) knownFields(ctx context.Context, a *logAsk, before string) store.Facets {
	before = strings.TrimSpace(before)
	key, now := knownKey(a, before), p.o.Now()
	p.known.mu.Lock()
	k, ok := p.known.fields[key]
	p.known.mu.Unlock()
	if ok && now.Sub(k.at) < knownFor {
		return k.found
	}
	q := a.query(before)
	q.Syntax, q.Limit = store.SearchLine, completeLines
	found, err := p.o.Logs.Facets(ctx, q, 3)
	if unreadable(err) {
		q.Text = ""
		found, err = p.o.Logs.Facets(ctx, q, 3)
	}
	if err != nil {
		return found // what was counted until then
	}
	p.known.mu.Lock()
	defer p.known.mu.Unlock()
	if p.known.fields == nil || len(p.known.fields) >= knownMost {
		p.known.fields = map[string]knownFields{}
	}
	p.known.fields[key] = knownFields{now, found}
	return found
}

// knownPatterns are patterns of the scope's lines.
func (p *Pages) knownPatterns(ctx context.Context, a *logAsk) store.LogPatterns {
	if p.o.Patterns == nil {
		return store.LogPatterns{}
	}
	key, now := knownKey(a, ""), p.o.Now()
	p.known.mu.Lock()
	k, ok := p.known.patterns[key]
	p.known.mu.Unlock()
	if ok && now.Sub(k.at) < knownFor {
		return k.found
	}
	q := a.query("")
	q.Syntax, q.Limit, q.Oldest = store.SearchLine, phraseLines, false
	found, err := p.o.Patterns.Patterns(ctx, store.PatternQuery{LogQuery: q, Step: a.st.Step(8), Top: phraseKinds})
	if err != nil {
		return found
	}
	p.known.mu.Lock()
	defer p.known.mu.Unlock()
	if p.known.patterns == nil || len(p.known.patterns) >= knownMost {
		p.known.patterns = map[string]knownPatterns{}
	}
	p.known.patterns[key] = knownPatterns{now, found}
	return found
}

// unreadable says that a query cannot be read.
func unreadable(err error) bool {
	var qe *store.QueryError
	return errors.As(err, &qe)
}
