package zipkinapi

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"tripod/store"
	"tripod/web"
)

// Bounds of one span.
const (
	maxTags        = 1024
	maxAnnotations = 1024
	maxMicros      = math.MaxInt64 / 1000
)

// zipkinSpan is a span of Zipkin's API v2; times are in microseconds.
type zipkinSpan struct {
	TraceID     string            `json:"traceId"`
	ID          string            `json:"id"`
	ParentID    string            `json:"parentId"`
	Name        string            `json:"name"`
	Kind        string            `json:"kind"`
	Timestamp   int64             `json:"timestamp"`
	Duration    int64             `json:"duration"`
	Debug       bool              `json:"debug"`
	Shared      bool              `json:"shared"`
	Local       endpoint          `json:"localEndpoint"`
	Remote      endpoint          `json:"remoteEndpoint"`
	Annotations []annotation      `json:"annotations"`
	Tags        map[string]string `json:"tags"`
}

type endpoint struct {
	Service string `json:"serviceName"`
	IPv4    string `json:"ipv4"`
	IPv6    string `json:"ipv6"`
	Port    int    `json:"port"`
}

type annotation struct {
	Timestamp int64  `json:"timestamp"`
	Value     string `json:"value"`
}

// decode reads a list of spans. One that cannot be kept is refused by itself.
func decode(body []byte) (spans []store.Span, bad web.Refusals, err error) {
	d := json.NewDecoder(bytes.NewReader(body))
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		return nil, bad, fmt.Errorf("want a JSON array of spans: %w", store.ErrInvalid)
	}
	resources := map[endpoint]*store.Resource{}
	for n := 1; d.More(); n++ {
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return nil, bad, fmt.Errorf("span %d at byte %d: %w: %w", n, d.InputOffset(), err, store.ErrInvalid)
		}
		var z zipkinSpan
		var s store.Span
		why := ""
		if err := json.Unmarshal(raw, &z); err != nil {
			why = misfit(err)
		} else {
			why = z.fill(&s)
		}
		if why != "" {
			bad.Add(web.Invalid, 1, fmt.Sprintf("span %d (%.60q of %.60q): %s", n, z.Name, z.Local.Service, why))
			continue
		}
		s.Resource = resources[z.Local]
		if s.Resource == nil {
			s.Resource = z.Local.resource()
			resources[z.Local] = s.Resource
		}
		spans = append(spans, s)
	}
	if _, err := d.Token(); err != nil {
		return nil, bad, fmt.Errorf("the array of spans does not end: %w", store.ErrInvalid)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, bad, fmt.Errorf("something follows the array of spans at byte %d: %w", d.InputOffset(), store.ErrInvalid)
	}
	return spans, bad, nil
}

// misfit says which value is of a kind that it cannot be.
func misfit(err error) string {
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		return fmt.Sprintf("%s: a JSON %s has no place there", cmp.Or(kind.Field, "the span"), kind.Value)
	}
	return err.Error()
}

// idFault is what is wrong with an id; what the request is told says that it is
// invalid.
func idFault(err error) string {
	return strings.TrimSuffix(err.Error(), ": "+store.ErrInvalid.Error())
}

var kinds = map[string]store.SpanKind{"": store.SpanUnspecified, "CLIENT": store.SpanClient, "SERVER": store.SpanServer, "PRODUCER": store.SpanProducer, "CONSUMER": store.SpanConsumer}

