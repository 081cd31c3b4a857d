package alertapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"

	"tripod/alerting"
	"tripod/alerting/backtest"
	"tripod/web"
)

// Tried runs rules over what is stored, and the pipeline's decisions over what
// would have fired.
type Tried interface {
	Backtest(ctx context.Context, rule backtest.Rule, from, to time.Time) (*backtest.Report, error)
}

// Backtests answers POST /api/v1/alerts/backtest: the body is a Prometheus rule
// file; since (a duration, 7d by default) or start and end (Unix seconds or
// RFC 3339) say over which time. The answer has a report for every alerting
// rule, in the order of the file.
type Backtests struct {
	tried  Tried
	parser parser.Parser
	now    func() time.Time
}

// NewBacktests makes the API on its door. The parser reads expressions; nil is
// stock PromQL's. now may be nil.
func NewBacktests(t Tried, p parser.Parser, now func() time.Time) *Backtests {
	if now == nil {
		now = time.Now
	}
	return &Backtests{t, p, now}
}

// Register puts the handler under its path.
func (b *Backtests) Register(mux *http.ServeMux) {
	mux.HandleFunc("POST /api/v1/alerts/backtest", b.run)
}

// maxRules bounds a file's rules, and maxRuleFile its bytes: each rule reads
// all of the time.
const (
	maxRules    = 50
	maxRuleFile = 1 << 20
)

func (b *Backtests) run(w http.ResponseWriter, r *http.Request) {
	from, to, err := b.span(r)
	if err != nil {
		refuse(w, err)
		return
	}
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRuleFile))
	if err != nil {
		refuse(w, fmt.Errorf("a rule file of at most %d bytes: %w: %w", maxRuleFile, err, alerting.ErrInvalid))
		return
	}
	rules, err := backtest.Parse(b.parser, text)
	if err == nil && len(rules) > maxRules {
		err = fmt.Errorf("%d alerting rules, at most %d at one time: %w", len(rules), maxRules, alerting.ErrInvalid)
	}
	if err != nil {
		refuse(w, err)
		return
	}
	reports := []report{}
	for _, rule := range rules {
		done, err := b.tried.Backtest(r.Context(), rule, from, to)
		if err != nil {
			fail(w, err)
			return
		}
		reports = append(reports, reportOf(done))
	}
	answer(w, reports)
}

// fail is for what may be wrong with the request or with answering it.
func fail(w http.ResponseWriter, err error) {
	if errors.Is(err, alerting.ErrInvalid) {
		refuse(w, err)
		return
	}
	web.JSON(w, web.Status(err), envelope{Status: "error", ErrorType: "execution", Error: err.Error()})
}

func (b *Backtests) span(r *http.Request) (from, to time.Time, err error) {
	q := r.URL.Query()
	to = b.now()
	if s := q.Get("end"); s != "" {
		if to, err = moment("end", s); err != nil {
			return from, to, err
		}
	}
	if s := q.Get("start"); s != "" {
		from, err = moment("start", s)
		return from, to, err
	}
	since := model.Duration(7 * 24 * time.Hour)
	if s := q.Get("since"); s != "" {
		if since, err = model.ParseDuration(s); err != nil || since <= 0 {
			return from, to, fmt.Errorf("since=%.40q: want a duration like 7d or 36h: %w", s, alerting.ErrInvalid)
		}
	}
	return to.Add(-time.Duration(since)), to, nil
}

func moment(name, s string) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t, nil
	}
	seconds, err := strconv.ParseFloat(s, 64)
	if err != nil || seconds < 0 || seconds > 1e11 {
		return time.Time{}, fmt.Errorf("%s=%.40q: want Unix seconds or RFC 3339: %w", name, s, alerting.ErrInvalid)
	}
	return time.UnixMilli(int64(seconds * 1000)), nil
}

// maxListed bounds the alerts and notices of a report; the counts are of all.
const maxListed = 1000

type report struct {
	Name          string        `json:"name"`
	Expr          string        `json:"expr"`
	From          time.Time     `json:"from"`
	To            time.Time     `json:"to"`
	Evaluations   int           `json:"evaluations"`
	Fired         int           `json:"fired"`         // times that an alert began to fire
	FiringSeconds float64       `json:"firingSeconds"` // of all alerts together
	Notifications int           `json:"notifications"`
	Night         int           `json:"night"` // notifications from 22:00 to 07:00 UTC
	Strip         []bool        `json:"strip"` // whether anything fired, in 168 equal parts of the time
	Alerts        []firedAlert  `json:"alerts"`
	Notices       []triedNotice `json:"notices"`
	Held          []triedReason `json:"held"` // the most frequent first
}

type firedAlert struct {
	Labels     map[string]string `json:"labels"`
	FiredAt    time.Time         `json:"firedAt"`
	ResolvedAt *time.Time        `json:"resolvedAt"` // null while it fires
	Value      string            `json:"value"`
}

type triedNotice struct {
	Time        time.Time `json:"time"`
	Receiver    string    `json:"receiver"`
	Integration string    `json:"integration"`
	Reason      string    `json:"reason"`
	Firing      int       `json:"firing"`
	Resolved    int       `json:"resolved"`
	Night       bool      `json:"night"`
}

// triedReason is why alerts were held back from receivers, and how often.
type triedReason struct {
	Why   string `json:"why"`
	Times int    `json:"times"`
}

const stripParts = 168 // an hour each of a week

func reportOf(r *backtest.Report) report {
	out := report{
		Name: r.Rule.Name, Expr: r.Rule.Expr, From: r.From, To: r.To, Evaluations: r.Evaluations, Fired: r.Fired(),
		FiringSeconds: r.Firing().Seconds(), Notifications: len(r.Notices), Strip: r.Strip(stripParts), Alerts: []firedAlert{}, Notices: []triedNotice{}, Held: []triedReason{},
	}
	for _, a := range r.Alerts {
		for _, e := range a.Episodes {
			if len(out.Alerts) == maxListed {
				break
			}
			f := firedAlert{Labels: a.Labels, FiredAt: e.FiredAt, Value: strconv.FormatFloat(e.Value, 'g', -1, 64)}
			if !e.ResolvedAt.IsZero() {
				f.ResolvedAt = &e.ResolvedAt
			}
			out.Alerts = append(out.Alerts, f)
		}
	}
	for _, h := range r.Reasons() {
		if len(out.Held) < maxListed {
			out.Held = append(out.Held, triedReason(h))
		}
	}
	for _, n := range r.Notices {
		if n.Night {
			out.Night++
		}
		if len(out.Notices) < maxListed {
			out.Notices = append(out.Notices, triedNotice(n))
		}
	}
	return out
}
