package pages

import (
	"bufio"
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/prometheus/promql"

	"tripod/store"
)

const (
	exportTime = 2 * time.Minute
	flushRows  = 4096
)

// metricsExport sends every point of every series that is shown, one a row, as
// they were evaluated: the chart may leave series out, the file does not.
func (p *Pages) metricsExport(w http.ResponseWriter, r *http.Request) error {
	if p.o.Metrics == nil {
		return errNoDoor
	}
	ctx, cancel := context.WithTimeout(r.Context(), exportTime)
	defer cancel()
	st := p.state(r)
	a := p.metricsAsk(&st)
	a.run(ctx)
	for i := range a.answers {
		if fault := a.answers[i].problem; fault != nil {
			return fmt.Errorf("query %s: %s: %w", letterOf(i), fault.Text, store.ErrInvalid)
		}
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="metrics-`+a.to.Format("20060102-150405")+`.csv"`)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	return a.writeCSV(w)
}

// writeCSV writes query, series, time (RFC 3339) and value; a native histogram
// is written as PromQL shows it.
func (a *metricsAsk) writeCSV(w http.ResponseWriter) error {
	buf := bufio.NewWriterSize(w, 64<<10)
	out := csv.NewWriter(buf)
	rows := 0
	line := func(query, series string, t int64, value string) error {
		if rows++; rows%flushRows == 0 {
			_ = http.NewResponseController(w).Flush() // what cannot be flushed arrives a little later
		}
		return out.Write([]string{query, series, time.UnixMilli(t).UTC().Format("2006-01-02T15:04:05.000Z"), value})
	}
	if err := out.Write([]string{"query", "series", "time", "value"}); err != nil {
		return nil // the reader left
	}
	for i := range a.answers {
		for k := range a.answers[i].matrix {
			if err := eachPoint(&a.answers[i].matrix[k], letterOf(i), line); err != nil {
				return nil // the reader left
			}
		}
	}
	out.Flush()
	_ = buf.Flush()
	return nil
}

func eachPoint(s *promql.Series, query string, line func(query, series string, t int64, value string) error) error {
	name := s.Metric.String()
	for _, pt := range s.Floats {
		if err := line(query, name, pt.T, strconv.FormatFloat(pt.F, 'g', -1, 64)); err != nil {
			return err
		}
	}
	for _, pt := range s.Histograms {
		if err := line(query, name, pt.T, pt.H.String()); err != nil {
			return err
		}
	}
	return nil
}
