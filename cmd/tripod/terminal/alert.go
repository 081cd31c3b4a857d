package terminal

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"text/tabwriter"
)

// TestAlert sends a test through the real routes and says what became of it;
// it is true when there was a receiver and every one took it.
func (c *Client) TestAlert(ctx context.Context, labels, annotations map[string]string) (bool, error) {
	body, err := json.Marshal(map[string]any{"labels": labels, "annotations": annotations})
	if err != nil {
		return false, err
	}
	resp, err := c.ask(ctx, http.MethodPost, "api/v1/alerts/test", nil, bytes.NewReader(body))
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	var answer struct {
		Data []struct {
			Receiver, Integration, Group, HeldBack, Error string
			Seconds                                       float64
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return false, failed(ErrUnreachable, "no whole answer from %s: %w", c.base, err)
	}
	if len(answer.Data) == 0 {
		fmt.Fprintln(c.o.Stderr, "the route of these labels leads to no receiver that is told")
		return false, nil
	}
	arrived := true
	w := tabwriter.NewWriter(c.o.Stdout, 0, 0, 2, ' ', 0)
	for _, r := range answer.Data {
		result := fmt.Sprintf("sent in %.0f ms", r.Seconds*1e3)
		if r.Error != "" {
			arrived, result = false, "not sent: "+r.Error
		}
		if r.HeldBack != "" {
			result += "; a real alert would be held back: " + r.HeldBack
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", printable(r.Receiver), printable(r.Integration), printable(result))
	}
	if err := w.Flush(); err != nil {
		return false, failed(ErrOutput, "%w", err)
	}
	return arrived, nil
}
