package store

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"testing"
)

// jsonMember is one member of a JSON object as encoding/json finds it.
type jsonMember struct {
	key string
	raw json.RawMessage
}

func jsonMembers(t *testing.T, raw []byte) []jsonMember {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(raw))
	if _, err := dec.Token(); err != nil {
		t.Fatalf("%q: %v", raw, err)
	}
	var all []jsonMember
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			t.Fatalf("%q: %v", raw, err)
		}
		m := jsonMember{key: key.(string)}
		if err := dec.Decode(&m.raw); err != nil {
			t.Fatalf("%q: %v", raw, err)
		}
		all = append(all, m)
	}
	return all
}

func FuzzSetLine(f *testing.F) {
	for _, s := range []string{
		`{"level":30,"time":1773324360123,"pid":1,"msg":"hello","err":{"type":"E","stack":"a\nb"}}`,
		`{"a":{"b":{"c":{"d":{"e":{"f":{"g":{"h":{"i":1}}}}}}}}}`,
		`{"l":[1,2.5,"x",null,true,{"a":[{}]},[[[[[[[[[1]]]]]]]]]}`,
		`{"":{"":{}},"a.b":-0,"a":{"b":1e5},"big":123456789012345678901234567890}`,
		`{"u":"\u00e9\ud83d\ude00\ud800x","\u006d\u0073\u0067":"m"}`,
		" {\"a\" :\t[ ] } \n", `{"a":1}{`, `[{}]`, `{"a":0x1}`, "{\"a\":\"\xff\"}", `{"level":"INFO+2","ts":1.5e9,"trace":{"id":"7f3a9c51e0b24d687f3a9c51e0b24d68"}}`,
		`{"a":1.}`, `{"a":.5}`, `{"a":-}`, `{"a":00.5}`, `{"a":1.2.3}`, `{"a":0.5,"b":-0.0,"c":-0,"d":999999999999999.9,"e":-12.25}`,
		"2026-03-12 ERROR x", "level=warn x", "[error] y", "E0312 14:06:00.1 x",
		`{"w":{` + strings.Repeat(`"k":[1,2,3],`, 400) + `"z":1},"tail":[1,2]}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		var r Record
		r.SetLine(line)
		if r.Line() != line {
			t.Fatalf("line %q comes back as %q", line, r.Line())
		}
		l := Lines{room: make(Attrs, 0, 3)}
		in := Record{Attrs: Attrs{{"own", Int(1)}}}
		l.Set(&in, line)
		if got, want := in.Attrs[1:], r.Attrs; !Map(got).Equal(Map(want)) || in.Attrs[0].Key != "own" {
			t.Fatalf("%q: in room of its own %v, want %v", line, got, want)
		}
		isObject := json.Valid([]byte(line)) && strings.HasPrefix(strings.TrimLeft(line, " \t\r\n"), "{")
		if isObject != (r.Raw != "") {
			t.Fatalf("%q: encoding/json says object %v, raw %q", line, isObject, r.Raw)
		}
		if isObject {
			c := comparer{t: t, rec: &r, left: r.Attrs}
			c.members("", jsonMembers(t, []byte(line)))
			if len(c.left) > 0 {
				t.Fatalf("%q: attributes from nowhere: %v", line, c.left)
			}
		}
	})
}

// FuzzLines holds that lines before have no say in what becomes of a line, nor
// what becomes of their memory.
func FuzzLines(f *testing.F) {
	f.Add(`{"level":30,"o":{"a":1,"b":"x"},"msg":"m"}`, `{"level":40,"o":{"a":2,"b":"y"},"msg":"n"}`, `{"level":40,"o":{"b":1"a":2}}`)
	f.Add(`{"a":1}`, `{ "a" : 1 }`, `{"a":1 "a":2}`)
	f.Add(`{"a":1}`, `{"a":2}`, `{"a":3}x`)
	f.Add(`{"o":{"a":1}}`, `{"p":{"a":1}}`, `{"o":{"a":{}},"b":2}`)
	f.Add(`{"a":{"b":{"c":1}}}`, `{"a.b":{"c":1},"":{}}`, `{"a":{"b.c":1}}`)
	f.Add(`{"\u0061":0.25,"time":1773324360123}`, "{\"\xff\":1e5,\"\":-1}", `{"a":1.5,"time":1773324360123456}`)
	f.Fuzz(func(t *testing.T, a, b, c string) {
		var l Lines
		for _, line := range []string{a, b, c, a, b, c} {
			sent := []byte(line)
			var got, want Record
			want.SetLine(line)
			l.Set(&got, string(sent))
			sameRecord(t, &got, &want)
		}
	})
}

// FuzzQuotedLines holds that a line inside a JSON string becomes what it
// becomes by itself.
func FuzzQuotedLines(f *testing.F) {
	f.Add(`{"level":30,"o":{"a":1,"b":"x"},"msg":"m"}`, `{\"level\":40,\"o\":{\"a\":2.5,\"b\":\"\u00e9\"},\"msg\":\"n\"}"]`)
	f.Add(`{"level": 30, "msg": "é", "t": true, "f": false, "n": null, "i": -17}`, `{\"level\": 40, \"msg\": \"è\", \"t\": true, \"f\": false, \"n\": null, \"i\": -0}",`)
	f.Add(`{"name":"x","pid":1,"hostname":"h"}`, `{\"name\":\"a\\\"b\",\"pid\":1,\"hostname\":\"h\"}"`)
	f.Add(`{"a":"x"}`, `{\"a\":\"x"}"`)
	f.Add(`{"a":"x"}`, `{\"a\":\"x""}"`)
	f.Fuzz(func(t *testing.T, first, text string) {
		var l Lines
		var got, want Record
		l.Set(&got, first)
		if quoted, err := json.Marshal(first); err == nil {
			sameQuoted(t, &l, string(quoted[1:])+"]", first)
		}
		got = Record{}
		plain, n := l.SetQuoted(&got, text, []byte("before"))
		if n == 0 {
			sameRecord(t, &got, &want)
			return
		}
		var line string
		if err := json.Unmarshal([]byte(`"`+text[:n]), &line); err != nil || string(plain) != "before"+line {
			t.Fatalf("%q: got %q, want %q (%v)", text[:n], plain, line, err)
		}
		sameQuoted(t, &l, text, line)
	})
}

// sameQuoted wants a quoted line to be the line, if it is taken at all.
func sameQuoted(t *testing.T, l *Lines, text, line string) {
	t.Helper()
	var got, want Record
	plain, n := l.SetQuoted(&got, text, nil)
	if n == 0 {
		return
	}
	got.Raw = string(plain)
	want.SetLine(line)
	sameRecord(t, &got, &want)
}

// TestLinesKnowWhatTheySaw holds that the short way is taken at all.
func TestLinesKnowWhatTheySaw(t *testing.T) {
	var l Lines
	for _, line := range []string{
		`{"level":"info","time":1773324360123,"req":{"method":"GET","size":12.5},"msg":"m","ok":true}`,
		`{"level": "info", "n": -5, "none": null}`,
	} {
		var r Record
		if _, n := l.SetQuoted(&r, strings.ReplaceAll(line, `"`, `\"`)+`"]`, nil); n != 0 {
			t.Errorf("%s was known before it was seen", line)
		}
		l.Set(&r, line)
		r = Record{}
		plain, n := l.SetQuoted(&r, strings.ReplaceAll(line, `"`, `\"`)+`"]`, nil)
		if n != len(strings.ReplaceAll(line, `"`, `\"`))+1 || string(plain) != line {
			t.Errorf("%s is not known when it comes again: %d %q", line, n, plain)
		}
	}
}

// comparer walks a document of encoding/json and a record's attributes side by side.
type comparer struct {
	t    *testing.T
	rec  *Record
	left Attrs
}

func (c *comparer) members(prefix string, all []jsonMember) {
	for i, m := range all {
		key := prefix + m.key
		if nested := jsonKind(m.raw) == '{'; nested && !c.nextIs(key) {
			in := jsonMembers(c.t, m.raw)
			if len(in) > 0 {
				c.members(key+".", in)
				continue
			}
		}
		if c.nextIs(prefix+"_rest") && c.isRest(all[i:]) {
			c.left = c.left[1:]
			return
		}
		if c.nextIs(key) && c.same(c.left[0].Value, m.raw) {
			c.left = c.left[1:]
			continue
		}
		if !c.word(key, m.raw) {
			c.t.Fatalf("member %q = %s is lost; next is %v of %+v", key, m.raw, c.left, c.rec)
		}
	}
}

func (c *comparer) nextIs(key string) bool { return len(c.left) > 0 && c.left[0].Key == key }

func (c *comparer) isRest(want []jsonMember) bool {
	rest := c.left[0].Value
	if rest.Kind != KindString || !json.Valid([]byte(rest.Str())) || !strings.HasPrefix(rest.Str(), "{") {
		return false
	}
	got := jsonMembers(c.t, []byte(rest.Str()))
	if len(got) != len(want) {
		return false
	}
	for i := range got {
		if got[i].key != want[i].key || !bytes.Equal(got[i].raw, want[i].raw) {
			return false
		}
	}
	return true
}

// word says whether a member lives on as a word of the record.
func (c *comparer) word(key string, raw []byte) bool {
	var s string
	json.Unmarshal(raw, &s)
	r := c.rec
	lower := strings.ToLower(key)
	switch {
	case strings.Contains(lower, "m") && jsonKind(raw) == '"' && r.Body.Str() == s:
		return true
	case strings.Contains(lower, "number"):
		return strconv.Itoa(int(r.Level)) == string(raw)
	case strings.Contains(lower, "l") && r.LevelText != "":
		return r.LevelText == s || r.LevelText == string(raw)
	case strings.HasPrefix(lower, "trace"):
		return strings.EqualFold(s, r.TraceID.String())
	case strings.HasPrefix(lower, "span"):
		return strings.EqualFold(s, r.SpanID.String())
	case strings.HasPrefix(lower, "service"):
		return r.Service == s
	case strings.Contains(lower, "t"):
		return r.Time != 0
	}
	return false
}

func jsonKind(raw []byte) byte { return bytes.TrimLeft(raw, " \t\r\n")[0] }

// same compares a value with its JSON text.
func (c *comparer) same(v Value, raw []byte) bool {
	text := string(bytes.Trim(raw, " \t\r\n"))
	switch k := jsonKind(raw); k {
	case '"':
		var s string
		return json.Unmarshal(raw, &s) == nil && v.Kind == KindString && v.Str() == s
	case 't', 'f':
		return v.Kind == KindBool && v.Bool() == (k == 't')
	case 'n':
		return v.Kind == KindEmpty
	case '{':
		return v.Kind == KindString && v.Str() == text || v.Kind == KindMap && c.sameItems(v.In(), jsonMembers(c.t, raw))
	case '[':
		var items []json.RawMessage
		if json.Unmarshal(raw, &items) != nil {
			return false
		}
		all := make([]jsonMember, len(items))
		for i := range items {
			all[i].raw = items[i]
		}
		return v.Kind == KindString && v.Str() == text || v.Kind == KindList && c.sameItems(v.In(), all)
	}
	f, err := strconv.ParseFloat(text, 64)
	switch v.Kind {
	case KindInt:
		return strconv.FormatInt(v.Int(), 10) == text
	case KindFloat:
		return err == nil && v.Equal(Float(f))
	}
	_, big := strconv.ParseInt(text, 10, 64)
	return v.Kind == KindString && v.Str() == text && (err != nil || big != nil && !strings.ContainsAny(text, ".eE"))
}

func (c *comparer) sameItems(got Attrs, want []jsonMember) bool {
	if len(got) != len(want) {
		return false
	}
	for i := range got {
		if got[i].Key != want[i].key || !c.same(got[i].Value, want[i].raw) {
			return false
		}
	}
	return true
}

func FuzzParseLevel(f *testing.F) {
	for _, s := range []string{"info", "INFO+2", "30", "error3", "x", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if l, ok := ParseLevel(text); ok != (l != LevelUnset) || l > 24 {
			t.Fatalf("%q: %d %v", text, l, ok)
		}
	})
}
