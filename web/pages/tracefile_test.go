package pages

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tripod/store"
	"tripod/web"
)

// fakeFiles reads a number as so many spans of two traces, and writes their number.
type fakeFiles struct{}

func (fakeFiles) ReadSpans(b []byte) ([]store.Span, web.Refusals, error) {
	var n int
	var bad web.Refusals
	if err := json.Unmarshal(b, &n); err != nil {
		return nil, bad, fmt.Errorf("no number: %w", store.ErrInvalid)
	}
	if n < 0 {
		bad.Add(web.Invalid, -n, "no ids")
		return nil, bad, nil
	}
	spans := make([]store.Span, n)
	for i := range spans {
		spans[i] = sp(byte(i+1), 0, "filed", 10, 20)
		spans[i].SpanID, spans[i].TraceID = wideID(i+1), store.TraceID{0xfe}
		if i > 0 {
			spans[i].ParentID = wideID(1)
		}
		if i == n-1 && n > 2 {
			spans[i].TraceID, bad.N, bad.Why = store.TraceID{0xff}, 3, "no ids"
		}
	}
	return spans, bad, nil
}

func (fakeFiles) WriteOTLP(spans []store.Span) ([]byte, error) {
	return fmt.Appendf(nil, "%d spans", len(spans)), nil
}

func fileDoors() Options {
	o := traceDoors()
	o.TraceFiles = fakeFiles{}
	return o
}

// upload posts a file, and gives the answer.
func upload(t *testing.T, o Options, name, body string) (*httptest.ResponseRecorder, func(url string) *httptest.ResponseRecorder) {
	t.Helper()
	mux := screenOf(t, o)
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreateFormFile("file", name)
	if err != nil {
		t.Fatal(err)
	}
	part.Write([]byte(body))
	w.Close()
	r := httptest.NewRequest("POST", "/traces/file", &b)
	r.Header.Set("Content-Type", w.FormDataContentType())
	rec := httptest.NewRecorder()
	mux.ServeHTTP(rec, r)
	return rec, func(url string) *httptest.ResponseRecorder { return ask(mux, url) }
}

func TestAFileIsShownAndNotStored(t *testing.T) {
	o := fileDoors()
	w, get := upload(t, o, `C:/x/my "trace".json`, "5")
	at := w.Header().Get("Location")
	if w.Code != 303 || !strings.HasPrefix(at, "/traces/fe000000000000000000000000000000?file=") {
		t.Fatalf("status %d to %q: %s", w.Code, at, w.Body)
	}
	for url, has := range map[string][]string{
		at:                           {"From the file", "my &#34;trace&#34;.json", "It is not stored", "until 13:00 UTC", "3 spans of the file could not be read: no ids.", "Other traces of the file", "/traces/ff000000000000000000000000000000?file="},
		at + "&view=flame":           {"From the file", `class="fr c`},
		at + "&sel=0000000000000002": {`id="drawer"`, "after start"},
		strings.Replace(at, "?", "/otlp.json?", 1): {"4 spans"},
	} {
		w := get(url)
		for _, s := range has {
			if !strings.Contains(w.Body.String(), s) {
				t.Errorf("%s: status %d, no %q in %s", url, w.Code, s, w.Body)
			}
		}
	}
	if body := get(at).Body.String(); strings.Contains(body, "/api/traces/fe") {
		t.Error("a file of Jaeger's JSON is offered for a trace that the store has not")
	}
	if got := get("/traces/fe000000000000000000000000000000").Code; got != 404 {
		t.Errorf("without the file: status %d", got)
	}
	if w := get("/traces/fe000000000000000000000000000000?file=GONE"); w.Code != 404 || !strings.Contains(w.Body.String(), "not held any more") {
		t.Errorf("another file: status %d %s", w.Code, w.Body)
	}
	if w := get("/traces/ab000000000000000000000000000001/otlp.json"); w.Body.String() != "4 spans" || !strings.Contains(w.Header().Get("Content-Disposition"), "attachment") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestFilesThatCannotBeShown(t *testing.T) {
	for name, c := range map[string]struct {
		body, says string
		status     int
	}{
		"of another kind": {"hello", "no number", 400},
		"empty":           {"0", "it holds no spans", 400},
		"no ids at all":   {"-2", "none of its 2 spans can be shown (no ids)", 400},
		"too many spans":  {"100001", "it holds 100,001 spans, and 100,000 can be shown", 413},
		"too large":       {strings.Repeat(" ", web.MaxBody+1), "the file is larger than", 413},
	} {
		if w, _ := upload(t, fileDoors(), "f.json", c.body); w.Code != c.status || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s: status %d: %.2000s", name, w.Code, w.Body)
		}
	}
	if w, _ := upload(t, fileDoors(), "", "1"); w.Code != 400 || !strings.Contains(w.Body.String(), "no file was chosen") {
		t.Errorf("no file: status %d %s", w.Code, w.Body)
	}
	r := httptest.NewRequest("POST", "/traces/file", strings.NewReader("x"))
	w := httptest.NewRecorder()
	screenOf(t, fileDoors()).ServeHTTP(w, r)
	if w.Code != 400 {
		t.Errorf("no form: status %d", w.Code)
	}
}

