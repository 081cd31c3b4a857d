package otlp

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"sync"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"

	"tripod/web"
)

const (
	typeProto = "application/x-protobuf"
	typeJSON  = "application/json"
)

func (a *API) handler(signal string, do export) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		enc, ok := encodingOf(r)
		if !ok {
			http.Error(w, fmt.Sprintf("content type %.60q: want %s or %s", r.Header.Get("Content-Type"), typeProto, typeJSON), http.StatusUnsupportedMediaType)
			return
		}
		reply, err := a.serve(w, r, signal, do, enc)
		if err != nil {
			writeError(w, enc, err)
			return
		}
		write(w, enc, http.StatusOK, reply)
	}
}

func (a *API) serve(w http.ResponseWriter, r *http.Request, signal string, do export, enc encoding) ([]byte, error) {
	if err := a.gate.Enter(r.Context()); err != nil {
		return nil, a.turnAway(signal, err)
	}
	defer a.gate.Leave()
	room := bodies.Get().(*[]byte)
	defer bodies.Put(room)
	body, err := web.BodyIn(*room, w, r)
	if err != nil {
		return nil, a.turnAway(signal, err)
	}
	if cap(body) <= maxPooledBody {
		*room = body[:0]
	}
	return do(r.Context(), enc, body)
}

// bodies are the memory of requests that are done: nobody keeps any of it, and
// what JSON says is copied out of it.
var bodies = sync.Pool{New: func() any { return new([]byte) }}

// maxPooledBody bounds what is kept for the next request.
const maxPooledBody = 4 << 20

func encodingOf(r *http.Request) (encoding, bool) {
	mt, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err != nil:
		return 0, false
	case mt == typeProto, mt == "application/protobuf":
		return protobuf, true
	case mt == typeJSON:
		return jsonText, true
	}
	return 0, false
}

// writeError answers with a google.rpc.Status in the request's encoding, as
// OTLP/HTTP wants it.
func writeError(w http.ResponseWriter, enc encoding, err error) {
	status := web.Status(err)
	st := &spb.Status{Code: int32(grpcCode(err)), Message: errorText(err)}
	var b []byte
	if enc == jsonText {
		b, err = json.Marshal(struct {
			Code    int32  `json:"code"`
			Message string `json:"message"`
		}{st.Code, st.Message})
	} else {
		b, err = proto.Marshal(st)
	}
	if err != nil {
		panic("otlp: " + err.Error()) // a broken invariant of our own
	}
	web.RetryAfter(w, status)
	write(w, enc, status, b)
}

// errorText is an error in UTF-8, as protobuf wants it; an error may quote what
// was sent.
func errorText(err error) string { return strings.ToValidUTF8(err.Error(), "\uFFFD") }

func write(w http.ResponseWriter, enc encoding, status int, b []byte) {
	if enc == jsonText {
		w.Header().Set("Content-Type", typeJSON)
	} else {
		w.Header().Set("Content-Type", typeProto)
	}
	w.WriteHeader(status)
	w.Write(b)
}
