package lokiapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"unicode/utf8"

	"tripod/store"
)

func blamesTheClient(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, store.ErrInvalid) && !errors.Is(err, store.ErrTooLarge) {
		t.Errorf("got %v, want an error that blames the request", err)
	}
}

// FuzzJSON holds that every push that is read is JSON for the standard library
// as well, with the same timestamps and lines.
func FuzzJSON(f *testing.F) {
	f.Add([]byte(jsonPush))
	f.Add([]byte(`{"streams":[{"values":[["1","a\\\"\/\b\f\n\r\t\ud83d\ude00"]],"stream":{}}],"x":[1,{"y":null}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		b := batch{maxLine: 1 << 20}
		if err := b.decodeJSON(body); err != nil {
			blamesTheClient(t, err)
			return
		}
		if !json.Valid(body) {
			t.Fatalf("took %q, which is no JSON", body)
		}
		if !utf8.Valid(body) {
			return // how broken UTF-8 is mended may differ
		}
		for i := range b.records {
			if !utf8.ValidString(b.records[i].Line()) {
				t.Errorf("line %q is no UTF-8", b.records[i].Line())
			}
		}
	})
}

// FuzzString compares strings with the standard library's.
func FuzzString(f *testing.F) {
	f.Add(`"plain"`)
	f.Add(`"a\\\"\/\b\f\n\r\t\u00e9\ud83d\ude00 \ud83d"`)
	f.Fuzz(func(t *testing.T, text string) {
		in := &jsonIn{b: []byte(text)}
		got := in.string("a string")
		in.end()
		var want string
		err := json.Unmarshal([]byte(text), &want)
		if text == "null" {
			return // which leaves a Go string as it is
		}
		if (err == nil) != (in.err == nil) {
			t.Fatalf("%q: got error %v, the library has %v", text, in.err, err)
		}
		if err == nil && utf8.ValidString(text) && got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	})
}

func FuzzProto(f *testing.F) {
	f.Add(protoPush(protoStreamOf(`{job="a"}`, protoEntryOf(1773324360123456789, "line", "k", "v"))))
	f.Fuzz(func(t *testing.T, body []byte) {
		b := batch{maxLine: 1 << 20}
		if err := b.decodeProto(body); err != nil {
			blamesTheClient(t, err)
		}
	})
}

func FuzzSnappy(f *testing.F) {
	f.Add([]byte("\x04\x0cabcd"))
	f.Fuzz(func(t *testing.T, body []byte) {
		b := batch{maxLine: 1 << 20}
		if err := b.decodeSnappy(body); err != nil {
			blamesTheClient(t, err)
		}
	})
}

// FuzzLabels holds that what is read prints to what it was read from.
func FuzzLabels(f *testing.F) {
	for _, s := range []string{`{}`, `{a="b"}`, ` { a = "b\n" , b.c=` + "`x`" + `, } `, `{"é ü"="\u00e9"}`, `{a='b'}`, `{a="b"`, `{1a="b"}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		labels, err := parseLabels(text)
		if err != nil {
			blamesTheClient(t, err)
			return
		}
		again, err := parseLabels(labelString(labels))
		if err != nil || !reflect.DeepEqual(again, labels) {
			t.Errorf("%q printed %q, which reads as %v, %v", text, labelString(labels), again, err)
		}
	})
}

func FuzzParams(f *testing.F) {
	for _, s := range []string{"1773324360123456789", "1773324360.123", "2026-03-12T14:06:00Z", "123ms", "7d", "1e300", "-5", "NaN"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		parseTime(text)
		if d, err := parseDuration(text); err == nil && d < 0 {
			t.Errorf("%q: got the negative duration %v", text, d)
		}
	})
}

// FuzzFrame holds that a frame of a client ends in bounds, or is refused.
func FuzzFrame(f *testing.F) {
	f.Add([]byte{0x81, 0x82, 1, 2, 3, 4, 5, 6})
	f.Add([]byte{0x89, 0x80, 1, 2, 3, 4})
	f.Add([]byte{0x81, 0xFE, 0, 1, 1, 2, 3, 4, 5})
	f.Add([]byte{0x81, 0xFF, 255, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4, 5})
	f.Fuzz(func(t *testing.T, b []byte) {
		op, payload, err := readFrame(bytes.NewReader(b))
		if err == nil && (len(payload) > maxIncoming || op >= opClose && len(payload) > maxControl) {
			t.Errorf("%x: a frame of %d bytes", b, len(payload))
		}
	})
}

// FuzzPlainRun compares eight bytes at a time with one at a time.
func FuzzPlainRun(f *testing.F) {
	f.Add([]byte("plain text of more than eight bytes\"and more"), 3)
	f.Add([]byte("é and a tab\t\\ \x1f\x7f\x80\xff\"\"\""), 0)
	f.Fuzz(func(t *testing.T, b []byte, from int) {
		if from < 0 || from > len(b) {
			return
		}
		want := from
		for want < len(b) && b[want] != '"' && b[want] != '\\' && b[want] >= ' ' {
			want++
		}
		ascii := true
		for _, c := range b[from:want] {
			ascii = ascii && c < utf8.RuneSelf
		}
		if end, all := plainRun(b, from); end != want || all != ascii {
			t.Errorf("%q from %d: got %d %v, want %d %v", b, from, end, all, want, ascii)
		}
	})
}
