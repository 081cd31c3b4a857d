package terminal

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"strconv"
	"time"
)

// found is Tempo's answer to a search.
type found struct {
	Traces []struct {
		TraceID           string
		RootServiceName   string
		RootTraceName     string
		StartTimeUnixNano string
		DurationMs        float64
		SpanSets          []struct{ Matched int }
	}
}

// Traces shows the newest traces that a TraceQL query finds, and says whether
// there are any.
func (c *Client) Traces(ctx context.Context, q Span) (any bool, err error) {
	from, to := q.times()
	v := url.Values{"q": {q.Text}, "start": {strconv.FormatInt(from.Unix(), 10)}, "end": {strconv.FormatInt(to.Unix()+1, 10)}}
	if q.Limit > 0 {
		v.Set("limit", strconv.Itoa(q.Limit))
	}
	resp, err := c.get(ctx, "/api/search", v)
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	out := bufio.NewWriterSize(c.o.Stdout, 64<<10)
	var f found
	var body io.Reader = resp.Body
	if q.Output == "json" {
		body = io.TeeReader(resp.Body, out)
	}
	if err := json.NewDecoder(body).Decode(&f); err != nil {
		return false, c.brokenOff(err)
	}
	if q.Output == "json" {
		err = write(out, []byte("\n"))
	} else if len(f.Traces) > 0 {
		err = f.text(out, paint(c.o.Color))
	}
	return len(f.Traces) > 0, errors.Join(err, flush(out))
}

func (f *found) text(out *bufio.Writer, p paint) error {
	rows := [][]string{{"TIME", "TRACE", "SERVICE", "OPERATION", "MATCHED", "DURATION"}}
	for _, t := range f.Traces {
		at, _ := strconv.ParseInt(t.StartTimeUnixNano, 10, 64)
		matched := 0
		for _, s := range t.SpanSets {
			matched += s.Matched
		}
		rows = append(rows, []string{
			time.Unix(0, at).UTC().Format(timeText), printable(t.TraceID), printable(t.RootServiceName), printable(t.RootTraceName),
			strconv.Itoa(matched), (time.Duration(t.DurationMs * float64(time.Millisecond))).String(),
		})
	}
	return writeTable(out, rows, p)
}
