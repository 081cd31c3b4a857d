package terminal

import (
	"errors"
	"strings"
	"testing"
	"time"
)

const twoSeries = `{"status":"success","data":{"resultType":"matrix","result":[
 {"metric":{"__name__":"up","job":"a","zone":"x"},"values":[[1000,"0"],[1060,"5"],[1180,"10"]]},
 {"metric":{"__name__":"up","job":"b\u001b[2J","zone":"x"},"values":[[1000,"NaN"],[1060,"3"]]}]},"warnings":["half of it"]}`

func span(text, output string) Span {
	return Span{Text: text, Since: 5 * time.Minute, To: time.Unix(1300, 0), Step: time.Minute, Output: output}
}

func TestMetricsArePlotted(t *testing.T) {
	a := &appliance{body: twoSeries}
	c, out, errs := client(t, a, false)
	found, err := c.Metrics(t.Context(), span("up", "text"))
	want := `SERIES              PLOT  LEAST  GREATEST  LAST
up{job="a"}         ▁▅ █  0      10          10
up{job="b\x1b[2J"}   ▁    3      3            3
`
	if !found || err != nil || out.String() != want {
		t.Errorf("got %v %v\n%s want\n%s", found, err, out, want)
	}
	if want := "query=up&start=1000.000&step=60"; !strings.Contains(a.asked, "end=1300.000&"+want) {
		t.Errorf("asked %s", a.asked)
	}
	if errs.String() != "tripod: half of it\n" {
		t.Errorf("said %q", errs)
	}
}

func TestMetricsAsCSVAndJSON(t *testing.T) {
	c, out, _ := client(t, &appliance{body: twoSeries}, false)
	if _, err := c.Metrics(t.Context(), span("up", "csv")); err != nil {
		t.Fatal(err)
	}
	want := "time,__name__,job,zone,value\r\n1970-01-01T00:16:40.000Z,up,a,x,0\r\n"
	if got := out.String(); !strings.HasPrefix(got, want) || strings.Count(got, "\r\n") != 6 {
		t.Errorf("got %q", got)
	}
	out.Reset()
	if _, err := c.Metrics(t.Context(), span("up", "json")); err != nil || strings.TrimSpace(out.String()) != twoSeries {
		t.Errorf("got %q, %v", out, err)
	}
}

func TestMetricsAsTable(t *testing.T) {
	c, out, _ := client(t, &appliance{body: twoSeries}, false)
	q := span("up", "text")
	q.Table = true
	if _, err := c.Metrics(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out.String(), "\n")
	if len(lines) != 7 || strings.Join(strings.Fields(lines[0]), " ") != "TIME __NAME__ JOB ZONE VALUE" || strings.Contains(out.String(), "\x1b") {
		t.Errorf("got\n%s", out)
	}
	for i := 2; i < 6; i++ {
		if lines[i][:24] < lines[i-1][:24] {
			t.Errorf("%s stands behind %s", lines[i], lines[i-1])
		}
	}
}

func TestWrongMetrics(t *testing.T) {
	for name, c := range map[string]struct {
		a    appliance
		kind error
		says string
	}{
		"a wrong query":   {appliance{status: 400, body: `{"status":"error","errorType":"bad_data","error":"1:4: parse error"}`}, ErrRefused, "1:4: parse error"},
		"no Prometheus":   {appliance{status: 404, body: "no"}, ErrUnreachable, "404"},
		"half an answer":  {appliance{body: `{"status":"success","data":`}, ErrUnreachable, "broke off"},
		"cannot be read":  {appliance{body: `<html>`}, ErrUnreachable, "broke off"},
		"nothing there":   {appliance{body: `{"status":"success","data":{"resultType":"matrix","result":[]}}`}, nil, ""},
		"only histograms": {appliance{body: `{"status":"success","data":{"result":[{"metric":{"a":"b"},"histograms":[]}]}}`}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			cl, _, _ := client(t, &c.a, false)
			found, err := cl.Metrics(t.Context(), span("up", "text"))
			if c.kind == nil {
				if err != nil || found != strings.HasPrefix(name, "only") {
					t.Errorf("got %v %v", found, err)
				}
				return
			}
			if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %v with %q", err, c.kind, c.says)
			}
		})
	}
}

func TestTracesAreListed(t *testing.T) {
	a := &appliance{body: `{"traces":[{"traceID":"4bf9","rootServiceName":"shop","rootTraceName":"GET /\u001b[2J","startTimeUnixNano":"1000500000000","durationMs":41.5,"spanSets":[{"matched":2},{"matched":1}]}]}`}
	c, out, _ := client(t, a, false)
	found, err := c.Traces(t.Context(), Span{Text: "{ status = error }", Since: time.Hour, To: time.Unix(5000, 0), Limit: 3})
	want := `TIME                      TRACE  SERVICE  OPERATION     MATCHED  DURATION
1970-01-01T00:16:40.500Z  4bf9   shop     GET /\x1b[2J  3          41.5ms
`
	if !found || err != nil || out.String() != want {
		t.Errorf("got %v %v\n%s want\n%s", found, err, out, want)
	}
	if want := "end=5001&limit=3&q=%7B+status+%3D+error+%7D&start=1400"; !strings.HasSuffix(a.asked, want) {
		t.Errorf("asked %s", a.asked)
	}
}
