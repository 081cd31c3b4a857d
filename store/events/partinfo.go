package events

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"path/filepath"
	"time"
)

const (
	partMagic  = "TRIPEVP\x04"
	footerSize = 4 + 4 + len(partMagic)
)

// partInfo is what the manifest says of a part; its footer says the same.
type partInfo struct {
	id             uint64
	level          uint8  // times that it was merged
	gen            uint64 // newest journal generation in it
	rows           int
	min, max       int64 // time
	minSeq, maxSeq uint64
	size           int64 // of the file
}

// day is the folder, the UTC day of the newest event.
func (p *partInfo) day() string {
	return time.Unix(0, p.max).UTC().Format(time.DateOnly)
}

// oneDay says that no event is of an earlier day.
func (p *partInfo) oneDay() bool { return floorDiv(p.min, day) == floorDiv(p.max, day) }

const day = 24 * 60 * minute

func (p *partInfo) file(dir string) string {
	return filepath.Join(dir, p.day(), fmt.Sprintf("p-%d.part", p.id))
}

func (p *partInfo) appendTo(b []byte) []byte {
	b = binary.AppendUvarint(b, p.id)
	b = append(b, p.level)
	b = binary.AppendUvarint(b, p.gen)
	b = binary.AppendUvarint(b, uint64(p.rows))
	b = binary.AppendVarint(b, p.min)
	b = binary.AppendVarint(b, p.max)
	b = binary.AppendUvarint(b, p.minSeq)
	b = binary.AppendUvarint(b, p.maxSeq)
	return binary.AppendUvarint(b, uint64(p.size))
}

func (r *reader) partInfo() partInfo {
	p := partInfo{id: r.uvarint(), level: r.byte(), gen: r.uvarint(), rows: int(r.uvarint())}
	p.min, p.max = r.varint(), r.varint()
	p.minSeq, p.maxSeq = r.uvarint(), r.uvarint()
	p.size = int64(r.uvarint())
	if p.rows < 1 || p.min > p.max || p.size < 0 || p.minSeq > p.maxSeq {
		r.fail()
	}
	return p
}

// partTail is the last structure of a part file.
type partTail struct {
	info          partInfo // size is 0 in the file
	indexOff      int64
	index, digest section // the digest follows the index
}

func (t *partTail) appendTo(b []byte) []byte {
	at := len(b)
	b = t.info.appendTo(b)
	b = binary.AppendUvarint(b, uint64(t.indexOff))
	b = t.index.appendTo(b)
	b = t.digest.appendTo(b)
	n, sum := len(b)-at, crc32.Checksum(b[at:], castagnoli)
	b = binary.LittleEndian.AppendUint32(b, uint32(n))
	b = binary.LittleEndian.AppendUint32(b, sum)
	return append(b, partMagic...)
}

// readTail decodes the end of a part file.
func readTail(b []byte) (partTail, error) {
	if len(b) < footerSize {
		return partTail{}, errCorrupt
	}
	foot := b[len(b)-footerSize:]
	n := binary.LittleEndian.Uint32(foot)
	if magic := string(foot[8:]); magic != partMagic || int64(n) > int64(len(b)-footerSize) {
		return partTail{}, errCorrupt
	}
	body := b[len(b)-footerSize-int(n) : len(b)-footerSize]
	if crc32.Checksum(body, castagnoli) != binary.LittleEndian.Uint32(foot[4:]) {
		return partTail{}, errCorrupt
	}
	r := reader{b: body}
	t := partTail{info: r.partInfo(), indexOff: int64(r.uvarint()), index: r.section(), digest: r.section()}
	if r.bad || t.indexOff < 0 {
		return partTail{}, errCorrupt
	}
	return t, nil
}

func (s section) appendTo(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(s.size))
	b = binary.AppendUvarint(b, uint64(s.raw))
	return binary.LittleEndian.AppendUint32(b, s.sum)
}

func (r *reader) section() section {
	s := section{size: int(r.uvarint()), raw: int(r.uvarint())}
	s.sum = r.uint32()
	if s.size < 0 || s.size > maxSection || s.raw < 0 || s.raw > maxSection {
		r.fail()
	}
	return s
}
