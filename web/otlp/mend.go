package otlp

import (
	"encoding/hex"
	"encoding/json"
	"fmt"

	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"tripod/store"
	"tripod/web"
)

// decodeJSON decodes a request of JSON. When that fails, the items that cannot
// be decoded are taken out and counted, and the others are decoded again.
func decodeJSON[R request](fresh func() R, body []byte, of items) (req R, bad web.Refusals, err error) {
	req = fresh()
	if err := checkJSON(body); err != nil {
		return req, bad, err
	}
	if err = req.UnmarshalJSON(body); err == nil {
		return req, bad, nil
	}
	m, again := mender{of: of}, fresh() // what failed may have begun to fill the first
	mended, fault := m.object(body, of.path[:])
	if fault != nil || !m.changed || again.UnmarshalJSON(mended) != nil {
		return req, bad, fmt.Errorf("decode: %w: %w", err, store.ErrInvalid)
	}
	return again, m.bad, nil
}

// items are what the requests of a signal carry.
type items struct {
	path [3][]string // names of the lists on the way
	mend func(item json.RawMessage) (mended json.RawMessage, fault string)
	size func(item json.RawMessage) int // what it counts for, 1 when nil
}

// mender takes out of a request what cannot be decoded.
type mender struct {
	of      items
	bad     web.Refusals
	changed bool
}

// object mends what is in the lists of an object.
func (m *mender) object(text json.RawMessage, path [][]string) (json.RawMessage, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return nil, err
	}
	for _, name := range path[0] {
		var in, out []json.RawMessage
		if members[name] == nil {
			continue
		}
		if err := json.Unmarshal(members[name], &in); err != nil {
			return nil, err
		}
		for _, item := range in {
			if len(path) > 1 {
				mended, err := m.object(item, path[1:])
				if err != nil {
					return nil, err
				}
				out = append(out, mended)
			} else if item = m.item(item); item != nil {
				out = append(out, item)
			}
		}
		list, err := json.Marshal(out)
		if err != nil {
			return nil, err
		}
		members[name] = list
	}
	return json.Marshal(members)
}

// item is nil for one that is refused.
func (m *mender) item(item json.RawMessage) json.RawMessage {
	mended, fault := m.of.mend(item)
	if fault != "" {
		n := 1
		if m.of.size != nil {
			n = m.of.size(item)
		}
		m.bad.Add(web.Invalid, n, fault)
		mended = nil
	}
	m.changed = m.changed || len(mended) != len(item)
	return mended
}

// spanItems refuses spans that cannot be decoded.
var spanItems = items{
	path: [3][]string{{"resourceSpans", "resource_spans"}, {"scopeSpans", "scope_spans"}, {"spans"}},
	mend: func(item json.RawMessage) (json.RawMessage, string) {
		err := ptraceotlp.NewExportRequest().UnmarshalJSON(fmt.Appendf(nil, `{"resourceSpans":[{"scopeSpans":[{"spans":[%s]}]}]}`, item))
		if err == nil {
			return item, ""
		}
		members, name := membersOf(item)
		for _, id := range spanIDs {
			if fault := id.fault(members); fault != "" {
				return nil, fmt.Sprintf("span %.60q: %s", name, fault)
			}
		}
		return nil, fmt.Sprintf("span %.60q: %.200s", name, err)
	},
}

// logItems takes ids that cannot be from log records, since OTLP wants them kept
// without, and refuses those that cannot be decoded for another reason.
var logItems = items{
	path: [3][]string{{"resourceLogs", "resource_logs"}, {"scopeLogs", "scope_logs"}, {"logRecords", "log_records"}},
	mend: func(item json.RawMessage) (json.RawMessage, string) {
		members, _ := membersOf(item)
		for _, id := range spanIDs {
			if id.fault(members) != "" {
				for _, name := range id.names {
					delete(members, name)
				}
				item, _ = json.Marshal(members) // which came from JSON
			}
		}
		if err := plogotlp.NewExportRequest().UnmarshalJSON(fmt.Appendf(nil, `{"resourceLogs":[{"scopeLogs":[{"logRecords":[%s]}]}]}`, item)); err != nil {
			return nil, fmt.Sprintf("log record: %.200s", err)
		}
		return item, ""
	},
}

// membersOf are those of a span or record, and its name if it has one.
func membersOf(item json.RawMessage) (members map[string]json.RawMessage, name string) {
	if json.Unmarshal(item, &members) == nil {
		json.Unmarshal(members["name"], &name)
	}
	return members, name
}

// idMember is an id of so many digits.
type idMember struct {
	what   string
	names  []string
	digits int
}

var spanIDs = []idMember{
	{"trace id", []string{"traceId", "trace_id"}, 32}, {"span id", []string{"spanId", "span_id"}, 16}, {"parent span id", []string{"parentSpanId", "parent_span_id"}, 16},
}

// exemplarIDs are those of an exemplar.
var exemplarIDs = spanIDs[:2]

// fault says why there cannot be such an id.
func (id *idMember) fault(members map[string]json.RawMessage) string {
	for _, name := range id.names {
		var text string
		if members[name] == nil || string(members[name]) == "null" {
			continue
		}
		if json.Unmarshal(members[name], &text) != nil {
			return fmt.Sprintf("%s %.40s is no text", id.what, members[name])
		}
		if _, err := hex.DecodeString(text); text != "" && (err != nil || len(text) != id.digits) {
			return fmt.Sprintf("%s %.40q is not of %d hexadecimal digits", id.what, text, id.digits)
		}
	}
	return ""
}
