package terminal

import (
	"bufio"
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Span is what is asked of metrics or traces; a time that is not set is the
// default.
type Span struct {
	Text   string
	Since  time.Duration // before To; 0 means an hour
	To     time.Time     // zero means now
	Step   time.Duration // of metrics; 0 means plotWidth steps
	Limit  int           // of traces; 0 means 20
	Output string        // text, json, or of metrics csv
	Table  bool          // of metrics: values in rows instead of plots
}

// plotWidth is the characters of a plot, each a step.
const plotWidth = 48

func (q *Span) times() (from, to time.Time) {
	if to = q.To; to.IsZero() {
		to = time.Now()
	}
	if q.Since == 0 {
		q.Since = time.Hour
	}
	return to.Add(-q.Since), to
}

func unixText(t time.Time) string { return strconv.FormatFloat(float64(t.UnixMilli())/1e3, 'f', 3, 64) }

// matrix is Prometheus's answer to a range query.
type matrix struct {
	Data struct {
		Result []metricSeries
	}
	Warnings []string
}

type metricSeries struct {
	Metric map[string]string
	Values [][2]json.RawMessage // seconds and a number as text
}

// Metrics shows the answer to a PromQL query over time, and says whether
// anything was found: a row of each series, with a plot from its least to its
// greatest value.
func (c *Client) Metrics(ctx context.Context, q Span) (found bool, err error) {
	from, to := q.times()
	step := q.Step
	if step == 0 {
		step = max(time.Second, (q.Since / plotWidth).Round(time.Second))
	}
	resp, err := c.get(ctx, "/api/v1/query_range", url.Values{
		"query": {q.Text}, "start": {unixText(from)}, "end": {unixText(to)}, "step": {strconv.FormatFloat(step.Seconds(), 'f', -1, 64)},
	})
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	out := bufio.NewWriterSize(c.o.Stdout, 64<<10)
	var m matrix
	var body io.Reader = resp.Body
	if q.Output == "json" {
		body = io.TeeReader(resp.Body, out)
	}
	if err := json.NewDecoder(body).Decode(&m); err != nil {
		return false, c.brokenOff(err)
	}
	for _, w := range m.Warnings {
		io.WriteString(c.o.Stderr, "tripod: "+printable(w)+"\n")
	}
	switch {
	case q.Output == "json":
		err = write(out, []byte("\n"))
	case q.Output == "csv":
		err = m.csv(out)
	case q.Table:
		err = m.table(out, paint(c.o.Color))
	default:
		err = m.text(out, from, step, paint(c.o.Color))
	}
	return len(m.Data.Result) > 0, errors.Join(err, flush(out))
}

func (s *metricSeries) points() (times []float64, values []float64) {
	for _, p := range s.Values {
		var t float64
		var text string
		if json.Unmarshal(p[0], &t) != nil || json.Unmarshal(p[1], &text) != nil {
			continue
		}
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			continue
		}
		times, values = append(times, t), append(values, v)
	}
	return times, values
}

func (m *matrix) text(out *bufio.Writer, from time.Time, step time.Duration, p paint) error {
	rows := [][]string{{"SERIES", "PLOT", "LEAST", "GREATEST", "LAST"}}
	common := m.common()
	for i := range m.Data.Result {
		s := &m.Data.Result[i]
		times, values := s.points()
		if len(values) == 0 {
			rows = append(rows, []string{printable(s.name(common)), "(histograms: ask for histogram_quantile)", "", "", ""})
			continue
		}
		least, greatest := math.Inf(1), math.Inf(-1)
		for _, v := range values {
			if !math.IsNaN(v) {
				least, greatest = min(least, v), max(greatest, v)
			}
		}
		rows = append(rows, []string{printable(s.name(common)), plot(times, values, from, step, least, greatest), short(least), short(greatest), short(values[len(values)-1])})
	}
	if len(rows) == 1 {
		return nil
	}
	return writeTable(out, rows, p)
}

// common are the labels that all series have alike; those of one are its name.
func (m *matrix) common() map[string]string {
	all := m.Data.Result
	if len(all) < 2 {
		return nil
	}
	same := maps.Clone(all[0].Metric)
	for _, s := range all[1:] {
		maps.DeleteFunc(same, func(k, v string) bool { return s.Metric[k] != v })
	}
	return same
}

// name is the series without its common labels, as PromQL writes it.
func (s *metricSeries) name(common map[string]string) string {
	var labels []string
	for _, k := range slices.Sorted(maps.Keys(s.Metric)) {
		if _, same := common[k]; k != "__name__" && !same {
			labels = append(labels, k+"="+strconv.Quote(s.Metric[k]))
		}
	}
	return s.Metric["__name__"] + "{" + strings.Join(labels, ",") + "}"
}

var bars = []rune("▁▂▃▄▅▆▇█")

// plot is a bar for each step; a step without a value is a gap.
func plot(times, values []float64, from time.Time, step time.Duration, least, greatest float64) string {
	n := 0
	at := make([]int, len(times))
	for i, t := range times {
		at[i] = int(math.Round((t - float64(from.UnixMilli())/1e3) / step.Seconds()))
		n = max(n, at[i]+1)
	}
	n = min(n, 400)
	line := []rune(strings.Repeat(" ", n))
	for i, v := range values {
		switch {
		case at[i] < 0 || at[i] >= n || math.IsNaN(v):
		case greatest > least && !math.IsInf(greatest-least, 0):
			line[at[i]] = bars[int((v-least)/(greatest-least)*float64(len(bars)-1)+0.5)]
		default:
			line[at[i]] = bars[0]
		}
	}
	return string(line)
}

func short(v float64) string { return strconv.FormatFloat(v, 'g', 5, 64) }

// columns are the labels of all series.
func (m *matrix) columns() []string {
	names := map[string]bool{}
	for _, s := range m.Data.Result {
		for k := range s.Metric {
			names[k] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

func momentText(seconds float64) string {
	return time.UnixMilli(int64(math.Round(seconds * 1e3))).UTC().Format(timeText)
}

// table has a row for each value, in order of time.
func (m *matrix) table(out *bufio.Writer, p paint) error {
	type row struct {
		at    float64
		cells []string
	}
	var all []row
	columns := m.columns()
	for i := range m.Data.Result {
		s := &m.Data.Result[i]
		times, values := s.points()
		for k, v := range values {
			cells := []string{momentText(times[k])}
			for _, name := range columns {
				cells = append(cells, printable(cmp.Or(s.Metric[name], "-")))
			}
			all = append(all, row{times[k], append(cells, short(v))})
		}
	}
	slices.SortStableFunc(all, func(a, b row) int { return cmp.Compare(a.at, b.at) })
	rows := [][]string{slices.Concat([]string{"TIME"}, upper(columns), []string{"VALUE"})}
	for _, r := range all {
		rows = append(rows, r.cells)
	}
	if len(rows) == 1 {
		return nil
	}
	return writeTable(out, rows, p)
}

// csv has a column for each label.
func (m *matrix) csv(out *bufio.Writer) error {
	columns := m.columns()
	w := csv.NewWriter(out)
	w.UseCRLF = true
	w.Write(slices.Concat([]string{"time"}, columns, []string{"value"}))
	for i := range m.Data.Result {
		s := &m.Data.Result[i]
		times, values := s.points()
		for k, v := range values {
			row := []string{momentText(times[k])}
			for _, name := range columns {
				row = append(row, s.Metric[name])
			}
			w.Write(append(row, strconv.FormatFloat(v, 'g', -1, 64)))
		}
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return failed(ErrOutput, "output: %w", err)
	}
	return nil
}
