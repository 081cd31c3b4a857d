package promread_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"

	"tripod/web/promread"
)

const delimited = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"

func (s *server) federate(t *testing.T, accept string, match ...string) (status int, typ, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", s.URL+"/federate?"+url.Values{"match[]": match}.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", accept)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header.Get("Content-Type"), string(b)
}

func TestFederateInText(t *testing.T) {
	s := newServer(t, promread.Options{})
	ms := s.now.Add(-time.Minute).UnixMilli()
	for name, c := range map[string]struct {
		match []string
		want  string
	}{
		"a counter": {[]string{"requests_total"}, "# TYPE requests_total untyped\n" +
			`requests_total{instance="a",job="api"} 241 T` + "\n" + `requests_total{instance="b",job="api"} 241 T` + "\n" + `requests_total{instance="c",job="api"} 241 T` + "\n"},
		"without an instance":       {[]string{"local"}, "# TYPE local untyped\nlocal{instance=\"\"} 3 T\n"},
		"twice the same":            {[]string{"local", `{__name__="local"}`}, "# TYPE local untyped\nlocal{instance=\"\"} 3 T\n"},
		"infinite":                  {[]string{"odd"}, "# TYPE odd untyped\nodd{kind=\"inf\",instance=\"\"} +Inf T\n"},
		"ended":                     {[]string{"gone"}, ""},
		"too old":                   {[]string{"old"}, ""},
		"native histograms":         {[]string{"native"}, ""},
		"nothing asked":             {nil, ""},
		"names with dots, escaped ": {[]string{`{"utf8.metric"}`}, "# TYPE utf8_metric untyped\nutf8_metric{label_with_dots=\"x\\\"y\\\\\\n\",instance=\"\"} 1 T\n"},
	} {
		t.Run(name, func(t *testing.T) {
			status, typ, body := s.federate(t, "", c.match...)
			want := strings.ReplaceAll(c.want, " T\n", fmt.Sprintf(" %d\n", ms))
			if status != 200 || !strings.HasPrefix(typ, "text/plain; version=0.0.4") || body != want {
				t.Errorf("%d %s\n%s\nwant\n%s", status, typ, body, want)
			}
		})
	}
}

// A page reads back, by Prometheus's own parsers, as the samples that are
// stored; native histograms are in those forms that have them.
func TestFederateReadsBack(t *testing.T) {
	s := newServer(t, promread.Options{})
	ms := s.now.Add(-time.Minute).UnixMilli()
	floats := []string{
		`{__name__="local", instance=""} 3`, `{__name__="odd", instance="", kind="inf"} +Inf`,
		`{__name__="requests_total", instance="a", job="api"} 241`, `{__name__="requests_total", instance="b", job="api"} 241`, `{__name__="requests_total", instance="c", job="api"} 241`,
	}
	whole := []string{
		`{__name__="native", instance="", job="api"} histogram`, `{__name__="native_float", instance="", job="api"} histogram`, `{__name__="native_gauge", instance="", job="api"} gaugehistogram`,
	}
	for name, c := range map[string]struct {
		accept, typ string
		utf8        string
		native      bool
	}{
		"text, escaped": {"text/plain;version=0.0.4", "text/plain; version=0.0.4", `{__name__="utf8_metric", instance="", label_with_dots="x\"y\\\n"} 1`, false},
		"text":          {"text/plain;version=1.0.0;escaping=allow-utf-8", "text/plain; version=0.0.4", `{__name__="utf8.metric", instance="", "label.with.dots"="x\"y\\\n"} 1`, false},
		"openmetrics":   {"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8", "application/openmetrics-text; version=1.0.0", `{__name__="utf8.metric", instance="", "label.with.dots"="x\"y\\\n"} 1`, false},
		"protobuf":      {delimited + ";escaping=allow-utf-8", "application/vnd.google.protobuf", `{__name__="utf8.metric", instance="", "label.with.dots"="x\"y\\\n"} 1`, true},
		"as Prometheus scrapes": {delimited + ";escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=1.0.0;q=0.3,*/*;q=0.1",
			"application/vnd.google.protobuf", `{__name__="utf8.metric", instance="", "label.with.dots"="x\"y\\\n"} 1`, true},
	} {
		t.Run(name, func(t *testing.T) {
			status, typ, body := s.federate(t, c.accept, `{__name__=~".+"}`)
			if status != 200 || !strings.HasPrefix(typ, c.typ) {
				t.Fatalf("%d %s", status, typ)
			}
			want := append(slices.Clone(floats), c.utf8)
			if c.native {
				want = append(want, whole...)
			}
			slices.Sort(want)
			var got []string
			for _, l := range readPage(t, typ, body, ms) {
				if !strings.Contains(l, `"custom`) { // tested below
					got = append(got, l)
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

// A histogram of custom buckets goes on as the classic one that it was.
func TestFederateCustomBuckets(t *testing.T) {
	s := newServer(t, promread.Options{})
	_, typ, body := s.federate(t, "text/plain", "custom")
	got := readPage(t, typ, body, s.now.Add(-time.Minute).UnixMilli())
	var last string
	buckets := 0
	for _, l := range got {
		if strings.Contains(l, "custom_bucket") {
			buckets++
			last = l
		}
	}
	_, count, _ := strings.Cut(got[len(got)-1], "} ")
	if buckets != 6 || !strings.Contains(last, `le="+Inf"`) || !strings.HasSuffix(last, "} "+count) {
		t.Errorf("%d buckets, the last %s, in\n%s", buckets, last, body)
	}
}

func TestFederateRefuses(t *testing.T) {
	s := newServer(t, promread.Options{})
	for match, want := range map[string]string{"up{": "unexpected end of input", strings.Repeat("(", 1e5): "longer than"} {
		if status, _, body := s.federate(t, "", match); status != 400 || !strings.Contains(body, want) {
			t.Errorf("%.40s: %d %.100s", match, status, body)
		}
	}
}

// readPage reads what is on a page, all of it at one time.
func readPage(t *testing.T, typ, body string, ms int64) (out []string) {
	t.Helper()
	p, err := textparse.New([]byte(body), typ, labels.NewSymbolTable(), textparse.ParserOptions{EnableTypeAndUnitLabels: false})
	if err != nil {
		t.Fatal(err)
	}
	var kind string
	for {
		entry, err := p.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, body)
		}
		var ls labels.Labels
		var at *int64
		switch entry {
		case textparse.EntryType:
			_, typ := p.Type()
			kind = string(typ)
			continue
		case textparse.EntrySeries:
			var v float64
			_, at, v = p.Series()
			p.Labels(&ls)
			out = append(out, fmt.Sprintf("%s %v", ls, v))
		case textparse.EntryHistogram:
			var fh *histogram.FloatHistogram
			_, at, _, fh = p.Histogram()
			p.Labels(&ls)
			if fh == nil || fh.Validate() != nil {
				t.Errorf("%s: %v", ls, fh)
			}
			out = append(out, fmt.Sprintf("%s %s", ls, kind))
		default:
			continue
		}
		if at == nil || *at != ms {
			t.Errorf("%s at %v, want %d", ls, at, ms)
		}
	}
}
