package esapi

import (
	"encoding/json"
	"time"
)

// item is the answer for one document.
type item struct {
	action, index string
	status        int
	err           *itemError
}

type itemError struct {
	Type   string `json:"type"`
	Reason string `json:"reason"`
}

func (i *item) fail(status int, kind, reason string) {
	i.status, i.err = status, &itemError{kind, reason}
}

// MarshalJSON writes {"create":{"_index":"…","status":201}}.
func (i item) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{i.action: struct {
		Index  string     `json:"_index,omitempty"`
		Status int        `json:"status"`
		Error  *itemError `json:"error,omitempty"`
	}{i.index, i.status, i.err}})
}

// reply is the answer to a request.
type reply struct {
	Took   int64  `json:"took"` // ms
	Errors bool   `json:"errors"`
	Items  []item `json:"items"`
}

func (b *bulk) reply(took time.Duration) reply {
	out := reply{Took: took.Milliseconds(), Items: b.items}
	for i := range b.items {
		out.Errors = out.Errors || b.items[i].err != nil
	}
	if out.Items == nil {
		out.Items = []item{}
	}
	return out
}
