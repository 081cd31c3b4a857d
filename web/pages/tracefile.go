package pages

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"tripod/store"
	"tripod/ui"
	"tripod/ui/chart"
	"tripod/ui/screens"
	"tripod/web"
)

// TraceFiles reads traces from files and writes them into files.
type TraceFiles interface {
	// ReadSpans reads a file of whichever format it knows; refused says how many
	// spans it left out, and why.
	ReadSpans(b []byte) (spans []store.Span, refused web.Refusals, err error)
	// WriteOTLP writes OTLP's JSON.
	WriteOTLP(spans []store.Span) ([]byte, error)
}

// Bounds on the files that are held.
const (
	maxFiles     = 8
	maxFileSpans = 100_000 // of one file, and three times as many of all
	maxFileName  = 80
	fileKept     = time.Hour
)

// errFileGone is the answer to who comes back too late.
var errFileGone = fmt.Errorf("the file is not held any more, open it again: %w", store.ErrNotFound)

// heldFile is the traces of a file. They are in no store: whoever opened the file
// sees them for a while, in every view, and then they are forgotten.
type heldFile struct {
	key, name string
	traces    []store.Trace // the one with the most spans first
	spans     int
	until     time.Time
	note      string // what of the file is not there
}

// heldFiles keeps the newest files, within bounds.
type heldFiles struct {
	mu    sync.Mutex
	files []*heldFile // the oldest first
}

func (h *heldFiles) put(f *heldFile, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.files = append(h.files, f)
	spans := 0
	for _, f := range h.files {
		spans += f.spans
	}
	for len(h.files) > 1 && (len(h.files) > maxFiles || spans > 3*maxFileSpans || !h.files[0].until.After(now)) {
		spans -= h.files[0].spans
		h.files[0] = nil
		h.files = h.files[1:]
	}
}

func (h *heldFiles) get(key string, now time.Time) *heldFile {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, f := range h.files {
		if f.key == key && f.until.After(now) {
			return f
		}
	}
	return nil
}

// lookUp finds a trace in the file that the address names, or else in the store.
func (p *Pages) lookUp(ctx context.Context, st *State, id store.TraceID) (store.Trace, *heldFile, error) {
	if key := st.Values.Get("file"); key != "" {
		f := p.files.get(key, p.o.Now())
		if f == nil {
			return store.Trace{}, nil, errFileGone
		}
		for _, tr := range f.traces {
			if tr.ID == id {
				return tr, f, nil
			}
		}
	}
	tr, err := p.o.Traces.Trace(ctx, id)
	return tr, nil, err
}

// openFile takes a file and leads to its largest trace.
func (p *Pages) openFile(w http.ResponseWriter, r *http.Request) error {
	if p.o.TraceFiles == nil {
		return errNoDoor
	}
	if err := p.opening.Enter(r.Context()); err != nil {
		return err
	}
	defer p.opening.Leave()
	name, body, err := fileOf(w, r)
	if err != nil {
		return err
	}
	f, err := p.readFile(name, body)
	if err != nil {
		return fmt.Errorf("file %q: %w", name, err)
	}
	p.files.put(f, p.o.Now())
	http.Redirect(w, r, address("/traces/"+f.traces[0].ID.String(), map[string][]string{"file": {f.key}}), http.StatusSeeOther)
	return nil
}

// fileOf is the name and the bytes of the part "file" of a form.
func fileOf(w http.ResponseWriter, r *http.Request) (string, []byte, error) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(web.BodyTime(r.ContentLength))) // not every writer has one
	r.Body = http.MaxBytesReader(w, r.Body, web.MaxBody)
	form, err := r.MultipartReader()
	if err != nil {
		return "", nil, fmt.Errorf("form with a file: %w: %w", err, store.ErrInvalid)
	}
	for {
		var part *multipart.Part
		if part, err = form.NextPart(); err != nil {
			break
		}
		if part.FormName() != "file" || part.FileName() == "" {
			continue
		}
		name := cut(oneLine(filepath.Base(part.FileName())), maxFileName)
		var body []byte
		if body, err = io.ReadAll(part); err == nil {
			return name, body, nil
		}
		break
	}
	var big *http.MaxBytesError
	switch {
	case errors.As(err, &big):
		return "", nil, fmt.Errorf("the file is larger than %s: %w", chart.Bytes(web.MaxBody), store.ErrTooLarge)
	case errors.Is(err, io.EOF):
		return "", nil, fmt.Errorf("no file was chosen: %w", store.ErrInvalid)
	}
	return "", nil, fmt.Errorf("form with a file: %w: %w", err, store.ErrInvalid)
}

