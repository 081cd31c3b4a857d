package logsapi

import (
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"tripod/store"
)

// FuzzRow writes a line as JSON and as CSV and reads both again.
func FuzzRow(f *testing.F) {
	f.Add("msg", "{\"a\":1}", "name", "=1+1", int64(1773324360123456789), 1.5)
	f.Add("\x00\x1b\x7f\u2028", "caf\xe9", "", "-1", int64(-1), 0.0)
	f.Add("a\"b\\c", "a,b\r\n\"", "msg", "＝x", int64(0), 1e300)
	f.Fuzz(func(t *testing.T, msg, line, name, value string, ns int64, num float64) {
		r := row{time: ns, msg: msg, line: line, fields: store.Attrs{
			{Key: name, Value: store.List(store.String(value), store.Float(num), store.Map(store.Attrs{{Key: value, Value: store.Int(ns)}}))},
			{Key: name, Value: store.String("again")},
		}}
		b := appendRow(nil, &r)
		var got struct {
			Msg, Line string
			Line64    string `json:"line_base64"`
			Fields    map[string][]any
		}
		if err := json.Unmarshal(b, &got); err != nil || strings.Count(string(b), "\n") != 1 {
			t.Fatalf("%s: %v", b, err)
		}
		valid := func(s string) string { return strings.ToValidUTF8(s, "") }
		if valid(strings.ReplaceAll(got.Msg, "\ufffd", "")) != valid(strings.ReplaceAll(msg, "\ufffd", "")) || len(got.Fields) != 1 || len(got.Fields[strings.ToValidUTF8(name, "\ufffd")]) > 3 {
			t.Fatalf("%q became %s", msg, b)
		}
		if exact, err := base64.StdEncoding.DecodeString(got.Line64); utf8.ValidString(line) && got.Line != line || !utf8.ValidString(line) && (err != nil || string(exact) != line) {
			t.Fatalf("line %q became %s", line, b)
		}
		cells, err := csv.NewReader(strings.NewReader(string(appendCells(nil, value, line, "x")))).Read()
		if err != nil || len(cells) != 3 {
			t.Fatalf("%q and %q: %q %v", value, line, cells, err)
		}
		if c := strings.TrimSpace(cells[0]); c != "" && strings.ContainsRune("=@", rune(c[0])) {
			t.Fatalf("%q is run as a formula: %q", value, cells[0])
		}
	})
}

// FuzzAsk reads parameters; what they ask for is sound.
func FuzzAsk(f *testing.F) {
	for _, q := range []string{"q=a&from=now-15m&to=now", "from=1h30m&limit=5&order=oldest", "q={a=\"b\"}&cols=a,b&format=csv", "from=1773324240000000001&to=9e99", "from=2026-03-12T14:04:30Z", "to=now%2B50y", "step=1.5h&q=rate({}[1m])"} {
		f.Add(q)
	}
	w := newWorld(f, Options{})
	f.Fuzz(func(t *testing.T, text string) {
		v, err := url.ParseQuery(text)
		if err != nil {
			return
		}
		k, err := w.api.newAsk(v)
		if err == nil && (k.q.Range.From >= k.q.Range.To || k.q.Limit < 0 || k.step < 0 || len(k.columns) == 0 || len(k.columns) > maxColumns) {
			t.Errorf("%q asks for %+v", text, k)
		}
	})
}
