package alertapi

import (
	"context"
	"errors"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"tripod/alerting"
	"tripod/web"
)

// Chronicle gives what happened about alerts, newest first.
type Chronicle interface {
	Episodes(ctx context.Context, q alerting.EpisodeQuery) ([]alerting.Episode, error)
}

// Why answers why somebody was told of an alert, or was not.
type Why struct {
	chronicle Chronicle
	evidence  Evidence
}

// NewWhy makes the API on its doors; that of the evidence may be nil.
func NewWhy(c Chronicle, e Evidence) *Why { return &Why{c, e} }

// Register puts the handler beside Prometheus's own.
func (a *Why) Register(mux web.Routes) {
	mux.Handle("GET /api/v1/alerts/why", http.HandlerFunc(a.why))
}

// whyEpisode is an alert from the moment when its condition held until its end.
type whyEpisode struct {
	Fingerprint string            `json:"fingerprint,omitempty"` // none: a rule that could not be evaluated
	Name        string            `json:"name"`
	Labels      map[string]string `json:"labels"`
	Start       time.Time         `json:"start"`
	End         *time.Time        `json:"end,omitempty"` // none while it goes on
	Outcome     alerting.Outcome  `json:"outcome"`
	Sentence    string            `json:"sentence"`
	Steps       []whyStep         `json:"steps"`
	Cut         int               `json:"cut,omitempty"`      // steps that are not among them
	Evidence    string            `json:"evidence,omitempty"` // path of the page of what was kept when it fired
}

type whyStep struct {
	Time     time.Time         `json:"time"`
	Kind     alerting.StepKind `json:"kind"`
	Text     string            `json:"text"`
	Receiver string            `json:"receiver,omitempty"`
	Group    string            `json:"group,omitempty"`
	By       []string          `json:"by,omitempty"`
	Detail   string            `json:"detail,omitempty"`
	Delivery string            `json:"delivery,omitempty"`
}

func (a *Why) why(w http.ResponseWriter, r *http.Request) {
	q, err := parseWhy(r.URL.Query())
	if err != nil {
		refuse(w, err)
		return
	}
	episodes, err := a.chronicle.Episodes(r.Context(), q)
	if err != nil {
		refuse(w, err)
		return
	}
	out := make([]whyEpisode, 0, len(episodes))
	for i := range episodes {
		e := whyOf(&episodes[i])
		e.Evidence = a.kept(r.Context(), &episodes[i])
		out = append(out, e)
	}
	answer(w, out)
}

// kept is the path of the last evidence of an episode, empty when there is none
// or it cannot be had.
func (a *Why) kept(ctx context.Context, e *alerting.Episode) string {
	if a.evidence == nil || e.Alert == "" {
		return ""
	}
	heads, err := a.evidence.EvidenceList(ctx, alerting.EvidenceQuery{Alert: e.Alert, From: e.Start.Add(-alerting.FiredEarly), To: e.End, Limit: 1})
	if err != nil || len(heads) == 0 {
		return ""
	}
	return evidencePath + heads[0].ID
}

func parseWhy(v url.Values) (alerting.EpisodeQuery, error) {
	q, err := parseWhen(v)
	if q.Name == "" && q.Alert == "" {
		err = errors.Join(invalid("name", "want the name of a rule, or the fingerprint of an alert"), err)
	}
	return q, err
}

// parseWhen reads of what and when is asked.
func parseWhen(v url.Values) (alerting.EpisodeQuery, error) {
	q := alerting.EpisodeQuery{Name: v.Get("name"), Alert: v.Get("fingerprint")}
	var faults []error
	var err error
	if q.From, err = parseMoment("start", v.Get("start")); err != nil {
		faults = append(faults, err)
	}
	if q.To, err = parseMoment("end", v.Get("end")); err != nil {
		faults = append(faults, err)
	}
	if s := v.Get("limit"); s != "" {
		if q.Limit, err = strconv.Atoi(s); err != nil || q.Limit < 1 {
			faults = append(faults, invalid("limit", "want a number from 1, not %.40q", s))
		}
	}
	return q, errors.Join(faults...)
}

// parseMoment reads a time as Prometheus's API does: Unix seconds or RFC 3339.
func parseMoment(name, s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && math.Abs(f) < 9e9 {
		whole, part := math.Modf(f)
		return time.Unix(int64(whole), int64(part*1e9)), nil
	}
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil && t.Year() > 1700 && t.Year() < 2250 {
		return t, nil
	}
	return time.Time{}, invalid(name, "want Unix seconds or a time such as 2026-03-12T14:06:00Z, not %.40q", s)
}

func whyOf(e *alerting.Episode) whyEpisode {
	verdict := e.Verdict()
	out := whyEpisode{
		Fingerprint: e.Alert, Name: e.Name, Labels: filled(e.Labels), Start: e.Start, Outcome: verdict.Outcome, Sentence: verdict.Sentence,
		Steps: []whyStep{}, Cut: e.Cut,
	}
	if !e.End.IsZero() {
		out.End = &e.End
	}
	for i := range e.Steps {
		s := &e.Steps[i]
		out.Steps = append(out.Steps, whyStep{s.Time, s.Kind, s.Say(), s.Receiver, s.Group, s.By, s.Detail, s.Delivery})
	}
	return out
}
