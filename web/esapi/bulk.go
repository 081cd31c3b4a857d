package esapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"tripod/store"
	"tripod/web"
)

// A chunk is handed on when it holds so many documents or bytes of text.
const (
	chunkDocs  = 1000
	chunkBytes = 1 << 20
)

// Bounds of one request.
const (
	maxItems   = 250_000
	maxIndices = 1000
)

// bulk takes pairs of lines: what to do, and the document. Each document is
// answered for by itself; only a request that cannot be read on, of which
// nothing is kept yet, ends as a whole.
func (a *API) bulk(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	b := &bulk{a: a, now: a.o.Now().UnixNano(), index: r.PathValue("index"), resources: map[string]*store.Resource{}, members: web.NewMembers(r, "", "")}
	err := a.gate.Enter(r.Context())
	if err == nil {
		defer a.gate.Leave()
		err = b.read(w, r)
	}
	b.refused.Tell(a.o.Rejected)
	if err != nil && b.stopped == nil {
		a.o.Rejected(web.Reason(err), 1, err.Error())
	}
	if err == nil {
		answer(w, http.StatusOK, b.reply(time.Since(start)))
		return
	}
	status := web.Status(err)
	answerError(w, status, kindOf(status), err.Error())
}

// kindOf is what Elasticsearch calls an error of a status.
func kindOf(status int) string {
	switch status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusInsufficientStorage:
		return "es_rejected_execution_exception"
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		return "illegal_argument_exception"
	}
	return "internal_server_error"
}

// bulk is one request in work.
type bulk struct {
	a     *API
	now   int64
	index string // of the path, for actions that name none

	items     []item
	records   []store.Record
	owners    []int // of each record, its item
	bytes     int
	resources map[string]*store.Resource
	members   web.Members

	appended bool  // some documents are kept
	lost     bool  // the last line that could have been an action was none
	stopped  error // why no more are tried

	refused web.Refusals
}

func (b *bulk) read(w http.ResponseWriter, r *http.Request) error {
	in, err := web.Stream(w, r)
	if err != nil {
		return err
	}
	lines := web.NewLines(in, b.a.o.MaxLine)
	for {
		line, err := next(lines)
		if err == io.EOF {
			return b.flush(r.Context())
		}
		if err == nil {
			err = b.pair(r.Context(), lines, line)
		}
		var over *web.LineTooLong
		switch {
		case err == nil:
		case !b.appended:
			return b.undone(lines.Number(), err)
		default:
			b.lose(lines.Number(), err)
			if !errors.As(err, &over) {
				return b.flush(r.Context())
			}
		}
	}
}

// next is the next line that is not empty.
func next(lines *web.Lines) ([]byte, error) {
	for {
		if line, err := lines.Next(); err != nil || len(line) > 0 {
			return line, err
		}
	}
}

// undone ends a request that cannot be read on and of which nothing is kept: it
// may come again as a whole.
func (b *bulk) undone(line int, err error) error {
	if b.stopped != nil {
		return err
	}
	b.records, b.owners, b.items, b.refused = nil, nil, nil, web.Refusals{}
	return fmt.Errorf("line %d: %w; nothing is kept", line, err)
}

// lose answers for a line that is no action, when others before it are kept
// already: an error for the whole request would bring them again. What follows
// is passed until the next action.
func (b *bulk) lose(line int, err error) {
	b.lost = true
	b.items = append(b.items, item{action: "index", index: b.index})
	b.refuse(len(b.items)-1, web.Reason(err), fmt.Sprintf("line %d: %v", line, err))
}