func (p *Pages) readFile(name string, body []byte) (*heldFile, error) {
	spans, refused, err := p.o.TraceFiles.ReadSpans(body)
	switch {
	case err != nil:
		return nil, err
	case len(spans) == 0 && refused.N > 0:
		return nil, fmt.Errorf("none of its %d spans can be shown (%s): %w", refused.N, refused.Why, store.ErrInvalid)
	case len(spans) == 0:
		return nil, fmt.Errorf("it holds no spans: %w", store.ErrInvalid)
	case len(spans) > maxFileSpans:
		return nil, fmt.Errorf("it holds %s spans, and %s can be shown: %w", chart.Count(int64(len(spans))), chart.Count(maxFileSpans), store.ErrTooLarge)
	}
	f := &heldFile{key: rand.Text(), name: name, traces: tracesOf(spans), spans: len(spans), until: p.o.Now().Add(fileKept)}
	if refused.N > 0 {
		f.note = fmt.Sprintf("%s of the file could not be read: %s.", counted(refused.N, "span"), cut(refused.Why, 200))
	}
	return f, nil
}

// tracesOf sorts spans into their traces, the one with the most spans first.
func tracesOf(spans []store.Span) []store.Trace {
	var out []store.Trace
	at := map[store.TraceID]int{}
	for i := range spans {
		k, ok := at[spans[i].TraceID]
		if !ok {
			k = len(out)
			at[spans[i].TraceID] = k
			out = append(out, store.Trace{ID: spans[i].TraceID})
		}
		out[k].Spans = append(out[k].Spans, spans[i])
	}
	slices.SortStableFunc(out, func(a, b store.Trace) int { return len(b.Spans) - len(a.Spans) })
	return out
}

// fileView says that a trace is from a file, and names the others of it.
func (a *traceAsk) fileView() *screens.TraceFile {
	f := a.file
	if f == nil {
		return nil
	}
	v := &screens.TraceFile{Name: f.name, Until: f.until.UTC().Format("15:04"), Note: f.note}
	for _, tr := range f.traces {
		if tr.ID != a.id && len(v.Others) < 12 {
			t := growTree(tr.Spans)
			v.Others = append(v.Others, ui.Tab{
				Text: orDash(t.root().span.Name) + ", " + dur(t.end-t.start), Count: tr.ID.String()[:8],
				Href: address("/traces/"+tr.ID.String(), map[string][]string{"file": {f.key}}),
			})
		}
	}
	v.More = max(0, len(f.traces)-1-len(v.Others))
	return v
}

// traceOTLP answers with a trace as a file in OTLP's JSON.
func (p *Pages) traceOTLP(w http.ResponseWriter, r *http.Request) error {
	if p.o.Traces == nil || p.o.TraceFiles == nil {
		return errNoDoor
	}
	ctx, cancel := context.WithTimeout(r.Context(), logTime)
	defer cancel()
	id, err := store.ParseTraceID(r.PathValue("id"))
	if err != nil {
		return fmt.Errorf("%w: %w", err, store.ErrInvalid)
	}
	st := p.state(r)
	tr, _, err := p.lookUp(ctx, &st, id)
	if err != nil {
		return err
	}
	b, err := p.o.TraceFiles.WriteOTLP(tr.Spans)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Disposition", `attachment; filename="trace-`+id.String()[:16]+`.otlp.json"`)
	_, _ = w.Write(b) // an error means that the reader left
	return nil
}
