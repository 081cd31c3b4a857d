package logs

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tripod/store"
	"tripod/store/events"
)

// Bounds of a digest; beyond them names and values are left out.
const (
	maxDigestNames  = 128
	maxDigestValues = 1024 // of one name
	maxDigestText   = 256  // bytes of a name or value
)

// digest keeps which services, levels and resource attributes there are.
type digest struct {
	values map[string]map[string]bool // field name to its values
	last   []string                   // name and value, in turn, of the event before
}

func newDigest() *digest { return &digest{values: map[string]map[string]bool{}} }

// Add notes an event; senders repeat themselves, so the one before is kept.
func (d *digest) Add(e *events.Event) {
	d.put(own+"class", slotWord(int(e.Class)))
	at := 0
	for i := range e.Fields {
		f := &e.Fields[i]
		if f.Name == "" || f.Name[0] != resource[0] && f.Name != wordService {
			continue
		}
		if at+1 < len(d.last) && d.last[at] == f.Name && f.Value.Kind == store.KindString && d.last[at+1] == f.Value.Str() {
			at += 2
			continue
		}
		name, text := strings.Clone(f.Name), strings.Clone(f.Value.Text())
		d.last = append(d.last[:at], name, text)
		at += 2
		d.put(name, text)
	}
}

func (d *digest) put(name, value string) {
	values := d.values[name]
	if values == nil {
		if len(d.values) >= maxDigestNames || len(name) > maxDigestText {
			return
		}
		values = map[string]bool{}
		d.values[name] = values
	}
	if !values[value] && len(values) < maxDigestValues && len(value) <= maxDigestText {
		values[value] = true
	}
}

// Merge adds another digest.
func (d *digest) Merge(other events.Digest) {
	for name, values := range other.(*digest).values {
		for value := range values {
			d.put(name, value)
		}
	}
}

// AppendTo writes: number of names; name, number of values, values.
func (d *digest) AppendTo(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(d.values)))
	for _, name := range slices.Sorted(maps.Keys(d.values)) {
		b = appendText(b, name)
		b = binary.AppendUvarint(b, uint64(len(d.values[name])))
		for _, value := range slices.Sorted(maps.Keys(d.values[name])) {
			b = appendText(b, value)
		}
	}
	return b
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// Read reads what AppendTo wrote.
func (d *digest) Read(b []byte) error {
	r := textReader{b, true}
	for n := r.number(maxDigestNames); n > 0 && r.ok; n-- {
		name := r.text()
		for m := r.number(maxDigestValues); m > 0 && r.ok; m-- {
			d.put(name, r.text())
		}
	}
	if !r.ok || len(r.left) > 0 {
		return fmt.Errorf("digest of log fields is damaged: %w", store.ErrInvalid)
	}
	return nil
}

type textReader struct {
	left []byte
	ok   bool
}

func (r *textReader) number(most uint64) uint64 {
	n, size := binary.Uvarint(r.left)
	if size <= 0 || n > most {
		r.ok = false
		return 0
	}
	r.left = r.left[size:]
	return n
}

func (r *textReader) text() string {
	n := r.number(maxDigestText)
	if !r.ok || n > uint64(len(r.left)) {
		r.ok = false
		return ""
	}
	s := string(r.left[:n])
	r.left = r.left[n:]
	return s
}
