package pages

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"

	"tripod/store"
	"tripod/web"
)

// Bounds on finding spans by what they hold.
const (
	maxFound    = 10_000 // spans of one answer
	maxFindText = 200    // bytes
)

// traceFind answers with the ids of the spans in which a text occurs: in an
// attribute as name=value, in an event, in the status. Names and services the
// island finds by itself.
func (p *Pages) traceFind(w http.ResponseWriter, r *http.Request) error {
	if p.o.Traces == nil {
		return errNoDoor
	}
	ctx, cancel := context.WithTimeout(r.Context(), logTime)
	defer cancel()
	st := p.state(r)
	id, err := store.ParseTraceID(r.PathValue("id"))
	if err != nil {
		return fmt.Errorf("%w: %w", err, store.ErrInvalid)
	}
	text := strings.TrimSpace(st.Values.Get("text"))
	if text == "" || len(text) > maxFindText {
		return fmt.Errorf("a text of 1 to %d bytes is wanted: %w", maxFindText, store.ErrInvalid)
	}
	tr, _, err := p.lookUp(ctx, &st, id)
	if err != nil {
		return err
	}
	found := []string{}
	f := finder{want: bytes.ToLower([]byte(text))}
	for i := range tr.Spans {
		if len(found) < maxFound && f.holds(&tr.Spans[i]) {
			found = append(found, tr.Spans[i].SpanID.String())
		}
	}
	w.Header().Set("Cache-Control", "no-store")
	web.JSON(w, http.StatusOK, found)
	return nil
}

// finder looks for a text without regard to case.
type finder struct {
	want []byte // lower case
	buf  []byte
	seen map[*store.Resource]bool
}

func (f *finder) holds(s *store.Span) bool {
	if f.text(s.StatusMessage) || f.attrs(s.Attrs) || f.resource(s.Resource) {
		return true
	}
	for i := range s.Events {
		if f.text(s.Events[i].Name) || f.attrs(s.Events[i].Attrs) {
			return true
		}
	}
	return false
}

// resource remembers its answer: most spans share theirs.
func (f *finder) resource(r *store.Resource) bool {
	if r == nil {
		return false
	}
	has, known := f.seen[r]
	if !known {
		if f.seen == nil {
			f.seen = map[*store.Resource]bool{}
		}
		has = f.attrs(r.Attrs)
		f.seen[r] = has
	}
	return has
}

func (f *finder) attrs(attrs store.Attrs) bool {
	for i := range attrs {
		if f.text(attrs[i].Key + "=" + attrs[i].Value.Text()) {
			return true
		}
	}
	return false
}

func (f *finder) text(s string) bool {
	f.buf = append(f.buf[:0], s...)
	for i, c := range f.buf {
		if c >= 0x80 {
			return bytes.Contains(bytes.ToLower(f.buf), f.want)
		}
		if 'A' <= c && c <= 'Z' {
			f.buf[i] = c + 'a' - 'A'
		}
	}
	return bytes.Contains(f.buf, f.want)
}
