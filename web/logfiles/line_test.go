package logfiles

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestDecode(t *testing.T) {
	for name, c := range map[string]struct {
		line string
		want piece
	}{
		"plain":                   {"hi", piece{text: "hi"}},
		"docker":                  {`{"log":"hi \u00fc\r\n","stream":"stderr","time":"2026-03-12T14:06:00.5Z"}`, piece{text: "hi ü", time: 1773324360500000000, stream: "stderr"}},
		"docker, part":            {`{"log":"hi","stream":"stdout","time":"2026-03-12T14:06:00Z"}`, piece{text: "hi", time: 1773324360000000000, stream: "stdout", part: true}},
		"docker, spaces":          {`{ "log" : "hi\n", "stream": "stderr", "time": "2026-03-12T14:06:00.5Z" }`, piece{text: "hi", time: 1773324360500000000, stream: "stderr"}},
		"docker, with attributes": {`{"log":"hi\n","stream":"stdout","attrs":{"tag":"x"},"time":"2026-03-12T14:06:00Z"}`, piece{text: "hi", time: 1773324360000000000, stream: "stdout"}},
		"an application's log":    {`{"log":"hi\n","level":"info","time":"2026-03-12T14:06:00Z"}`, piece{text: `{"log":"hi\n","level":"info","time":"2026-03-12T14:06:00Z"}`}},
		"log of no time":          {`{"log":"hi\n"}`, piece{text: `{"log":"hi\n"}`}},
		"CRI":                     {"2026-03-12T14:06:00.000000001Z stdout F hi there", piece{text: "hi there", time: 1773324360000000001, stream: "stdout"}},
		"CRI, with a zone":        {"2026-03-12T16:06:00.5+02:00 stderr F  hi", piece{text: " hi", time: 1773324360500000000, stream: "stderr"}},
		"CRI, part":               {"2026-03-12T14:06:00.000000000Z stdout P hi", piece{text: "hi", time: 1773324360000000000, stream: "stdout", part: true}},
		"CRI, tags":               {"2026-03-12T14:06:00.000000000Z stdout F:x hi", piece{text: "hi", time: 1773324360000000000, stream: "stdout"}},
		"CRI, empty":              {"2026-03-12T14:06:00.000000000Z stdout F ", piece{time: 1773324360000000000, stream: "stdout"}},
		"almost CRI":              {"2026-03-12T14:06:00.000000000Z stdout X hi", piece{text: "2026-03-12T14:06:00.000000000Z stdout X hi"}},
		"broken UTF-8":            {"a\xffb", piece{text: "a\xffb"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := decode(c.line); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestJoin(t *testing.T) {
	at := "2026-03-12T14:06:00.000000000Z "
	for name, c := range map[string]struct {
		lines []string
		goes  string // regular expression of lines that go on
		want  []string
	}{
		"lines of their own":   {[]string{"a", "b"}, "", []string{"a", "b"}},
		"white space":          {[]string{"panic", "\tat x", "  at y", "b"}, "", []string{"panic\n\tat x\n  at y", "b"}},
		"begins with space":    {[]string{" a", "b"}, "", []string{" a", "b"}},
		"a pattern":            {[]string{"E", "Caused by: x", " at", "b"}, "^Caused by", []string{"E\nCaused by: x\n at", "b"}},
		"empty lines":          {[]string{"a", "", "b", "  ", ""}, "", []string{"a", "b\n  "}},
		"JSON does not wait":   {[]string{`{"a":1}`, " x", "b"}, "", []string{`{"a":1}`, " x", "b"}},
		"parts":                {[]string{at + "stdout P ab", at + "stdout P  cd", at + "stdout F ef", at + "stdout F g"}, "", []string{"ab cdef", "g"}},
		"parts, and more":      {[]string{at + "stdout P ab", at + "stdout F cd", at + "stdout P  at", at + "stdout F  x"}, "", []string{"abcd\n at x"}},
		"the other stream":     {[]string{at + "stdout F a", at + "stderr F  b", at + "stdout F  c"}, "", []string{"a", " b", " c"}},
		"docker's parts":       {[]string{`{"log":"ab","stream":"stdout","time":"2026-03-12T14:06:00Z"}`, `{"log":"cd\n","stream":"stdout","time":"2026-03-12T14:06:00Z"}`}, "", []string{"abcd"}},
		"longer than a record": {[]string{strings.Repeat("x", 60), " " + strings.Repeat("y", 60), " z"}, "", []string{strings.Repeat("x", 60), " " + strings.Repeat("y", 60) + "\n z"}},
	} {
		t.Run(name, func(t *testing.T) {
			o := Options{MaxLine: 100}
			if c.goes != "" {
				o.Continue = regexp.MustCompile(c.goes)
			}
			j := joiner{o: &o}
			var got []string
			give := func(r *taken) {
				if r != nil {
					got = append(got, r.text)
				}
			}
			for i, line := range c.lines {
				give(j.add(line, int64(i+1), time.Time{}))
				give(j.ready())
			}
			give(j.flush())
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestCut(t *testing.T) {
	for name, c := range map[string]struct {
		data  string
		ended bool
		line  string
		used  int
	}{
		"a line":              {"ab\ncd", false, "ab", 3},
		"CRLF":                {"ab\r\n", false, "ab", 4},
		"no end yet":          {"ab", false, "", 0},
		"no end any more":     {"ab", true, "ab", 2},
		"too long":            {"0123456789abc\n", false, "0123456789", 10},
		"just as long":        {"012345678\n", false, "012345678", 10},
		"nothing":             {"", true, "", 0},
		"an empty line":       {"\n", false, "", 1},
		"as long, but no end": {"0123456789", false, "0123456789", 10},
	} {
		t.Run(name, func(t *testing.T) {
			if line, used := cut([]byte(c.data), 10, c.ended); string(line) != c.line || used != c.used {
				t.Errorf("got %q, %d", line, used)
			}
		})
	}
}

func TestOrigin(t *testing.T) {
	id := strings.Repeat("0123456789abcdef", 4)
	for path, want := range map[string]string{
		"/var/log/app.log":                                          "app {}",
		"/var/log/pods/shop_web-1_u-1/main/0.log":                   "main {k8s.namespace.name=shop k8s.pod.name=web-1 k8s.pod.uid=u-1 k8s.container.name=main}",
		"/var/log/containers/web-1_shop_main-" + id + ".log":        "main {k8s.pod.name=web-1 k8s.namespace.name=shop k8s.container.name=main container.id=" + id + "}",
		"/var/lib/docker/containers/" + id + "/" + id + "-json.log": "0123456789ab {container.id=" + id + "}",
	} {
		res, service := origin(&cursor{ID: "f1", First: path})
		var pairs []string
		for _, a := range res.Attrs[1:] {
			pairs = append(pairs, a.Key+"="+a.Value.Text())
		}
		if got := fmt.Sprintf("%s {%s}", service, strings.Join(pairs, " ")); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}

func TestLeadingTime(t *testing.T) {
	for line, want := range map[string]int64{
		"2026-03-12T14:06:00Z hi":            1773324360000000000,
		"2026-03-12 14:06:00,5 hi":           1773324360500000000,
		"[2026-03-12 14:06:00] hi":           1773324360000000000,
		"2026-03-12 hi there, how do you do": 0,
		"1773324360 is a number":             0,
		"hi":                                 0,
	} {
		if got := leadingTime(line); got != want {
			t.Errorf("%q: got %d, want %d", line, got, want)
		}
	}
}

// FuzzJoin holds that decoding and joining lose no character of plain lines,
// and that records stay bounded and in order.
func FuzzJoin(f *testing.F) {
	f.Add("a\n b\n\nc\n{\"a\":1}\n", 0)
	f.Add("2026-03-12T14:06:00.000000000Z stdout P ab\n2026-03-12T14:06:00.000000000Z stderr F cd\n", 3)
	f.Add("{\"log\":\"a\",\"stream\":\"stdout\",\"time\":\"2026-03-12T14:06:00Z\"}\n", 1)
	f.Fuzz(func(t *testing.T, text string, _ int) {
		j := joiner{o: &Options{MaxLine: 200}}
		var got, want strings.Builder
		var last int64
		give := func(r *taken) {
			if r == nil {
				return
			}
			if r.end <= last || len(r.text) > 2*200*4 || !utf8.ValidString(r.text) {
				t.Errorf("record %q ends at %d, behind one that ends at %d", r.text, r.end, last)
			}
			last = r.end
			got.WriteString(strings.ReplaceAll(r.text, "\n", ""))
		}
		data, end := []byte(text), int64(0)
		for {
			line, used := cut(data, 200, true)
			if used == 0 {
				break
			}
			data, end = data[used:], end+int64(used)
			want.WriteString(strings.ReplaceAll(decode(string(line)).text, "\n", ""))
			give(j.add(string(line), end, time.Time{}))
			give(j.ready())
		}
		give(j.flush())
		if got.String() != want.String() {
			t.Errorf("got %q, want %q", got.String(), want.String())
		}
	})
}

// FuzzCursor holds that no saved bytes harm, and that what is saved reads back.
func FuzzCursor(f *testing.F) {
	f.Add((&cursor{ID: "f1", Path: "/x", Offset: 7, Tried: 9, Tail: mark{7, 1}}).encode())
	f.Add([]byte(`{"ID":"f1","Offset":-1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, ok := decodeCursor(b)
		if !ok {
			return
		}
		again, ok := decodeCursor(c.encode())
		if !ok || *again != *c {
			t.Errorf("%+v reads back as %+v", c, again)
		}
	})
}
