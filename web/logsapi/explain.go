package logsapi

import (
	"errors"
	"net/http"
	"time"

	"tripod/store"
	"tripod/web"
)

// plan is how a query was answered.
type plan struct {
	Query  string    `json:"query"`
	Syntax string    `json:"syntax"` // line or logql
	Kind   string    `json:"kind"`   // lines or series
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Asked  string    `json:"asked"` // as the engine understood it
	Steps  []step    `json:"steps"`
	Stored int64     `json:"stored_bytes"` // on disk in the time range
	Read   int64     `json:"read_bytes"`   // of them
	TookMS float64   `json:"took_ms"`
	Rows   int       `json:"rows"` // lines or points of the answer
}

// step is a store.ReceiptStep.
type step struct {
	Name   string `json:"name"`
	Parts  int64  `json:"parts"`
	Blocks int64  `json:"blocks"`
	Rows   int64  `json:"rows"`
}

// explain answers a query like query, and tells how instead of what.
func (a *API) explain(w http.ResponseWriter, r *http.Request) {
	k, err := a.newAsk(r.URL.Query())
	if err == nil {
		err = a.gate.Enter(r.Context())
	}
	if err != nil {
		writeProblem(w, err)
		return
	}
	defer a.gate.Leave()
	a.answerPlan(w, r, &k)
}

func (a *API) answerPlan(w http.ResponseWriter, r *http.Request, k *ask) {
	var receipt store.Receipt
	k.q.Receipt = &receipt
	start, rows := time.Now(), 0
	if k.kind == store.LogLines {
		for _, err := range a.rows(r.Context(), k) {
			switch {
			case errors.Is(err, store.ErrUnread):
				continue
			case err != nil:
				writeProblem(w, err)
				return
			}
			rows++
		}
	} else {
		list, err := a.metric(r.Context(), k)
		if err != nil && !errors.Is(err, store.ErrUnread) {
			writeProblem(w, err)
			return
		}
		for i := range list {
			rows += len(list[i].Points)
		}
	}
	web.JSON(w, http.StatusOK, planOf(k, &receipt, rows, time.Since(start)))
}

func planOf(k *ask, receipt *store.Receipt, rows int, took time.Duration) plan {
	p := plan{
		Query: k.q.Text, Syntax: "line", Kind: "lines", Asked: receipt.Asked, Steps: []step{},
		From: time.Unix(0, k.q.Range.From).UTC(), To: time.Unix(0, k.q.Range.To).UTC(),
		Stored: receipt.Stored, Read: receipt.Read, TookMS: float64(took.Microseconds()) / 1e3, Rows: rows,
	}
	if k.q.Syntax == store.LogQL {
		p.Syntax = "logql"
	}
	if k.kind != store.LogLines {
		p.Kind = "series"
	}
	for _, s := range receipt.Steps {
		p.Steps = append(p.Steps, step(s))
	}
	return p
}
