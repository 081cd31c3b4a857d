package chronicle

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"tripod/alerting"
)

// formatVersion is the first byte of the values that are JSON.
const formatVersion = 1

// The bounds of one step, in bytes and in pieces: labels come from strangers.
const (
	maxText   = 1024
	maxBy     = 20
	maxLabels = 64
)

// head is what the steps of an episode share.
type head struct {
	Alert  string            `json:"alert,omitempty"`
	Name   string            `json:"name"`
	Labels map[string]string `json:"labels,omitempty"`
	Last   time.Time         `json:"last"`         // time of the last step
	End    time.Time         `json:"end,omitzero"` // zero while it goes on
	Rule   alerting.StepKind `json:"rule,omitempty"`
	Steps  int               `json:"steps"` // that are there
	Gone   int               `json:"gone,omitempty"`
}

// step is alerting.Step without what the head says.
type step struct {
	Time     time.Time         `json:"time"`
	Kind     alerting.StepKind `json:"kind"`
	Group    string            `json:"group,omitempty"`
	Receiver string            `json:"receiver,omitempty"`
	By       []string          `json:"by,omitempty"`
	Detail   string            `json:"detail,omitempty"`
	Delivery string            `json:"delivery,omitempty"`
}

func stepOf(s *alerting.Step) step {
	out := step{s.Time, s.Kind, cut(s.Group), cut(s.Receiver), nil, cut(s.Detail), cut(s.Delivery)}
	for i, by := range s.By {
		if i == maxBy {
			break
		}
		out.By = append(out.By, cut(by))
	}
	return out
}

func (s step) of(h *head) alerting.Step {
	return alerting.Step{
		Time: s.Time, Alert: h.Alert, Name: h.Name, Kind: s.Kind, Group: s.Group, Receiver: s.Receiver, By: s.By, Detail: s.Detail, Delivery: s.Delivery,
	}
}

func cut(s string) string {
	if len(s) <= maxText {
		return s
	}
	return strings.ToValidUTF8(s[:maxText], "") + "…"
}

func cutLabels(labels map[string]string) map[string]string {
	out := make(map[string]string, min(len(labels), maxLabels))
	for name, value := range labels {
		if len(out) == maxLabels {
			break
		}
		out[cut(name)] = cut(value)
	}
	return out
}

// chainOf names the chain of an alert, or of a rule.
func chainOf(fingerprint, name string) []byte {
	if b, err := hex.DecodeString(fingerprint); err == nil && len(b) == 8 {
		return b
	}
	return short("\xff" + fingerprint + name)
}

func short(s string) []byte {
	sum := sha256.Sum256([]byte(s))
	return sum[:8]
}

func number(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func moment(t time.Time) []byte { return number(uint64(t.UnixNano())) }

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("chronicle: " + err.Error()) // plain data of our own
	}
	return append([]byte{formatVersion}, b...)
}

func decode(b []byte, into any) error {
	if len(b) == 0 || b[0] != formatVersion {
		return fmt.Errorf("not of format version %d: %w", formatVersion, alerting.ErrInvalid)
	}
	if err := json.Unmarshal(b[1:], into); err != nil {
		return fmt.Errorf("%w: %w", err, alerting.ErrInvalid)
	}
	return nil
}
