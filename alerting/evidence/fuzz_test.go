package evidence

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"math"
	"testing"
	"time"

	"tripod/alerting"
)

// FuzzBody reads a stored body: it gives one that is written and read again as
// the same, or an error; it never takes more room than it may.
func FuzzBody(f *testing.F) {
	whole := &body{
		Expression: somePlot(), From: fired, To: fired, Services: []string{"api"}, Lines: 3,
		Traces:   []alerting.KeptTrace{{ID: "01", Start: fired, Shown: []alerting.KeptSpan{{Name: "GET /", Duration: time.Second}}}},
		Patterns: []alerting.KeptPattern{{Text: "a <_>", Steps: []int64{1}, Examples: []alerting.KeptLine{{Line: "a 1"}}}},
		Changes:  []alerting.Change{{Time: fired, Kind: alerting.ChangeConfig}}, Missing: []alerting.Missing{{Part: "logs", Why: "late"}},
	}
	for _, b := range []*body{{}, whole} {
		packed, err := encodeBody(b)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(packed)
		f.Add(packed[:len(packed)/2])
	}
	var bomb bytes.Buffer
	bomb.WriteByte(formatVersion)
	w, _ := flate.NewWriter(&bomb, flate.BestCompression)
	w.Write(bytes.Repeat([]byte(" "), 4*maxUnpacked))
	w.Close()
	f.Add(bomb.Bytes())
	f.Add([]byte{2})
	f.Fuzz(func(t *testing.T, in []byte) {
		b, err := decodeBody(in)
		if err != nil {
			return
		}
		packed, err := encodeBody(b)
		if err != nil {
			return // numbers grow when they are written in full
		}
		again, err := decodeBody(packed)
		if err != nil {
			t.Fatal(err)
		}
		if x, y := text(t, b), text(t, again); x != y {
			t.Errorf("%s\nis read again as\n%s", x, y)
		}
	})
}

func text(t *testing.T, b *body) string {
	out, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func FuzzHead(f *testing.F) {
	h := head{EvidenceHead: alerting.EvidenceHead{ID: "00", Name: "A", Labels: map[string]string{"a": "b"}, FiredAt: fired}, Tries: 1}
	seed, err := encodeHead(&h)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte("\x01{}"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, in []byte) {
		h, err := decodeHead(in)
		if err != nil {
			return
		}
		out, err := encodeHead(h)
		if err != nil {
			t.Fatal(err)
		}
		again, err := decodeHead(out)
		if err != nil || again.ID != h.ID || again.Name != h.Name || again.Tries != h.Tries || !again.FiredAt.Equal(h.FiredAt) {
			t.Errorf("%+v is read again as %+v, %v", h, again, err)
		}
	})
}

func TestValuesThatAreNoNumbers(t *testing.T) {
	in := &body{Expression: &alerting.Plot{Lines: []alerting.PlotLine{{Values: []alerting.Value{1, alerting.Value(math.NaN()), alerting.Value(math.Inf(1))}}}}}
	packed, err := encodeBody(in)
	if err != nil {
		t.Fatal(err)
	}
	out, err := decodeBody(packed)
	if err != nil || out.Expression.Lines[0].Values[0] != 1 || !math.IsNaN(float64(out.Expression.Lines[0].Values[2])) {
		t.Errorf("%+v, %v", out, err)
	}
}