// fill makes a span of it, or says why it cannot be one.
func (z *zipkinSpan) fill(s *store.Span) (why string) {
	var err error
	if s.TraceID, err = store.ParseTraceID(z.TraceID); err != nil {
		return "traceId: " + idFault(err)
	}
	if s.SpanID, err = store.ParseSpanID(z.ID); err != nil {
		return "id: " + idFault(err)
	}
	if z.ParentID != "" {
		if s.ParentID, err = store.ParseSpanID(z.ParentID); err != nil {
			return "parentId: " + idFault(err)
		}
	}
	kind, ok := kinds[z.Kind]
	switch {
	case !ok:
		return fmt.Sprintf("kind %.40q: want CLIENT, SERVER, PRODUCER or CONSUMER", z.Kind)
	case z.Timestamp <= 0 || z.Timestamp > maxMicros:
		return fmt.Sprintf("timestamp %d: want microseconds since 1970", z.Timestamp)
	case z.Duration < 0 || z.Duration > maxMicros-z.Timestamp:
		return fmt.Sprintf("duration %d: want microseconds", z.Duration)
	case len(z.Tags) > maxTags || len(z.Annotations) > maxAnnotations:
		return fmt.Sprintf("%d tags and %d annotations, at most %d of each", len(z.Tags), len(z.Annotations), maxTags)
	}
	s.Name, s.Kind, s.Service = z.Name, kind, z.Local.Service
	s.Start, s.End = z.Timestamp*1000, (z.Timestamp+z.Duration)*1000
	for _, a := range z.Annotations {
		if a.Timestamp < 0 || a.Timestamp > maxMicros {
			return fmt.Sprintf("annotation %.40q: timestamp %d", a.Value, a.Timestamp)
		}
		s.Events = append(s.Events, store.SpanEvent{Time: a.Timestamp * 1000, Name: a.Value})
	}
	z.attributes(s)
	return ""
}

// attributes takes over tags, the other side, and what only Zipkin has. Tags
// that OpenTelemetry's exporters write for parts of a span become these again.
func (z *zipkinSpan) attributes(s *store.Span) {
	for _, key := range slices.Sorted(maps.Keys(z.Tags)) {
		value := z.Tags[key]
		switch key {
		case "error": // true, or a message
			s.Status = store.StatusError
			if value != "" && value != "true" && s.StatusMessage == "" {
				s.StatusMessage = value
			}
			continue
		case "otel.status_code":
			switch strings.ToUpper(value) {
			case "ERROR":
				s.Status = store.StatusError
			case "OK":
				s.Status = store.StatusOK
			}
			continue
		case "otel.status_description":
			s.StatusMessage = value
			continue
		case "otel.scope.name", "otel.library.name":
			z.scope(s).Name = value
			continue
		case "otel.scope.version", "otel.library.version":
			z.scope(s).Version = value
			continue
		}
		s.Attrs = append(s.Attrs, store.Attr{Key: key, Value: typed(key, value)})
	}
	add := func(key string, v store.Value) {
		if s.Attrs.Text(key) == "" {
			s.Attrs = append(s.Attrs, store.Attr{Key: key, Value: v})
		}
	}
	if z.Remote.Service != "" {
		add("peer.service", store.String(z.Remote.Service))
	}
	z.Remote.address("network.peer", add)
	if z.Shared {
		add(store.ZipkinShared, yes)
	}
	if z.Debug {
		add("zipkin.debug", yes)
	}
}

var yes = store.Bool(true)

func (z *zipkinSpan) scope(s *store.Span) *store.Scope {
	if s.Scope == nil {
		s.Scope = &store.Scope{}
	}
	return s.Scope
}

// typed is a tag's value: Zipkin has texts alone, but a status code is a number
// to all who ask for it.
func typed(key, value string) store.Value {
	switch key {
	case "http.status_code", "http.response.status_code", "rpc.grpc.status_code":
		if n, err := strconv.ParseInt(value, 10, 64); err == nil && strconv.FormatInt(n, 10) == value {
			return store.Int(n)
		}
	}
	return store.String(value)
}

// address adds the address and port of an endpoint; of two addresses the second
// one has a name that OpenTelemetry does not know.
func (e *endpoint) address(prefix string, add func(string, store.Value)) {
	if first := cmp.Or(e.IPv4, e.IPv6); first != "" {
		add(prefix+".address", store.String(first))
	}
	if e.IPv4 != "" && e.IPv6 != "" {
		add(prefix+".ipv6", store.String(e.IPv6))
	}
	if e.Port > 0 {
		add(prefix+".port", store.Int(int64(e.Port)))
	}
}

// resource is what sent the span.
func (e *endpoint) resource() *store.Resource {
	r := &store.Resource{}
	add := func(key string, v store.Value) { r.Attrs = append(r.Attrs, store.Attr{Key: key, Value: v}) }
	if e.Service != "" {
		add("service.name", store.String(e.Service))
	}
	e.address("network.local", add)
	return r
}
