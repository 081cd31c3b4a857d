package jaegerapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"tripod/store"
	"tripod/web"
)

// registerV3 adds the paths of version 3, which gives traces as OTLP has them.
func (a *API) registerV3(mux *http.ServeMux) {
	mux.HandleFunc("GET /api/v3/services", a.servicesV3)
	mux.HandleFunc("GET /api/v3/operations", a.operationsV3)
	mux.HandleFunc("GET /api/v3/traces", a.searchV3)
	mux.HandleFunc("GET /api/v3/trace-summaries", a.summariesV3)
	mux.HandleFunc("GET /api/v3/traces/{id}", a.traceV3)
}

// faultV3 is what is answered instead of anything else.
type faultV3 struct {
	Code    int    `json:"httpCode"`
	Message string `json:"message"`
}

func writeErrorV3(w http.ResponseWriter, err error) {
	status, text := web.Status(err), err.Error()
	if errors.Is(err, store.ErrNotFound) {
		text = "No traces found" // by which clients know it
	}
	web.RetryAfter(w, status)
	web.JSON(w, status, map[string]faultV3{"error": {status, text}})
}

func (a *API) servicesV3(w http.ResponseWriter, r *http.Request) {
	list, err := a.doors.Services.Services(r.Context())
	if err != nil {
		writeErrorV3(w, err)
		return
	}
	web.JSON(w, http.StatusOK, map[string][]string{"services": append([]string{}, list...)})
}

func (a *API) operationsV3(w http.ResponseWriter, r *http.Request) {
	p := r.URL.Query()
	list, err := []store.Operation(nil), required("service")
	if service := p.Get("service"); service != "" {
		list, err = a.ops(r, service)
	}
	if err != nil {
		writeErrorV3(w, err)
		return
	}
	_, kind := eitherParam(p, "spanKind", "span_kind")
	web.JSON(w, http.StatusOK, map[string][]operation{"operations": operationsOf(list, kind, "internal")})
}

func (a *API) traceV3(w http.ResponseWriter, r *http.Request) {
	id, err := idV3(r.PathValue("id"))
	if err != nil {
		writeErrorV3(w, err)
		return
	}
	t, err := a.one(r.Context(), id)
	if err != nil {
		writeErrorV3(w, err)
		return
	}
	a.writeSpans(w, t.Spans)
}

// searchV3 answers with the spans of all traces that are found. Version 3 has no
// words for traces that are left out, so that is told in a header.
func (a *API) searchV3(w http.ResponseWriter, r *http.Request) {
	q, err := traceQueryV3(r.URL.Query())
	if err != nil {
		writeErrorV3(w, err)
		return
	}
	found, traces, err := a.doors.Traces.SearchWhole(r.Context(), bounded(q))
	if err != nil {
		writeErrorV3(w, err)
		return
	}
	var spans []store.Span
	left, err := a.show(len(found), traces, func(t *store.Trace) { spans = append(spans, t.Spans...) })
	if err != nil {
		writeErrorV3(w, err)
		return
	}
	warn(w, left)
	warn(w, cutAt(q.Limit, len(found)))
	if len(spans) == 0 {
		writeErrorV3(w, store.ErrNotFound)
		return
	}
	a.writeSpans(w, spans)
}

func warn(w http.ResponseWriter, text string) {
	if text != "" {
		w.Header().Add("Warning", fmt.Sprintf("299 - %q", text))
	}
}

func (a *API) writeSpans(w http.ResponseWriter, spans []store.Span) {
	body, err := a.doors.OTLP(spans)
	if err != nil {
		writeErrorV3(w, err)
		return
	}
	web.JSON(w, http.StatusOK, map[string]json.RawMessage{"result": body})
}

type summaryV3 struct {
	ID         string           `json:"traceId"`
	Service    string           `json:"rootServiceName"`
	Operation  string           `json:"rootOperationName"`
	Start      string           `json:"minStartTimeUnixNano"`
	End        string           `json:"maxEndTimeUnixNano"`
	SpanCount  int              `json:"spanCount"`
	ErrorCount int              `json:"errorSpanCount"`
	Services   []serviceShareV3 `json:"services"`
}

type serviceShareV3 struct {
	Name       string `json:"name"`
	SpanCount  int    `json:"spanCount"`
	ErrorCount int    `json:"errorSpanCount"`
}

func (a *API) summariesV3(w http.ResponseWriter, r *http.Request) {
	q, err := traceQueryV3(r.URL.Query())
	if err != nil {
		writeErrorV3(w, err)
		return
	}
	found, err := a.doors.Traces.Search(r.Context(), bounded(q))
	if err != nil {
		writeErrorV3(w, err)
		return
	}
	warn(w, cutAt(q.Limit, len(found)))
	out := make([]summaryV3, len(found))
	for i := range found {
		out[i] = summaryOf(&found[i])
	}
	web.JSON(w, http.StatusOK, map[string][]summaryV3{"summaries": out})
}

func summaryOf(t *store.TraceSummary) summaryV3 {
	nanos := func(at int64) string { return strconv.FormatInt(at, 10) }
	out := summaryV3{ID: t.ID.String(), Service: t.RootService, Operation: t.RootName, Start: nanos(t.Start), End: nanos(t.End),
		SpanCount: t.Spans, ErrorCount: t.Errors, Services: make([]serviceShareV3, len(t.Services))}
	for i, s := range t.Services {
		out.Services[i] = serviceShareV3{s.Service, s.Spans, s.Errors}
	}
	return out
}
