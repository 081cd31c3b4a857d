package alertapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"tripod/alerting"
	"tripod/alerting/rulebook"
	"tripod/web"
)

// RuleBook gives the rules that were made here.
type RuleBook interface {
	Rules(ctx context.Context) ([]rulebook.Kept, error)
	Rule(ctx context.Context, id string, version int) (*rulebook.Kept, error) // the newest version when 0
}

// RuleDesk changes them, and has them run at once.
type RuleDesk interface {
	SaveRule(ctx context.Context, id string, base int, note string, r rulebook.Rule) (string, error)
	DeleteRule(ctx context.Context, id string) error
	UndeleteRule(ctx context.Context, id string) error
}

// OwnRules answers /api/v1/alerts/rules: the rules that were made on the page,
// or here, as JSON whose members are those of a Prometheus rule file (alert or record,
// expr, for, keep_firing_for, labels, annotations, and of its group: group,
// interval, query_offset, limit), with id, version, saved and note.
type OwnRules struct {
	book RuleBook
	desk RuleDesk
}

// NewOwnRules makes the API on its doors.
func NewOwnRules(b RuleBook, d RuleDesk) *OwnRules { return &OwnRules{b, d} }

// Register puts the handlers under their paths.
func (o *OwnRules) Register(mux *http.ServeMux) {
	const path = "/api/v1/alerts/rules"
	mux.HandleFunc("GET "+path, o.list)
	mux.HandleFunc("POST "+path, o.save)
	mux.HandleFunc("GET "+path+"/{id}", o.get)
	mux.HandleFunc("PUT "+path+"/{id}", o.save)
	mux.HandleFunc("DELETE "+path+"/{id}", o.delete)
	mux.HandleFunc("POST "+path+"/{id}/undelete", o.undelete)
}

func (o *OwnRules) list(w http.ResponseWriter, r *http.Request) {
	all, err := o.book.Rules(r.Context())
	if err != nil {
		failRule(w, err)
		return
	}
	answer(w, append([]rulebook.Kept{}, all...))
}

func (o *OwnRules) get(w http.ResponseWriter, r *http.Request) { o.tell(w, r, r.PathValue("id")) }

func (o *OwnRules) tell(w http.ResponseWriter, r *http.Request, id string) {
	kept, err := o.book.Rule(r.Context(), id, 0)
	if err != nil {
		failRule(w, err)
		return
	}
	answer(w, kept)
}

// save makes a rule, or changes one; version, when it is given, is the one that
// the change began with.
func (o *OwnRules) save(w http.ResponseWriter, r *http.Request) {
	in, err := readRule(w, r)
	if err != nil {
		failRule(w, err)
		return
	}
	id, err := o.desk.SaveRule(r.Context(), r.PathValue("id"), in.Version, in.Note, in.Rule)
	if err != nil {
		failRule(w, err)
		return
	}
	o.tell(w, r, id)
}

// maxRuleJSON bounds a rule in bytes.
const maxRuleJSON = 1 << 20

func readRule(w http.ResponseWriter, r *http.Request) (in rulebook.Kept, err error) {
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRuleJSON))
	if err != nil {
		return in, err
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		return in, fmt.Errorf("the rule: %w: %w", err, alerting.ErrInvalid)
	}
	if _, err := dec.Token(); err != io.EOF {
		return in, fmt.Errorf("the rule: more follows its end: %w", alerting.ErrInvalid)
	}
	if len(in.Note) > 200 {
		return in, fmt.Errorf("note: %d bytes, at most 200: %w", len(in.Note), alerting.ErrInvalid)
	}
	return in, nil
}

func (o *OwnRules) delete(w http.ResponseWriter, r *http.Request) {
	if err := o.desk.DeleteRule(r.Context(), r.PathValue("id")); err != nil {
		failRule(w, err)
		return
	}
	answer(w, nil)
}

func (o *OwnRules) undelete(w http.ResponseWriter, r *http.Request) {
	if err := o.desk.UndeleteRule(r.Context(), r.PathValue("id")); err != nil {
		failRule(w, err)
		return
	}
	o.tell(w, r, r.PathValue("id"))
}

// failRule names every faulty field by itself.
func failRule(w http.ResponseWriter, err error) {
	var tooLarge *http.MaxBytesError
	out := struct {
		envelope
		Faults rulebook.Faults `json:"faults,omitempty"`
	}{envelope: envelope{Status: "error", ErrorType: "bad_data", Error: err.Error()}}
	status := http.StatusBadRequest
	switch {
	case errors.As(err, &out.Faults), errors.Is(err, alerting.ErrInvalid):
	case errors.As(err, &tooLarge):
		status = http.StatusRequestEntityTooLarge
	case errors.Is(err, alerting.ErrNotFound):
		status, out.ErrorType = http.StatusNotFound, "not_found"
	case errors.Is(err, rulebook.ErrConflict):
		status, out.ErrorType = http.StatusConflict, "conflict"
	default:
		status, out.ErrorType = web.Status(err), "internal"
	}
	web.JSON(w, status, out)
}
