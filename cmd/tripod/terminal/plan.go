package terminal

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"
)

// plan is how a query was answered.
type plan struct {
	Syntax string    `json:"syntax"`
	Kind   string    `json:"kind"`
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Asked  string    `json:"asked"`
	Steps  []struct {
		Name   string `json:"name"`
		Parts  int64  `json:"parts"`
		Blocks int64  `json:"blocks"`
		Rows   int64  `json:"rows"`
	} `json:"steps"`
	Stored int64   `json:"stored_bytes"`
	Read   int64   `json:"read_bytes"`
	TookMS float64 `json:"took_ms"`
	Rows   int64   `json:"rows"`
}

// explain shows how a query is answered instead of its answer.
func (c *Client) explain(ctx context.Context, q Query) error {
	v := q.values()
	v.Del("format")
	v.Del("cols")
	resp, err := c.get(ctx, "/api/v1/logs/explain", v)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return c.brokenOff(err)
	}
	out := bufio.NewWriter(c.o.Stdout)
	if q.Output == "json" {
		err = write(out, append(text, '\n'))
	} else {
		err = c.showPlan(out, text)
	}
	if err != nil {
		return err
	}
	return flush(out)
}

func (c *Client) showPlan(out *bufio.Writer, text []byte) error {
	var p plan
	if err := json.Unmarshal(text, &p); err != nil {
		return failed(ErrUnreachable, "%s sent a plan that cannot be read: %w", c.base, err)
	}
	what := "line"
	if p.Kind == "series" {
		what = "number"
	}
	if p.Rows != 1 {
		what += "s"
	}
	if p.Asked != "" {
		fmt.Fprintf(out, "asked  %s\n", printable(p.Asked))
	}
	fmt.Fprintf(out, "range  %s to %s\n", p.From.UTC().Format(timeText), p.To.UTC().Format(timeText))
	fmt.Fprintf(out, "found  %d %s in %.1f ms\n", p.Rows, what, p.TookMS)
	if p.Stored > 0 {
		fmt.Fprintf(out, "read   %s of %s\n", size(p.Read), size(p.Stored))
	}
	if len(p.Steps) == 0 {
		return nil
	}
	fmt.Fprintln(out)
	rows := [][]string{{"STEP", "PARTS", "BLOCKS", "ROWS"}}
	for _, s := range p.Steps {
		rows = append(rows, []string{printable(s.Name), strconv.FormatInt(s.Parts, 10), strconv.FormatInt(s.Blocks, 10), strconv.FormatInt(s.Rows, 10)})
	}
	return writeTable(out, rows, paint(c.o.Color))
}

// size writes bytes as people read them.
func size(n int64) string {
	f, unit := float64(n), "B"
	for _, next := range [...]string{"KB", "MB", "GB", "TB"} {
		if f < 1000 {
			break
		}
		f, unit = f/1000, next
	}
	if unit == "B" {
		return strconv.FormatInt(n, 10) + " B"
	}
	return strconv.FormatFloat(f, 'f', 1, 64) + " " + unit
}
