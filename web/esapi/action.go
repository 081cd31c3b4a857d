package esapi

import (
	"encoding/json"
	"fmt"

	"tripod/store"
	"tripod/web"
)

// action is what the first line of a pair says.
type action struct{ name, index, id string }

// parseAction reads {"create":{"_index":"…","_id":"…"}} and its kin.
func parseAction(line []byte) (action, error) {
	var by map[string]*struct {
		Index string          `json:"_index"`
		ID    json.RawMessage `json:"_id"`
	}
	if err := json.Unmarshal(line, &by); err != nil {
		return action{}, fmt.Errorf("want an action such as {\"create\":{}}: %w: %w", err, store.ErrInvalid)
	}
	if len(by) == 1 {
		for name, meta := range by {
			switch name {
			case "create", "index", "update", "delete":
			default:
				continue
			}
			act := action{name: name}
			if meta != nil {
				act.index = meta.Index
				if json.Unmarshal(meta.ID, &act.id) != nil {
					act.id = string(meta.ID)
				}
			}
			if act.id == "null" {
				act.id = ""
			}
			return act, nil
		}
	}
	return action{}, fmt.Errorf("%.60q: want one of create, index, update and delete: %w", line, store.ErrInvalid)
}

// setDocument makes a record of a document in the Elastic Common Schema:
// @timestamp, message, log.level, service.name, trace.id and span.id are the
// record's words, as SetLine has them, and so are the members that the request
// named; all else stays a field.
func setDocument(r *store.Record, act action, doc string, members *web.Members) (why string) {
	if act.id != "" {
		r.Attrs = store.Attrs{{Key: "_id", Value: store.String(act.id)}}
	}
	if why := members.Set(r, doc); why != "" {
		return why
	}
	if r.Raw == "" {
		return "the document is no JSON object"
	}
	if a, bad := r.NoTime(); bad && a.Key == "@timestamp" && !members.Ignores(a.Key) {
		return web.NoTime(a.Key, a.Value.Text())
	}
	members.Finish(r)
	if r.Body.Kind == store.KindEmpty {
		// where Fluent Bit and Docker have the line
		for i := range r.Attrs {
			if a := r.Attrs[i]; a.Key == "log" && a.Value.Kind == store.KindString {
				r.Body = a.Value
				r.Attrs, r.Opaque = append(r.Attrs[:i], r.Attrs[i+1:]...), r.Raw != ""
				break
			}
		}
	}
	if r.Time == 0 {
		r.Time = r.Observed
	}
	return ""
}

// aloneBytes is far below what an engine refuses (a MiB for one record).
const aloneBytes = 256 << 10

// weight is what a record's texts come to, in bytes.
func weight(r *store.Record) int { return len(r.Raw) + len(r.Body.Str()) + weightOf(r.Attrs) }

func weightOf(attrs store.Attrs) int {
	n := 0
	for i := range attrs {
		n += 16 + len(attrs[i].Key) + len(attrs[i].Value.Str()) + weightOf(attrs[i].Value.In())
	}
	return n
}
