package logsapi

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"strings"
	"time"

	"tripod/store"
)

// query answers with all lines that match, or all numbers, as they are found.
func (a *API) query(w http.ResponseWriter, r *http.Request) {
	k, err := a.newAsk(r.URL.Query())
	if err == nil {
		err = a.gate.Enter(r.Context())
	}
	if err != nil {
		writeProblem(w, err)
		return
	}
	defer a.gate.Leave()
	switch {
	case k.explain:
		a.answerPlan(w, r, &k)
	case k.kind == store.LogLines:
		a.answer(w, r, &k, a.rows(r.Context(), &k))
	default:
		a.answerNumbers(w, r, &k)
	}
}

// rows are the lines that match, in either language. The row is used again.
func (a *API) rows(ctx context.Context, k *ask) iter.Seq2[*row, error] {
	return func(yield func(*row, error) bool) {
		var out row
		if k.q.Syntax == store.LogQL {
			for e, err := range a.doors.Entries.Lines(ctx, k.q) {
				if err == nil {
					out.setEntry(&e)
				}
				if !yield(&out, err) {
					return
				}
			}
			return
		}
		for rec, err := range a.doors.Records.Search(ctx, k.q) {
			if err == nil {
				out.set(&rec)
			}
			if !yield(&out, err) {
				return
			}
		}
	}
}

// answer sends rows. What cannot be read does not end the answer, but is told
// at its end; when nothing could be read it is the answer.
func (a *API) answer(w http.ResponseWriter, r *http.Request, k *ask, rows iter.Seq2[*row, error]) {
	var header []byte
	if k.csv {
		header = appendCells(nil, k.columns...)
	}
	o := newOutlet(w, header, func(h http.Header) { k.headers(h, a.o.Now()) })
	failed := a.send(r.Context(), o, k, rows)
	a.end(r, o, k, failed)
}

func (a *API) send(ctx context.Context, o *outlet, k *ask, rows iter.Seq2[*row, error]) (failed error) {
	defer o.close() // also when an engine panics
	cells := make([]string, len(k.columns))
	for out, err := range rows {
		if err != nil {
			if failed == nil {
				failed = err
			}
			if ctx.Err() != nil {
				break
			}
			continue
		}
		err = o.row(func(b []byte) []byte {
			if !k.csv {
				return appendRow(b, out)
			}
			for i, name := range k.columns {
				cells[i] = out.column(name)
			}
			return appendCells(b, cells...)
		})
		if err != nil {
			return err
		}
	}
	return failed
}

// end tells how the answer ended. CSV has no place for an error, and a trailer
// comes only with a whole answer: there the connection breaks off.
func (a *API) end(r *http.Request, o *outlet, k *ask, failed error) {
	switch {
	case o.err != nil || r.Context().Err() != nil:
		return // nobody is there
	case failed == nil:
		o.finish(nil, nil)
		return
	case o.rows == 0 && !o.begun:
		writeProblem(o.w, failed)
		return
	}
	a.o.Log.Warn("answer is not whole", "query", k.q.Text, "lines", o.rows, "err", failed)
	if k.csv {
		o.send()
		panic(http.ErrAbortHandler)
	}
	last, err := json.Marshal(problemOf(failed))
	if err != nil {
		panic("logsapi: " + err.Error()) // a broken invariant of our own
	}
	o.finish(append(last, '\n'), failed)
}

// headers says what an answer is, and by which name a browser keeps it.
func (k *ask) headers(h http.Header, now time.Time) {
	kind, extension, contentType := "lines", "ndjson", "application/x-ndjson"
	if k.kind != store.LogLines {
		kind = "series"
	}
	if k.csv {
		extension, contentType = "csv", "text/csv; charset=utf-8; header=present"
	}
	h.Set("Content-Type", contentType)
	h.Set("Content-Disposition", `attachment; filename="logs-`+now.UTC().Format("20060102T150405Z")+"."+extension+`"`)
	h.Set("Tripod-Kind", kind)
}

// oneLine is a text that can stand in a header.
func oneLine(s string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c >= 0x7f {
			return ' '
		}
		return c
	}, s)
}
