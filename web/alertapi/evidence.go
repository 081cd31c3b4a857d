package alertapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	"tripod/alerting"
	"tripod/store"
	"tripod/web"
)

// Evidence gives what was kept when alerts began to fire.
type Evidence interface {
	Evidence(ctx context.Context, id string) (alerting.Evidence, error)
	EvidenceList(ctx context.Context, q alerting.EvidenceQuery) ([]alerting.EvidenceHead, error)
}

// EvidenceAPI answers what was known when an alert fired.
type EvidenceAPI struct{ evidence Evidence }

// NewEvidence makes the API on its one door.
func NewEvidence(e Evidence) *EvidenceAPI { return &EvidenceAPI{e} }

// Register puts the handlers beside Prometheus's own.
func (a *EvidenceAPI) Register(mux web.Routes) {
	mux.Handle("GET /api/v1/alerts/evidence/{id}", http.HandlerFunc(a.one))
	mux.Handle("GET /api/v1/alerts/evidence", http.HandlerFunc(a.list))
}

// evidenceHead says of which alert evidence is; Path is its page.
type evidenceHead struct {
	ID          string            `json:"id"`
	Path        string            `json:"path"`
	State       string            `json:"state"` // gathering, kept or damaged
	Fingerprint string            `json:"fingerprint"`
	Name        string            `json:"name"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	Value       string            `json:"value"`
	FiredAt     time.Time         `json:"firedAt"`
	EndedAt     *time.Time        `json:"endedAt,omitempty"`
	GatheredAt  *time.Time        `json:"gatheredAt,omitempty"`
	Generator   string            `json:"generatorURL,omitempty"`
	Ending      *evidenceEnding   `json:"ending,omitempty"`
	Error       string            `json:"error,omitempty"` // of one that is damaged: the rest is not known
}

// evidenceEnding is what the alert measured until it was over.
type evidenceEnding struct {
	Worst   alerting.Value `json:"worst"`
	WorstAt time.Time      `json:"worstAt"`
	Last    alerting.Value `json:"last"`
	LastAt  time.Time      `json:"lastAt"`
}

type evidenceForm struct {
	evidenceHead
	Expression *evidencePlot     `json:"expression,omitempty"`
	Services   []string          `json:"services"`
	Beside     []string          `json:"servicesBeside"` // of whose log lines only warnings and worse were looked at
	From       *time.Time        `json:"from,omitempty"` // of logs and traces
	To         *time.Time        `json:"to,omitempty"`
	Lines      int64             `json:"lines"`
	Before     int64             `json:"linesBefore"`
	Patterns   []evidencePattern `json:"patterns"`
	Traces     []evidenceTrace   `json:"traces"`
	Changes    []evidenceChange  `json:"changes"`
	Missing    []evidenceMissing `json:"missing"`
}

type evidenceMissing struct {
	Part string `json:"part"`
	Why  string `json:"why"`
}

type evidencePlot struct {
	Expr      string          `json:"expr"`
	Op        string          `json:"op,omitempty"`
	Threshold *alerting.Value `json:"threshold,omitempty"`
	For       float64         `json:"forSeconds"`
	Start     time.Time       `json:"start"`
	Step      float64         `json:"stepSeconds"`
	Series    []evidenceLine  `json:"series"`
	More      int             `json:"seriesLeftOut"`
}

type evidenceLine struct {
	Labels map[string]string `json:"labels"`
	Own    bool              `json:"own"`             // it made the alert
	Limit  bool              `json:"limit,omitempty"` // what the others are compared with
	Values []alerting.Value  `json:"values"`          // null where there was none
}

type evidencePattern struct {
	Pattern  string            `json:"pattern"`
	Level    string            `json:"level"`
	Service  string            `json:"service"`
	Lines    int64             `json:"lines"`
	Before   int64             `json:"linesBefore"`
	First    time.Time         `json:"first"`
	Examples []evidenceExample `json:"examples"`
}

type evidenceExample struct {
	Time  time.Time `json:"time"`
	Line  string    `json:"line"`
	Trace string    `json:"traceID,omitempty"`
}

type evidenceTrace struct {
	ID       string         `json:"traceID"`
	Why      string         `json:"why"`
	Service  string         `json:"rootService"`
	Name     string         `json:"rootName"`
	Start    time.Time      `json:"start"`
	Duration int64          `json:"durationNanos"`
	Spans    int            `json:"spanCount"`
	Errors   int            `json:"errorCount"`
	Shown    []evidenceSpan `json:"spans"`
}

type evidenceSpan struct {
	Depth    int    `json:"depth"`
	Service  string `json:"service"`
	Name     string `json:"name"`
	Start    int64  `json:"startNanos"` // after the start of the trace
	Duration int64  `json:"durationNanos"`
	Failed   bool   `json:"failed"`
	Message  string `json:"message,omitempty"`
}

type evidenceChange struct {
	Time    time.Time           `json:"time"`
	Kind    alerting.ChangeKind `json:"kind"`
	Service string              `json:"service,omitempty"`
	Text    string              `json:"text"`
	Detail  string              `json:"detail"`
}

func (a *EvidenceAPI) one(w http.ResponseWriter, r *http.Request) {
	e, err := a.evidence.Evidence(r.Context(), r.PathValue("id"))
	switch {
	case errors.Is(err, store.ErrInvalid):
		refuse(w, err)
	case errors.Is(err, store.ErrNotFound):
		web.JSON(w, http.StatusNotFound, envelope{Status: "error", ErrorType: "not_found", Error: err.Error()})
	case err != nil: // what is kept cannot be read: nothing is wrong with the request
		web.JSON(w, http.StatusInternalServerError, envelope{Status: "error", ErrorType: "internal", Error: err.Error()})
	default:
		answer(w, evidenceOf(&e))
	}
}

func (a *EvidenceAPI) list(w http.ResponseWriter, r *http.Request) {
	asked, err := parseWhen(r.URL.Query())
	if err != nil {
		refuse(w, err)
		return
	}
	heads, err := a.evidence.EvidenceList(r.Context(), alerting.EvidenceQuery{
		Name: asked.Name, Alert: asked.Alert, From: asked.From, To: asked.To, Limit: asked.Limit,
	})
	if err != nil {
		fail(w, err)
		return
	}
	out := make([]evidenceHead, 0, len(heads))
	for i := range heads {
		out = append(out, headOf(&heads[i]))
	}
	answer(w, out)
}

func headOf(h *alerting.EvidenceHead) evidenceHead {
	out := evidenceHead{
		ID: h.ID, Path: evidencePath + h.ID, State: "gathering", Fingerprint: h.Alert, Name: h.Name, Labels: filled(h.Labels),
		Annotations: filled(h.Annotations), Value: h.Value, FiredAt: h.FiredAt, Generator: h.GeneratorURL,
	}
	if !h.EndedAt.IsZero() {
		out.EndedAt = &h.EndedAt
	}
	if !h.GatheredAt.IsZero() {
		out.State, out.GatheredAt = "kept", &h.GatheredAt
	}
	if h.Ending != nil {
		e := evidenceEnding(*h.Ending)
		out.Ending = &e
	}
	if h.Damaged != "" {
		out.State, out.Error = "damaged", h.Damaged
	}
	return out
}

// evidencePath is where the page of evidence is, before its ID.
const evidencePath = "/alerts/evidence/"

func evidenceOf(e *alerting.Evidence) evidenceForm {
	out := evidenceForm{
		evidenceHead: headOf(&e.EvidenceHead), Services: append([]string{}, e.Services...), Beside: append([]string{}, e.Beside...), Lines: e.Lines, Before: e.Before,
		Patterns: []evidencePattern{}, Traces: []evidenceTrace{}, Changes: []evidenceChange{}, Missing: []evidenceMissing{},
	}
	if !e.To.IsZero() {
		out.From, out.To = &e.From, &e.To
	}
	if x := e.Expression; x != nil {
		out.Expression = &evidencePlot{x.Expr, x.Op, x.Threshold, x.For.Seconds(), x.From, x.Step.Seconds(), []evidenceLine{}, x.More}
		for _, l := range x.Lines {
			out.Expression.Series = append(out.Expression.Series, evidenceLine{filled(l.Labels), l.Own, l.Limit, l.Values})
		}
	}
	for _, p := range e.Patterns {
		form := evidencePattern{p.Text, p.Level, p.Service, p.Lines, p.Before, p.First, []evidenceExample{}}
		for _, l := range p.Examples {
			form.Examples = append(form.Examples, evidenceExample(l))
		}
		out.Patterns = append(out.Patterns, form)
	}
	for _, t := range e.Traces {
		form := evidenceTrace{t.ID, t.Why, t.Service, t.Name, t.Start, int64(t.Duration), t.Spans, t.Errors, []evidenceSpan{}}
		for _, s := range t.Shown {
			form.Shown = append(form.Shown, evidenceSpan{s.Depth, s.Service, s.Name, int64(s.Start), int64(s.Duration), s.Failed, s.Message})
		}
		out.Traces = append(out.Traces, form)
	}
	for _, c := range e.Changes {
		out.Changes = append(out.Changes, evidenceChange(c))
	}
	for _, m := range e.Missing {
		out.Missing = append(out.Missing, evidenceMissing(m))
	}
	return out
}
