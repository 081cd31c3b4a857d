package jaegerapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"tripod/store"
)

func (a *API) trace(w http.ResponseWriter, r *http.Request) {
	id, err := store.ParseTraceID(r.PathValue("id"))
	if err != nil {
		writeError(w, err)
		return
	}
	t, err := a.one(r.Context(), id)
	if err != nil {
		writeError(w, err)
		return
	}
	list := newTraceList()
	defer list.free()
	list.add(&t)
	list.write(w, nil)
}

func (a *API) one(ctx context.Context, id store.TraceID) (t store.Trace, err error) {
	for t, err = range a.doors.Traces.Traces(ctx, []store.TraceID{id}) {
	}
	return t, err
}

// search answers with whole traces: of the ids asked for, or of what a search
// finds.
func (a *API) search(w http.ResponseWriter, r *http.Request) {
	ids, err := a.find(r)
	if err != nil {
		writeError(w, err)
		return
	}
	list := newTraceList()
	defer list.free()
	faults, err := a.collect(r.Context(), ids, list)
	if err != nil {
		writeError(w, err)
		return
	}
	list.write(w, faults)
}

func (a *API) find(r *http.Request) ([]store.TraceID, error) {
	params := r.URL.Query()
	var ids []store.TraceID
	if asked := params["traceID"]; len(asked) > 0 {
		if len(asked) > maxLimit {
			return nil, fmt.Errorf("more than %d trace ids: %w", maxLimit, store.ErrTooLarge)
		}
		for _, text := range asked {
			id, err := store.ParseTraceID(text)
			if err != nil {
				return nil, err
			}
			ids = append(ids, id)
		}
		return ids, nil
	}
	q, err := traceQuery(params, a.o.Now())
	if err != nil {
		return nil, err
	}
	return a.searchIDs(r.Context(), q)
}

func (a *API) searchIDs(ctx context.Context, q store.TraceQuery) ([]store.TraceID, error) {
	found, err := a.doors.Traces.Search(ctx, q)
	ids := make([]store.TraceID, len(found))
	for i := range found {
		ids[i] = found[i].ID
	}
	return ids, err
}

// collect fetches traces for a list; those that are gone, or for which the answer
// has no room, are told as faults beside the others.
func (a *API) collect(ctx context.Context, ids []store.TraceID, list *traceList) (faults []fault, err error) {
	left, err := a.fetch(ctx, ids, func(t *store.Trace) {
		if len(t.Spans) == 0 {
			faults = append(faults, fault{Msg: "trace not found", TraceID: idText(t.ID)})
			return
		}
		list.add(t)
	})
	if left != "" {
		faults = append(faults, fault{Msg: left})
	}
	return faults, err
}

// fetch shows traces, without spans where they are gone, as long as there is
// room for the next; left says how many it left out.
func (a *API) fetch(ctx context.Context, ids []store.TraceID, show func(*store.Trace)) (left string, err error) {
	spans, shown := 0, 0
	for t, err := range a.doors.Traces.Traces(ctx, ids) {
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return "", err
		}
		if spans > 0 && spans+len(t.Spans) > a.o.MaxSpans {
			return fmt.Sprintf("%d further traces are left out: the answer would hold more than %d spans", len(ids)-shown, a.o.MaxSpans), nil
		}
		spans, shown = spans+len(t.Spans), shown+1
		show(&t)
	}
	return "", nil
}
