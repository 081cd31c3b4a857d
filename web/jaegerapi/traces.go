package jaegerapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"tripod/store"
	"tripod/web"
)

func (a *API) trace(w http.ResponseWriter, r *http.Request) {
	id, err := store.ParseTraceID(r.PathValue("id"))
	if err != nil {
		writeError(w, err)
		return
	}
	t, err := a.doors.Traces.Trace(r.Context(), id)
	if err != nil {
		writeError(w, err)
		return
	}
	web.JSON(w, http.StatusOK, answer{Data: []trace{traceOf(&t)}})
}

// search answers with whole traces: of the ids asked for, or of what a search
// finds.
func (a *API) search(w http.ResponseWriter, r *http.Request) {
	ids, err := a.find(r)
	if err != nil {
		writeError(w, err)
		return
	}
	out, faults, err := a.collect(r.Context(), ids)
	if err != nil {
		writeError(w, err)
		return
	}
	web.JSON(w, http.StatusOK, answer{Data: out, Errors: faults})
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
	found, err := a.doors.Traces.Search(r.Context(), q)
	for i := range found {
		ids = append(ids, found[i].ID)
	}
	return ids, err
}

// collect fetches traces; those that are gone, or for which the answer has no
// room, are told as faults beside the others.
func (a *API) collect(ctx context.Context, ids []store.TraceID) ([]trace, []fault, error) {
	out := []trace{}
	var faults []fault
	spans := 0
	for i, id := range ids {
		t, err := a.doors.Traces.Trace(ctx, id)
		switch {
		case errors.Is(err, store.ErrNotFound):
			faults = append(faults, fault{Msg: "trace not found", TraceID: idText(id)})
			continue
		case err != nil:
			return nil, nil, err
		}
		if spans += len(t.Spans); spans > a.o.MaxSpans && len(out) > 0 {
			faults = append(faults, fault{Msg: a.leftOut(len(ids) - i)})
			break
		}
		out = append(out, traceOf(&t))
	}
	return out, faults, nil
}

func (a *API) leftOut(traces int) string {
	return fmt.Sprintf("%d further traces are left out: the answer would hold more than %d spans", traces, a.o.MaxSpans)
}
