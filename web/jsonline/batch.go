package jsonline

import (
	"bytes"
	"context"
	"errors"
	"net/http"

	"tripod/store"
	"tripod/web"
)

// A batch is handed on when it holds so many lines or bytes of text.
const (
	batchLines = 1000
	batchBytes = 1 << 20
)

// maxRefusals bounds the refused lines that an answer names one by one.
const maxRefusals = 100

// batch collects lines and hands them on.
type batch struct {
	a       *API
	members web.Members
	now     int64

	text  []byte // the lines that wait, one behind the other
	lines []waiting

	kept       int
	refused    web.Refusals
	refusals   []refusal // the first of the refused
	turnedAway bool      // by the engine, which may take all later
}

// waiting is a line of text that ends at a byte of batch.text.
type waiting struct{ number, end int }

func newBatch(a *API, r *http.Request) *batch {
	return &batch{a: a, members: web.NewMembers(r, "_msg", "_time"), now: a.o.Now().UnixNano()}
}

func (b *batch) refuse(reason string, what refusal, n int) {
	b.refused.Add(reason, n, what.String())
	if len(b.refusals) < maxRefusals {
		b.refusals = append(b.refusals, what)
	}
}

// add takes a line; empty ones do not count.
func (b *batch) add(ctx context.Context, number int, line []byte) error {
	line = bytes.TrimRight(line, "\r\n")
	if len(bytes.TrimSpace(line)) == 0 {
		return nil
	}
	if len(b.lines) == batchLines || len(b.lines) > 0 && len(b.text)+len(line) > batchBytes {
		if err := b.flush(ctx); err != nil {
			return err
		}
	}
	b.text = append(b.text, line...)
	b.lines = append(b.lines, waiting{number, len(b.text)})
	return nil
}

// record makes a record of a line, or says why it cannot be one.
func (b *batch) record(r *store.Record, line string) (why string) {
	if why := b.members.Set(r, line); why != "" {
		return why
	}
	if r.Raw == "" {
		return "no JSON object"
	}
	if a, bad := r.NoTime(); bad && !b.members.Ignores(a.Key) {
		return web.NoTime(a.Key, a.Value.Text())
	}
	b.members.Finish(r)
	if r.Time == 0 {
		r.Time = r.Observed
	}
	return ""
}

// flush makes records of the lines that wait and hands them on.
func (b *batch) flush(ctx context.Context) error {
	text := string(b.text) // one copy, which all records share
	records := make([]store.Record, 0, len(b.lines))
	start := 0
	for _, l := range b.lines {
		r := store.Record{Observed: b.now}
		if why := b.record(&r, text[start:l.end]); why != "" {
			b.refuse(web.Invalid, refusal{l.number, why}, 1)
		} else {
			records = append(records, r)
		}
		start = l.end
	}
	b.text, b.lines = b.text[:0], b.lines[:0]
	if len(records) == 0 {
		return nil
	}
	err := b.a.doors.Logs.Append(ctx, records)
	b.kept += len(records)
	var partial *store.PartialError
	if errors.As(err, &partial) {
		b.kept -= partial.Rejected
		b.refuse(web.Refused, refusal{0, partial.Reason}, partial.Rejected)
		return nil
	}
	if err != nil {
		b.kept -= len(records)
		b.turnedAway = true
	}
	return err
}
