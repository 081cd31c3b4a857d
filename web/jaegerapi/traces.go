package jaegerapi

import (
	"context"
	"errors"
	"fmt"
	"iter"
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
	n, cut, traces, err := a.find(r)
	if err != nil {
		writeError(w, err)
		return
	}
	list := newTraceList()
	defer list.free()
	faults, err := a.collect(n, traces, list)
	if err != nil {
		writeError(w, err)
		return
	}
	if cut != "" {
		faults = append(faults, fault{Msg: cut})
	}
	list.write(w, faults)
}

// find gives n traces; cut says when those may be fewer than were asked for.
func (a *API) find(r *http.Request) (n int, cut string, traces iter.Seq2[store.Trace, error], err error) {
	params := r.URL.Query()
	if asked := params["traceID"]; len(asked) > 0 {
		ids, err := idsOf(asked)
		return len(ids), "", a.doors.Traces.Traces(r.Context(), ids), err
	}
	q, err := traceQuery(params, a.o.Now())
	if err != nil {
		return 0, "", nil, err
	}
	found, traces, err := a.doors.Traces.SearchWhole(r.Context(), bounded(q))
	return len(found), cutAt(q.Limit, len(found)), traces, err
}

// bounded asks for no more traces than an answer holds.
func bounded(q store.TraceQuery) store.TraceQuery {
	q.Limit = min(q.Limit, maxLimit)
	return q
}

// cutAt says that more traces were asked for than an answer holds, when there
// may be more than were found.
func cutAt(asked, found int) string {
	if asked <= maxLimit || found < maxLimit {
		return ""
	}
	return fmt.Sprintf("only the newest %d traces are here, the most of one answer, of the %d that were asked for; the range may hold more", maxLimit, asked)
}

func idsOf(asked []string) (ids []store.TraceID, err error) {
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

// collect puts n traces on a list; those that are gone, or for which the answer
// has no room, are told as faults beside the others.
func (a *API) collect(n int, traces iter.Seq2[store.Trace, error], list *traceList) (faults []fault, err error) {
	left, err := a.show(n, traces, func(t *store.Trace) {
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

// show shows n traces, without spans where they are gone, as long as there is
// room for the next; left says how many it left out.
func (a *API) show(n int, traces iter.Seq2[store.Trace, error], show func(*store.Trace)) (left string, err error) {
	spans, shown := 0, 0
	for t, err := range traces {
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return "", err
		}
		if spans > 0 && spans+len(t.Spans) > a.o.MaxSpans {
			return fmt.Sprintf("%d further traces are left out: the answer would hold more than %d spans", n-shown, a.o.MaxSpans), nil
		}
		spans, shown = spans+len(t.Spans), shown+1
		show(&t)
	}
	return "", nil
}
