package appliance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace"
	"google.golang.org/protobuf/encoding/protowire"
)

// TestGrafana replays what Grafana's data sources for Jaeger and Tempo ask. A
// script is a list of requests, each with what must hold of its answer:
//
//	GET PATH                  $NAME stands for what grafanaWords has
//	NAME: VALUE               a header
//	> STATUS TYPE
//	MEMBER.0.MEMBER = JSON    or "has JSON" of a list, "count N" of its items
//	text = TEXT               of the whole answer
//	strict search|instant     Tempo has all of its members
//	spans N [in field 1]      of a trace in protobuf, or of one in a message
func TestGrafana(t *testing.T) {
	if inOwnProcess(t) {
		return
	}
	r := start(t, Options{})
	at := time.Now().Add(-5 * time.Minute).Truncate(time.Second).Add(123456789)
	r.sendOrder(at)
	words := grafanaWords(at)
	files, err := filepath.Glob("testdata/grafana/*.test")
	if err != nil || len(files) != 3 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".test"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			replay(t, r.URL, words.Replace(string(text)))
		})
	}
}

const orderID = "4bf92f3577b34da6a3ce929d0e0e4736"

// sendOrder sends a trace of three spans: an order that fails, its call of the
// stock, and that one's work.
func (r *running) sendOrder(at time.Time) {
	r.Helper()
	span := func(id, parent, name string, kind int, from, to time.Duration, more string) string {
		return fmt.Sprintf(`{"traceId":%q,"spanId":"00000000000000%s","parentSpanId":%q,"name":%q,"kind":%d,"startTimeUnixNano":"%d","endTimeUnixNano":"%d"%s}`,
			orderID, id, parent, name, kind, at.Add(from).UnixNano(), at.Add(to).UnixNano(), more)
	}
	failed := `,"attributes":[{"key":"http.response.status_code","value":{"intValue":"500"}}],"status":{"code":2,"message":"card declined"},"events":[{"name":"exception","timeUnixNano":"` + strconv.FormatInt(at.UnixNano(), 10) + `"}]`
	service := func(name string, spans ...string) string {
		return `{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"` + name + `"}}]},"scopeSpans":[{"spans":[` + strings.Join(spans, ",") + `]}]}`
	}
	body := `{"resourceSpans":[` + service("checkout",
		span("a1", "", "POST /orders", 2, 0, 250*time.Millisecond, failed),
		span("a2", "00000000000000a1", "reserve", 3, time.Millisecond, 90*time.Millisecond, "")) + "," +
		service("stock", span("a3", "00000000000000a2", "POST /reserve", 2, 2*time.Millisecond, 80*time.Millisecond, "")) + `]}`
	resp, err := http.Post(r.URL+"/v1/traces", "application/json", strings.NewReader(body))
	if err != nil {
		r.Fatal(err)
	}
	answer, _ := io.ReadAll(resp.Body)
	if resp.Body.Close(); resp.StatusCode != http.StatusOK || string(answer) != "{}" {
		r.Fatal(resp.Status, string(answer))
	}
}

// grafanaWords are what scripts cannot know: the trace, its start, and an hour
// around it.
func grafanaWords(at time.Time) *strings.Replacer {
	from, to := at.Add(-30*time.Minute).Truncate(time.Second), at.Add(30*time.Minute).Truncate(time.Second)
	n := func(n int64) string { return strconv.FormatInt(n, 10) }
	zone := time.FixedZone("", 2*60*60)
	return strings.NewReplacer(
		"$ID", orderID, "$AT_US", n(at.UnixMicro()), "$AT_NS", n(at.UnixNano()),
		"$START_US", n(from.UnixMicro()), "$END_US", n(to.UnixMicro()), "$END_MS", n(to.UnixMilli()),
		"$START_S", n(from.Unix()), "$END_S", n(to.Unix()),
		"$START_RFC", from.UTC().Format(time.RFC3339Nano), "$END_RFC", to.UTC().Format(time.RFC3339Nano),
		"$START_ZONE", from.In(zone).Format(time.RFC3339Nano), "$END_ZONE", to.In(zone).Format(time.RFC3339Nano),
	)
}

