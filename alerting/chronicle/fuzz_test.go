package chronicle

import (
	"bytes"
	"maps"
	"testing"
	"time"

	"tripod/alerting"
)

// FuzzHead and FuzzStep read stored values: they give one that is written and
// read again as the same, or an error.
func FuzzHead(f *testing.F) {
	at := time.Date(2026, 3, 12, 14, 6, 0, 1, time.UTC)
	f.Add(encode(&head{Alert: "0123456789abcdef", Name: "A", Labels: map[string]string{"a": "b"}, Last: at, End: at, Rule: alerting.StepOver, Steps: 3, Gone: 1}))
	f.Add(encode(&head{}))
	f.Add([]byte{})
	f.Add([]byte{2, '{', '}'})
	f.Add([]byte("\x01{\"last\":\"9999-99-99\"}"))
	f.Fuzz(func(t *testing.T, in []byte) {
		var h, again head
		if decode(in, &h) != nil {
			return
		}
		out := encode(&h)
		if err := decode(out, &again); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(out, encode(&again)) || !maps.Equal(h.Labels, again.Labels) || !h.Last.Equal(again.Last) || !h.End.Equal(again.End) || h.Steps != again.Steps || h.Gone != again.Gone {
			t.Errorf("%+v is read again as %+v", h, again)
		}
	})
}

func FuzzStep(f *testing.F) {
	at := time.Date(2026, 3, 12, 14, 6, 0, 1, time.UTC)
	f.Add(encode(step{at, alerting.StepSilenced, "g", "Slack", []string{"a", "b"}, "d", "id"}))
	f.Add(encode(step{}))
	f.Add([]byte{1})
	f.Add([]byte("\x01{\"by\":[1]}"))
	f.Fuzz(func(t *testing.T, in []byte) {
		var s, again step
		if decode(in, &s) != nil {
			return
		}
		out := encode(s)
		if err := decode(out, &again); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(out, encode(again)) || !s.Time.Equal(again.Time) || len(s.By) != len(again.By) {
			t.Errorf("%+v is read again as %+v", s, again)
		}
		said, resaid := s.of(&head{}), again.of(&head{})
		if said.Say() != resaid.Say() {
			t.Errorf("%q is said again as %q", said.Say(), resaid.Say())
		}
	})
}
