package events

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"path/filepath"
)

const (
	manifestMagic = "TRIPEVM\x01"
	manifestFrame = 4 + 4
	// compactAt is when Open writes the manifest anew.
	compactAt = 256 << 10
)

// edit is one change of what the store consists of; a frame holds the edits
// that happen together.
type edit struct {
	kind byte
	part partInfo // editAdd; editRemove uses only its id
	gen  uint64   // editFlushed: this generation and all before are in parts
}

const (
	editAdd     = 1
	editRemove  = 2
	editFlushed = 3
)

// state is what the edits of a manifest add up to.
type state struct {
	parts   map[uint64]partInfo
	flushed uint64
}

func (s *state) apply(edits []edit) {
	for _, e := range edits {
		switch e.kind {
		case editAdd:
			s.parts[e.part.id] = e.part
		case editRemove:
			delete(s.parts, e.part.id)
		case editFlushed:
			s.flushed = max(s.flushed, e.gen)
		}
	}
}

// edits make this state out of nothing.
func (s *state) edits() []edit {
	out := []edit{{kind: editFlushed, gen: s.flushed}}
	for _, p := range s.parts {
		out = append(out, edit{kind: editAdd, part: p})
	}
	return out
}

func appendEdits(b []byte, edits []edit) []byte {
	at := len(b)
	b = append(b, make([]byte, manifestFrame)...)
	for _, e := range edits {
		b = append(b, e.kind)
		switch e.kind {
		case editAdd:
			b = e.part.appendTo(b)
		case editRemove:
			b = binary.AppendUvarint(b, e.part.id)
		case editFlushed:
			b = binary.AppendUvarint(b, e.gen)
		}
	}
	n := len(b) - at - manifestFrame
	binary.LittleEndian.PutUint32(b[at:], uint32(n))
	binary.LittleEndian.PutUint32(b[at+4:], crc32.Checksum(b[at+manifestFrame:], castagnoli))
	return b
}

// readEdits decodes the first frame of b and its length in b.
func readEdits(b []byte) ([]edit, int, error) {
	if len(b) < manifestFrame {
		return nil, 0, io.ErrUnexpectedEOF
	}
	n := binary.LittleEndian.Uint32(b)
	if int64(n) > int64(len(b)-manifestFrame) {
		return nil, 0, io.ErrUnexpectedEOF
	}
	size := manifestFrame + int(n)
	body := b[manifestFrame:size]
	if crc32.Checksum(body, castagnoli) != binary.LittleEndian.Uint32(b[4:]) {
		return nil, size, fmt.Errorf("checksum: %w", errCorrupt)
	}
	var edits []edit
	for r := (reader{b: body}); len(r.b) > 0; {
		e := edit{kind: r.byte()}
		switch e.kind {
		case editAdd:
			e.part = r.partInfo()
		case editRemove:
			e.part.id = r.uvarint()
		case editFlushed:
			e.gen = r.uvarint()
		default:
			r.fail()
		}
		if r.bad {
			return nil, size, errCorrupt
		}
		edits = append(edits, e)
	}
	return edits, size, nil
}

// readManifest adds up the frames. good is the end of the last sound one; an
// error means that changes may be missing that had happened.
func readManifest(b []byte) (st state, good int64, err error) {
	st = state{parts: map[uint64]partInfo{}}
	if len(b) < len(manifestMagic) || string(b[:len(manifestMagic)]) != manifestMagic {
		return st, 0, fmt.Errorf("manifest header: %w", errCorrupt)
	}
	at := len(manifestMagic)
	for at < len(b) {
		edits, size, err := readEdits(b[at:])
		if err != nil {
			return st, int64(at), err
		}
		st.apply(edits)
		at += size
	}
	return st, int64(at), nil
}

// manifest is the open MANIFEST; its user holds Store.commits.
type manifest struct {
	name string
	f    file
	size int64
	torn bool
}

func manifestName(dir string) string { return filepath.Join(dir, "MANIFEST") }

// write makes edits durable, all or none.
func (m *manifest) write(edits ...edit) error {
	if m.torn {
		if err := m.f.Truncate(m.size); err != nil {
			return fmt.Errorf("cut %s at %d: %w", m.name, m.size, err)
		}
		m.torn = false
	}
	b := appendEdits(nil, edits)
	_, err := m.f.WriteAt(b, m.size)
	if err == nil {
		err = m.f.Sync()
	}
	if err != nil {
		m.torn = m.f.Truncate(m.size) != nil
		return fmt.Errorf("write %s at %d: %w", m.name, m.size, err)
	}
	m.size += int64(len(b))
	return nil
}

// newManifest replaces the file by one that says st.
func newManifest(fs files, dir string, st state) (*manifest, error) {
	m := &manifest{name: manifestName(dir)}
	f, err := fs.Create(m.name + ".tmp")
	if err != nil {
		return nil, err
	}
	b := []byte(manifestMagic)
	for edits := st.edits(); len(edits) > 0; {
		n := min(len(edits), 1000)
		b = appendEdits(b, edits[:n])
		edits = edits[n:]
	}
	if _, err = f.WriteAt(b, 0); err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = fs.Rename(m.name+".tmp", m.name)
	}
	if err == nil {
		err = fs.SyncDir(dir)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	m.f, m.size = f, int64(len(b))
	return m, nil
}