func TestHeldFilesAreBounded(t *testing.T) {
	now := time.Unix(0, 0)
	var h heldFiles
	for i := range 20 {
		h.put(&heldFile{key: fmt.Sprint(i), spans: 10, until: now.Add(time.Hour)}, now)
	}
	if h.get("11", now) != nil || h.get("12", now) == nil || h.get("19", now.Add(time.Hour)) != nil {
		t.Error("not the newest eight, each for an hour")
	}
	h.put(&heldFile{key: "big", spans: 3 * maxFileSpans, until: now.Add(time.Hour)}, now)
	if h.get("19", now) != nil || h.get("big", now) == nil {
		t.Error("the spans of all files are not bounded")
	}
	h.put(&heldFile{key: "later", until: now.Add(3 * time.Hour)}, now.Add(2*time.Hour))
	if len(h.files) != 1 {
		t.Errorf("%d files are held", len(h.files))
	}
}

func TestWhatIsWrongWithATraceIsNamed(t *testing.T) {
	circle := []store.Span{sp(1, 0, "a", 0, 100), sp(2, 3, "a", 10, 20), sp(3, 2, "a", 10, 20)}
	for name, c := range map[string]struct {
		spans []store.Span
		want  string
	}{
		"no first span": {[]store.Span{sp(2, 1, "a", 0, 5)}, "The first span of this trace was not received"},
		"two of them":   {[]store.Span{sp(1, 0, "a", 0, 5), sp(2, 0, "a", 1, 5)}, "2 spans of this trace have no parent"},
		"a circle":      {circle, "in a circle"},
		"a clock":       {[]store.Span{sp(1, 0, "web", 1e6, 9e6), sp(2, 1, "api", 0, 2e6)}, "The clocks of api and web disagree: api seems to start 1 ms before it was called."},
		"a parent":      {[]store.Span{sp(1, 0, "a", 0, 9), sp(3, 2, "a", 1, 2)}, "One parent span was not received"},
		"an end":        {[]store.Span{sp(1, 0, "a", 0, 9), sp(3, 1, "a", 5, 2)}, "One span ends before it starts."},
		"two ends":      {[]store.Span{sp(1, 0, "a", 0, 9), sp(2, 1, "a", 5, 2), sp(3, 1, "a", 5, 2)}, "2 spans end before they start."},
		"all is well":   {[]store.Span{sp(1, 0, "a", 0, 9), sp(3, 1, "a", 1, 2)}, ""},
	} {
		a := &traceAsk{t: growTree(c.spans)}
		a.root = a.t.root()
		got := strings.Join(a.notes(), " ")
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
	a := &traceAsk{t: growTree(circle)}
	a.root, a.t.spans = a.t.root(), maxKeptSpans
	if got := strings.Join(a.notes(), " "); !strings.Contains(got, "The trace is cut off: it has 100,000 spans or more") {
		t.Errorf("a cut is silent: %q", got)
	}
	if !errors.Is(errFileGone, store.ErrNotFound) {
		t.Error("a file that is gone is not a 404")
	}
}
