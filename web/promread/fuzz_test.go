package promread_test

import (
	"bytes"
	"net/http/httptest"
	"testing"

	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/prompb"

	"tripod/web/promread"
)

// FuzzRead answers anything without a panic, and says whose fault it is.
func FuzzRead(f *testing.F) {
	s := newServer(f, promread.Options{Samples: 10_000})
	for _, req := range []*prompb.ReadRequest{
		{Queries: []*prompb.Query{s.query("__name__", "local")}},
		{Queries: []*prompb.Query{s.query("__name__", ".+"), s.query("job", "api")}, AcceptedResponseTypes: streams},
		{Queries: []*prompb.Query{{Hints: &prompb.ReadHints{Func: "series", Grouping: []string{"a"}, By: true}}}},
	} {
		raw, err := req.Marshal()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw, true)
	}
	f.Add([]byte("\xff\xff"), false)
	f.Fuzz(func(t *testing.T, body []byte, pack bool) {
		if pack {
			body = snappy.Encode(nil, body)
		}
		w := httptest.NewRecorder()
		s.Config.Handler.ServeHTTP(w, httptest.NewRequest("POST", "/api/v1/read", bytes.NewReader(body)))
		if w.Code != 200 && w.Code != 400 && w.Code != 413 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}
