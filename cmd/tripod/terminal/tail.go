package terminal

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
)

// Tail shows new lines as they come, until ctx ends or the appliance does.
func (c *Client) Tail(ctx context.Context, q Query) error {
	v := url.Values{"q": {q.Text}}
	if q.Syntax != "" {
		v.Set("syntax", q.Syntax)
	}
	resp, err := c.get(ctx, "/api/v1/logs/tail", v)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	out := bufio.NewWriterSize(c.o.Stdout, 64<<10)
	p := &printer{w: out, paint: paint(c.o.Color)}
	err = c.eachLine(resp.Body, out, q.Text, func(b []byte) error {
		switch {
		case bytes.HasPrefix(b, []byte(`{"heartbeat":`)):
			return nil
		case bytes.HasPrefix(b, []byte(`{"dropped":`)):
			return c.lost(b)
		case q.Output == "json":
			return write(out, b)
		}
		return c.show(p, b)
	})
	if err = errors.Join(err, flush(out)); err == nil {
		err = failed(ErrUnreachable, "%s ended the answer", c.base)
	}
	return err
}

// lost says beside the output that lines are missing in it.
func (c *Client) lost(b []byte) error {
	var in struct{ Dropped int64 }
	if err := json.Unmarshal(b, &in); err != nil {
		return failed(ErrUnreachable, "%s sent what cannot be read: %w", c.base, err)
	}
	fmt.Fprintf(c.o.Stderr, "tripod: %d lines are missing here: they came faster than they were read\n", in.Dropped)
	return nil
}
