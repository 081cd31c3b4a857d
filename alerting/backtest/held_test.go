package backtest

import (
	"testing"
	"time"
)

func TestReasonsInWords(t *testing.T) {
	at := func(n int) time.Time { return start.Add(time.Duration(n) * time.Minute) }
	a, b := map[string]string{"a": "1"}, map[string]string{"a": "2"}
	r := &Report{Held: []Held{
		{at(1), a, "team", "silenced by x"}, {at(1), a, "pager", "silenced by x"}, {at(1), b, "team", "silenced by x"}, {at(2), a, "team", "inhibited by D"},
	}}
	for want, reasons := range map[string][]Reason{
		"": nil,
		"held back 3 times: silenced by x (2 times), inhibited by D": r.Reasons(),
		"held back once: the time is within nights":                  {{"the time is within nights", 1}},
		"held back 5 times: a (2 times), b, c, 1 more":               {{"a", 2}, {"b", 1}, {"c", 1}, {"d", 1}},
	} {
		if got := SayHeld(reasons); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
