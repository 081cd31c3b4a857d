package syslog

import (
	"context"
	"errors"
	"time"

	"tripod/store"
)

// A batch is handed on when it holds so many messages or bytes.
const (
	batchMessages = 1000
	batchBytes    = 1 << 20
)

// maxHosts bounds the resources that a batch remembers.
const maxHosts = 1000

// batch collects messages and hands them on.
type batch struct {
	s       *Server
	host    string // of the sender, for messages that name none
	records []store.Record
	bytes   int
	hosts   map[string]*store.Resource
}

func (s *Server) newBatch(host string) *batch {
	return &batch{s: s, host: host, hosts: map[string]*store.Resource{}}
}

// add takes a message.
func (b *batch) add(ctx context.Context, text string) {
	m, ok := parse(text, b.s.o.Now(), b.s.o.Zone)
	if !ok {
		b.s.o.Rejected(Empty, 1, "a message without text")
		return
	}
	if m.host == "" {
		m.host = b.host
	}
	b.records = append(b.records, m.record(b.resource(m.host)))
	if b.bytes += len(text); len(b.records) >= batchMessages || b.bytes >= batchBytes {
		b.flush(ctx)
	}
}

// resource is the one that all messages of a host share.
func (b *batch) resource(host string) *store.Resource {
	if host == "" {
		return nil
	}
	res := b.hosts[host]
	if res == nil {
		res = &store.Resource{Attrs: store.Attrs{{Key: "host.name", Value: store.String(host)}}}
		if len(b.hosts) >= maxHosts {
			clear(b.hosts)
		}
		b.hosts[host] = res
	}
	return res
}

// Waits between tries of what the engine cannot take now.
const (
	firstRetry = 50 * time.Millisecond
	lastRetry  = 2 * time.Second
)

// flush hands the messages on. Syslog knows no answer, so what the engine
// cannot take now is tried until it can; when ctx ends, once more.
func (b *batch) flush(ctx context.Context) {
	if len(b.records) == 0 {
		return
	}
	last := context.WithoutCancel(ctx)
	err := b.s.doors.Logs.Append(last, b.records)
	for pause := firstRetry; again(err); pause = min(2*pause, lastRetry) {
		ended := wait(ctx, pause) != nil
		if err = b.s.doors.Logs.Append(last, b.records); ended {
			break
		}
	}
	var partial *store.PartialError
	switch {
	case errors.As(err, &partial):
		b.s.o.Rejected(Refused, partial.Rejected, partial.Reason)
	case err != nil:
		b.s.o.Rejected(NotKept, len(b.records), err.Error())
	}
	clear(b.records)
	b.records, b.bytes = b.records[:0], 0
}

func again(err error) bool {
	return errors.Is(err, store.ErrOverloaded) || errors.Is(err, store.ErrFull)
}