// pair takes an action and reads its document.
func (b *bulk) pair(ctx context.Context, lines *web.Lines, line []byte) error {
	act, err := parseAction(line)
	switch {
	case err == nil:
	case b.lost:
		return nil
	case b.appended:
		b.lose(lines.Number(), err)
		return nil
	default:
		return err
	}
	b.lost = false
	if len(b.items) == maxItems {
		return fmt.Errorf("more than %d documents: %w", maxItems, store.ErrTooLarge)
	}
	if act.index == "" {
		act.index = b.index
	}
	b.items = append(b.items, item{action: act.name, index: act.index, status: http.StatusCreated})
	it := len(b.items) - 1
	if act.name == "delete" {
		b.refuse(it, unsupported, "log records cannot be deleted")
		return nil
	}
	doc, err := next(lines)
	var over *web.LineTooLong
	switch {
	case err == io.EOF && b.appended:
		b.refuse(it, web.Invalid, "the action has no document")
		return nil
	case err == io.EOF:
		return fmt.Errorf("the action has no document: %w", store.ErrInvalid)
	case errors.As(err, &over):
		b.refuse(it, web.TooLarge, "document is "+over.Error())
		return nil
	case err != nil:
		b.items = b.items[:it]
		return err
	case act.name == "update":
		b.refuse(it, unsupported, "log records cannot be updated")
		return nil
	}
	return b.document(ctx, it, act, string(doc))
}

// document adds a document to the chunk.
func (b *bulk) document(ctx context.Context, it int, act action, doc string) error {
	rec := store.Record{Observed: b.now, Resource: b.resource(act.index)}
	if why := setDocument(&rec, act, doc, &b.members); why != "" {
		b.refuse(it, web.Invalid, why)
		return nil
	}
	// The engine does not say which records of a batch it refused. Those that
	// it may refuse go alone, so that each item's answer is its own.
	alone := weight(&rec) > aloneBytes
	if alone || len(b.records) == chunkDocs || b.bytes+len(doc) > chunkBytes {
		if err := b.flush(ctx); err != nil {
			return err
		}
	}
	b.records = append(b.records, rec)
	b.owners = append(b.owners, it)
	b.bytes += len(doc)
	if alone {
		return b.flush(ctx)
	}
	return nil
}

// resource is the one that all documents of an index share.
func (b *bulk) resource(index string) *store.Resource {
	if index == "" {
		return nil
	}
	res := b.resources[index]
	if res == nil {
		res = &store.Resource{Attrs: store.Attrs{{Key: "index", Value: store.String(index)}}}
		if len(b.resources) < maxIndices {
			b.resources[index] = res
		}
	}
	return res
}

// refuse answers for an item that is refused for good.
func (b *bulk) refuse(it int, reason, why string) {
	b.refused.Add(reason, 1, why)
	status, kind := http.StatusBadRequest, "document_parsing_exception"
	switch reason {
	case web.TooLarge:
		status, kind = http.StatusRequestEntityTooLarge, "illegal_argument_exception"
	case unsupported:
		kind = "illegal_argument_exception"
	}
	b.items[it].fail(status, kind, why)
}

// unsupported is why actions are refused that log records do not know.
const unsupported = "unsupported"

// flush hands the chunk on. Once the engine takes no more, nothing of this
// request is tried again. If nothing is kept then, the request fails as a whole
// and may come again as a whole; otherwise the items tell which to send again.
func (b *bulk) flush(ctx context.Context) error {
	if len(b.records) == 0 {
		return nil
	}
	err := b.stopped
	if err == nil {
		err = b.a.doors.Logs.Append(ctx, b.records)
	}
	var partial *store.PartialError
	switch {
	case errors.As(err, &partial):
		refused := min(partial.Rejected, len(b.owners))
		for _, it := range b.owners[len(b.owners)-refused:] {
			b.refuse(it, web.Refused, partial.Reason)
		}
		b.appended = b.appended || refused < len(b.owners)
	case err != nil:
		status := web.Status(err)
		for _, it := range b.owners {
			b.items[it].fail(status, kindOf(status), err.Error())
		}
		b.stopped = err
	default:
		b.appended = true
	}
	b.records, b.owners, b.bytes = b.records[:0], b.owners[:0], 0
	if b.appended {
		return nil
	}
	return b.stopped
}