func replay(t *testing.T, url, script string) {
	var req *http.Request
	var body []byte
	for no, line := range strings.Split(script, "\n") {
		fail := func(format string, args ...any) {
			t.Errorf("line %d: %s: %s\n%.2000s", no+1, line, fmt.Sprintf(format, args...), body)
		}
		switch {
		case line == "", strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "GET "):
			var err error
			if req, err = http.NewRequest("GET", url+line[len("GET "):], nil); err != nil {
				t.Fatal(err)
			}
		case strings.HasPrefix(line, "> "):
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			body, err = io.ReadAll(resp.Body)
			resp.Body.Close()
			got := fmt.Sprintf("> %d %s", resp.StatusCode, resp.Header.Get("Content-Type"))
			if err != nil || !strings.HasPrefix(got, line) {
				fail("got %s %v", got, err)
			}
		case req != nil && body == nil:
			name, value, _ := strings.Cut(line, ": ")
			req.Header.Set(name, value)
			continue
		default:
			if err := holds(body, line); err != nil {
				fail("%v", err)
			}
			continue
		}
		if !strings.HasPrefix(line, "> ") {
			body = nil
		}
	}
}

// holds checks an answer.
func holds(body []byte, line string) error {
	words := strings.SplitN(line, " ", 3)
	switch words[0] {
	case "text":
		if want := strings.TrimPrefix(line, "text = "); string(body) != want {
			return fmt.Errorf("got %q", body)
		}
		return nil
	case "strict":
		return strictly(body, words[1])
	case "spans":
		return holdsSpans(body, words[1], len(words) > 2)
	}
	var got any
	if err := json.Unmarshal(body, &got); err != nil {
		return err
	}
	for name := range strings.SplitSeq(words[0], ".") {
		switch in := got.(type) {
		case map[string]any:
			got = in[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i >= len(in) {
				return fmt.Errorf("no item %s of %d", name, len(in))
			}
			got = in[i]
		default:
			return fmt.Errorf("nothing has a %s", name)
		}
	}
	var want any
	if err := json.Unmarshal([]byte(words[2]), &want); err != nil {
		return err
	}
	list, _ := got.([]any)
	switch words[1] {
	case "=":
		if reflect.DeepEqual(got, want) {
			return nil
		}
	case "count":
		if float64(len(list)) == want {
			return nil
		}
	case "has":
		for _, item := range list {
			if reflect.DeepEqual(item, want) {
				return nil
			}
		}
	}
	return fmt.Errorf("got %v", got)
}

// holdsSpans counts the spans of TracesData, which may be a field of another
// message.
func holdsSpans(body []byte, want string, inField bool) error {
	if inField {
		num, typ, n := protowire.ConsumeTag(body)
		if n < 0 || num != 1 || typ != protowire.BytesType {
			return fmt.Errorf("begins with field %d", num)
		}
		body, _ = protowire.ConsumeBytes(body[n:])
	}
	td, err := (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(body)
	if err != nil || strconv.Itoa(td.SpanCount()) != want {
		return fmt.Errorf("got %d spans, %v", td.SpanCount(), err)
	}
	return nil
}

// strictly decodes an answer of Tempo's as Grafana does: what has no member of
// its own there is an error.
func strictly(body []byte, what string) error {
	type value struct {
		StringValue, IntValue *string
		DoubleValue           any
		BoolValue             *bool
	}
	type attribute struct {
		Key   string
		Value value
	}
	type spanSet struct {
		Spans []struct {
			SpanID, Name, StartTimeUnixNano, DurationNanos string
			Attributes                                     []attribute
		}
		Matched    uint32
		Attributes []attribute
	}
	var search struct {
		Traces []struct {
			TraceID, RootServiceName, RootTraceName, StartTimeUnixNano string
			DurationMs                                                 uint32
			SpanSet                                                    *spanSet
			SpanSets                                                   []spanSet
			ServiceStats                                               map[string]struct{ SpanCount, ErrorCount uint32 }
		}
		Metrics struct{ InspectedTraces uint32 }
	}
	var instant struct {
		Series []struct {
			Labels     []attribute
			Value      any
			PromLabels string
		}
		Metrics struct{}
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if what == "search" {
		return d.Decode(&search)
	}
	return d.Decode(&instant)
}
