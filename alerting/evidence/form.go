package evidence

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"tripod/alerting"
)

// formatVersion is the first byte of heads and bodies.
const formatVersion = 1

// The bounds of what is kept, in bytes and in pieces: labels, lines and names
// come from strangers.
const (
	maxText     = 2000
	maxName     = 200
	maxLabels   = 64
	plotLabels  = 32      // of each line of a plot
	maxPlotText = 100     // of a name or value of these
	maxUnpacked = 2 << 20 // of a body; what is made has less, even when JSON writes each byte as six
	idBytes     = 12
)

// body is what evidence says beyond its head.
type body struct {
	Expression *alerting.Plot         `json:"expression,omitempty"`
	Services   []string               `json:"services,omitempty"`
	Beside     []string               `json:"beside,omitempty"`
	From       time.Time              `json:"from"`
	To         time.Time              `json:"to"`
	Traces     []alerting.KeptTrace   `json:"traces,omitempty"`
	Patterns   []alerting.KeptPattern `json:"patterns,omitempty"`
	Lines      int64                  `json:"lines,omitempty"`
	Before     int64                  `json:"before,omitempty"`
	Changes    []alerting.Change      `json:"changes,omitempty"`
	Missing    []alerting.Missing     `json:"missing,omitempty"`
}

// head is what is listed, and what gathering needs to know.
type head struct {
	alerting.EvidenceHead
	Tries   int    // of gathering that were begun
	Without string // why there is no body; empty while there may be one
}

// idOf names the evidence of an alert: the same for the same beginning of the
// same alert, also after a restart.
func idOf(a *alerting.Alert) []byte {
	sum := sha256.Sum256([]byte(a.Fingerprint() + " " + a.StartsAt.UTC().Format(time.RFC3339Nano)))
	return sum[:idBytes]
}

func parseID(s string) ([]byte, bool) {
	id, err := hex.DecodeString(s)
	return id, err == nil && len(id) == idBytes
}

// chainOf is the key of an alert's evidence: the fingerprint, or what is made
// of one that is none.
func chainOf(fingerprint string) []byte {
	if b, err := hex.DecodeString(fingerprint); err == nil && len(b) == 8 {
		return b
	}
	return short("\xff" + fingerprint)
}

func short(s string) []byte {
	sum := sha256.Sum256([]byte(s))
	return sum[:8]
}

func number(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// moment keeps the order of times from 1970 to 2262; others are at the edge.
func moment(t time.Time) []byte {
	if t.Year() < 1970 {
		return number(0)
	}
	return number(uint64(max(t.UnixNano(), 0)))
}

func cut(s string, most int) string {
	s = strings.ToValidUTF8(s, "�")
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// cutMap keeps so many labels, the first by name, with names and values of so
// many bytes at most.
func cutMap(m map[string]string, most, name, value int) map[string]string {
	out := make(map[string]string, min(len(m), most))
	for _, n := range slices.Sorted(maps.Keys(m))[:min(len(m), most)] {
		out[cut(n, name)] = cut(m[n], value)
	}
	return out
}

func encodeHead(h *head) ([]byte, error) {
	b, err := json.Marshal(h)
	return append([]byte{formatVersion}, b...), err
}

func decodeHead(b []byte) (*head, error) {
	if err := checkVersion(b); err != nil {
		return nil, err
	}
	h := &head{}
	if err := json.Unmarshal(b[1:], h); err != nil {
		return nil, fmt.Errorf("%w: %w", err, alerting.ErrInvalid)
	}
	return h, nil
}

func checkVersion(b []byte) error {
	if len(b) == 0 || b[0] != formatVersion {
		return fmt.Errorf("not of format version %d: %w", formatVersion, alerting.ErrInvalid)
	}
	return nil
}

func encodeBody(v *body) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	if len(text) > maxUnpacked {
		return nil, fmt.Errorf("evidence of %d bytes, at most %d are kept: %w", len(text), maxUnpacked, alerting.ErrInvalid)
	}
	var out bytes.Buffer
	out.WriteByte(formatVersion)
	w, err := flate.NewWriter(&out, flate.DefaultCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(text); err != nil {
		return nil, err
	}
	err = w.Close()
	return out.Bytes(), err
}

func decodeBody(b []byte) (*body, error) {
	if err := checkVersion(b); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(b[1:])), maxUnpacked+1))
	if err != nil {
		return nil, fmt.Errorf("unpack: %w: %w", err, alerting.ErrInvalid)
	}
	if len(text) > maxUnpacked {
		return nil, fmt.Errorf("more than %d bytes: %w", maxUnpacked, alerting.ErrInvalid)
	}
	v := &body{}
	if err := json.Unmarshal(text, v); err != nil {
		return nil, fmt.Errorf("%w: %w", err, alerting.ErrInvalid)
	}
	return v, nil
}
