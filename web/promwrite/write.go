package promwrite

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/s2"
	"github.com/prometheus/prometheus/model/metadata"

	"tripod/store"
	"tripod/web"
)

// writer is what one request needs, pooled.
type writer struct {
	body    bytes.Buffer
	decoded []byte
	batch   batch
}

var writers = sync.Pool{New: func() any { return new(writer) }}

// write is remote-write 1 and 2. Samples that can never be stored are left
// out, the others are kept, and the answer is 400, which tells the sender not to
// come again; 5xx means that nothing was kept and it should.
func (a *API) write(w http.ResponseWriter, r *http.Request) {
	two, err := protocol(r.Header)
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnsupportedMediaType)
		return
	}
	if err = a.gate.Enter(r.Context()); err == nil {
		wr := writers.Get().(*writer)
		err = a.take(w, r, wr, two)
		if two {
			written(w.Header(), &wr.batch, err)
		}
		a.o.Took(wr.batch.samples+wr.batch.histograms, wr.batch.rejected, err)
		wr.release()
		a.gate.Leave()
	}
	if err != nil {
		status := web.Status(err)
		if errors.Is(err, store.ErrOverloaded) {
			status = http.StatusServiceUnavailable // Prometheus drops what it gets 429 for
		}
		web.RetryAfter(w, status)
		http.Error(w, err.Error(), status)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// protocol says whether a request is remote-write 2; 1 is what an old sender
// sends without saying so.
func protocol(h http.Header) (two bool, err error) {
	if enc := h.Get("Content-Encoding"); enc != "" && !strings.EqualFold(enc, "snappy") {
		return false, fmt.Errorf("content encoding %.40q: want snappy", enc)
	}
	typ := h.Get("Content-Type")
	if typ == "" {
		return false, nil
	}
	media, params, err := mime.ParseMediaType(typ)
	if err != nil || media != "application/x-protobuf" {
		return false, fmt.Errorf("content type %.80q: want application/x-protobuf", typ)
	}
	switch params["proto"] {
	case "", "prometheus.WriteRequest":
		return false, nil
	case "io.prometheus.write.v2.Request":
		return true, nil
	}
	return false, fmt.Errorf("message %.80q: want prometheus.WriteRequest or io.prometheus.write.v2.Request", params["proto"])
}

func (a *API) take(w http.ResponseWriter, r *http.Request, wr *writer, two bool) error {
	body, err := wr.read(w, r)
	if err != nil {
		return err
	}
	b := &wr.batch
	b.refs, b.starts = a.refs, two
	b.reset(a.d.Sink.Appender(r.Context()))
	decode := b.request1
	if two {
		decode = b.request2
	}
	if err := decode(body, a.keep); err != nil {
		return errors.Join(err, b.app.Rollback())
	}
	if err := b.app.Commit(); err != nil {
		return err
	}
	return b.partial()
}

func (a *API) keep(family string, md metadata.Metadata) { a.d.Families.SetMetadata(family, md) }

// read is the decompressed body, in memory that the next request overwrites.
func (wr *writer) read(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	// Not every writer has a deadline to set (tests, wrappers): then there is none.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(web.BodyTime(r.ContentLength)))
	if n := r.ContentLength; n > 0 && n <= web.MaxBody {
		wr.body.Grow(int(n) + bytes.MinRead)
	}
	if _, err := wr.body.ReadFrom(http.MaxBytesReader(w, r.Body, web.MaxBody)); err != nil {
		var over *http.MaxBytesError
		if errors.As(err, &over) {
			return nil, fmt.Errorf("body is larger than %d bytes: %w", over.Limit, store.ErrTooLarge)
		}
		return nil, fmt.Errorf("body: %w: %w", err, store.ErrInvalid)
	}
	n, err := s2.DecodedLen(wr.body.Bytes())
	switch {
	case err != nil:
		return nil, fmt.Errorf("snappy: %w: %w", err, store.ErrInvalid)
	case n > web.MaxBody:
		return nil, fmt.Errorf("snappy body holds %d bytes, more than %d: %w", n, web.MaxBody, store.ErrTooLarge)
	}
	out, err := s2.Decode(wr.decoded[:cap(wr.decoded)], wr.body.Bytes())
	if err != nil {
		return nil, fmt.Errorf("snappy: %w: %w", err, store.ErrInvalid)
	}
	wr.decoded = out
	return out, nil
}

// maxPooled keeps one huge request from being held for ever, in bytes.
const maxPooled = 1 << 20

// release pools the writer, without what an unusually large request left in it.
func (wr *writer) release() {
	wr.batch.reset(nil)
	if wr.body.Cap() > maxPooled || cap(wr.decoded) > 4*maxPooled || cap(wr.batch.symbols) > maxPooled/16 {
		return
	}
	wr.body.Reset()
	writers.Put(wr)
}

// written tells a sender of remote-write 2 what was stored; when the request
// failed as a whole it was nothing.
func written(h http.Header, b *batch, err error) {
	var partial *store.PartialError
	samples, histograms, exemplars := b.samples, b.histograms, b.exemplar
	if err != nil && !errors.As(err, &partial) {
		samples, histograms, exemplars = 0, 0, 0
	}
	h.Set("X-Prometheus-Remote-Write-Samples-Written", strconv.Itoa(samples))
	h.Set("X-Prometheus-Remote-Write-Histograms-Written", strconv.Itoa(histograms))
	h.Set("X-Prometheus-Remote-Write-Exemplars-Written", strconv.Itoa(exemplars))
}
