package terminal

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
)

// Query is what is asked; empty texts are the appliance's defaults.
type Query struct {
	Text    string
	Syntax  string // line or logql
	From    string
	To      string
	Order   string // newest or oldest
	Limit   int    // 0 means no limit
	Step    string // of numbers
	Output  string // text, json or csv
	Columns string // of csv
	Explain bool
}

func (q *Query) values() url.Values {
	v := url.Values{"q": {q.Text}}
	set := func(name, value string) {
		if value != "" {
			v.Set(name, value)
		}
	}
	set("syntax", q.Syntax)
	set("from", q.From)
	set("to", q.To)
	set("order", q.Order)
	if q.Limit != 0 {
		v.Set("limit", strconv.Itoa(q.Limit))
	}
	set("step", q.Step)
	if q.Output == "csv" {
		v.Set("format", "csv")
		set("cols", q.Columns)
	}
	return v
}

// Query shows the answer to a query, and says whether anything was found. An
// error may come behind a part of the answer.
func (c *Client) Query(ctx context.Context, q Query) (found bool, err error) {
	if q.Explain {
		return true, c.explain(ctx, q)
	}
	resp, err := c.get(ctx, "/api/v1/logs/query", q.values())
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	out := bufio.NewWriterSize(c.o.Stdout, 64<<10)
	switch {
	case q.Output == "csv":
		err = c.copy(out, resp.Body)
	case q.Output == "json":
		err = c.eachLine(resp.Body, out, q.Text, func(b []byte) error { return write(out, b) })
	case resp.Header.Get("Tripod-Kind") == "series":
		err = c.table(resp.Body, out, q.Text)
	default:
		p := &printer{w: out, paint: paint(c.o.Color)}
		err = c.eachLine(resp.Body, out, q.Text, func(b []byte) error { return c.show(p, b) })
	}
	err = errors.Join(err, flush(out))
	return foundAny(resp), err
}

// foundAny trusts the trailer, which only a whole answer has.
func foundAny(resp *http.Response) bool { return resp.Trailer.Get("Tripod-Lines") != "0" }

func (c *Client) show(p *printer, b []byte) error {
	var l line
	if err := json.Unmarshal(b, &l); err != nil {
		return failed(ErrUnreachable, "%s sent a line that cannot be read: %w", c.base, err)
	}
	if err := p.print(&l); err != nil {
		return failed(ErrOutput, "output: %w", err)
	}
	return nil
}

// eachLine hands over the objects of an answer; one that says that the answer
// failed is the error. What is written goes out before it waits for more.
func (c *Client) eachLine(body io.Reader, out *bufio.Writer, query string, each func([]byte) error) error {
	r := bufio.NewReaderSize(body, 64<<10)
	for {
		b, err := r.ReadBytes('\n')
		switch {
		case err == io.EOF && len(b) == 0:
			return nil
		case err != nil:
			return c.brokenOff(err)
		case bytes.HasPrefix(b, []byte(`{"error":`)):
			if p, ok := problemOf(b, query); ok {
				return failed(ErrUnreachable, "the answer ends here: %s", printable(p.Message))
			}
		}
		if err := each(b); err != nil {
			return err
		}
		if r.Buffered() == 0 {
			if err := flush(out); err != nil {
				return err
			}
		}
	}
}

func (c *Client) brokenOff(err error) error {
	return failed(ErrUnreachable, "the answer of %s broke off: %w", c.base, err)
}

// copy passes an answer on.
func (c *Client) copy(out *bufio.Writer, body io.Reader) error {
	buf := make([]byte, 64<<10)
	for {
		n, err := body.Read(buf)
		if werr := write(out, buf[:n]); werr != nil {
			return werr
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return c.brokenOff(err)
		}
	}
}

func write(out *bufio.Writer, b []byte) error {
	if _, err := out.Write(b); err != nil {
		return failed(ErrOutput, "output: %w", err)
	}
	return nil
}

func flush(out *bufio.Writer) error {
	if err := out.Flush(); err != nil {
		return failed(ErrOutput, "output: %w", err)
	}
	return nil
}
