package events

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"path/filepath"
	"slices"
)

// salvage is what is kept of a block of a damaged part.
type salvage struct {
	partBlock
	whole bool
	rows  []int // those that can be read, unless it is whole
	last  int64 // time of the last one kept
}

// mend writes a damaged part anew from all that is sound in it, puts that in
// its place and sets it aside. sound says so of each block; from is the first
// of the part's faults, which are told what was done.
func (k *checker) mend(p *part, blocks []blockMeta, sound []bool, from int) {
	if !k.o.Repair || len(k.out.Faults) == from {
		return
	}
	var kept []salvage
	rows := 0
	for i := range blocks {
		b := salvage{partBlock: partBlock{p, &blocks[i]}, whole: sound[i], last: blocks[i].max}
		if !b.whole {
			b.rows, b.last = k.readable(b.partBlock)
		}
		if n := b.count(); n > 0 {
			kept = append(kept, b)
			rows += n
		}
	}
	said, err := k.replace(p, kept)
	switch {
	case err != nil:
		said = ""
		k.fault(p.name, 0, fmt.Errorf("it could not be repaired: %w", err), "")
	case rows > 0:
		said = fmt.Sprintf("%d of its %d rows were written anew; %s", rows, p.info.rows, said)
	}
	for i := range k.out.Faults[from:] {
		k.out.Faults[from+i].Repaired = said
	}
}

func (b *salvage) count() int {
	if b.whole {
		return b.m.rows
	}
	return len(b.rows)
}

// readable are the rows of a broken block that can be read: a shape of which
// one row cannot be is given up.
func (k *checker) readable(pb partBlock) (rows []int, last int64) {
	var b block
	var e Event
	lost := map[int64]bool{}
	again := true
	for i := range pb.m.rows {
		if again && (b.open(pb, k.s.codecs, nil) != nil || b.marks() != nil || !b.rows()) {
			return nil, 0
		}
		again = false
		shape := b.shapeOf[i]
		if lost[shape] {
			continue
		}
		if b.event(i, &e, nil) != nil {
			lost[shape], again = true, true // what it knows of its columns may be half done
			continue
		}
		rows, last = append(rows, i), e.Time
	}
	return rows, last
}

// replace swaps a part for another one of what is kept, if anything is. It is
// as safe as any publishing: the new part is whole and synced when one frame of
// the manifest names it instead of the old one, which then goes aside.
func (k *checker) replace(p *part, kept []salvage) (said string, err error) {
	st, m, err := k.openManifest()
	if err != nil {
		return "", err
	}
	defer m.f.Close()
	edits := []edit{{kind: editRemove, part: p.info}}
	if len(kept) > 0 {
		info := p.info
		info.id = slices.Max(slices.Collect(maps.Keys(st.parts))) + 1
		info.max, info.rows = kept[len(kept)-1].last, 0
		fresh, err := k.write(info, p, kept)
		if err != nil {
			return "", err
		}
		edits = append(edits, edit{kind: editAdd, part: fresh.info})
	}
	if err := m.write(edits...); err != nil {
		return "", err
	}
	k.s.o.files.RemoveAll(p.indexName())
	aside := p.name + ".damaged"
	if err := k.s.o.files.Rename(p.name, aside); err != nil {
		return "", fmt.Errorf("taken out of the manifest, but: %w", err)
	}
	return "it is set aside as " + filepath.Base(aside), k.s.o.files.SyncDir(filepath.Dir(p.name))
}

// openManifest opens a sound manifest; any other Open mends first.
func (k *checker) openManifest() (st state, m manifest, err error) {
	name := manifestName(k.s.dir)
	b, err := k.s.readAll(name)
	if err != nil {
		return st, m, err
	}
	st, good, err := readManifest(b)
	if err != nil {
		return st, m, fmt.Errorf("the manifest is damaged, which the next start mends: %w", err)
	}
	f, err := k.s.o.files.Edit(name)
	return st, manifest{name: name, f: f, size: good}, err
}

// write makes a part of what is kept of another one.
func (k *checker) write(info partInfo, p *part, kept []salvage) (*part, error) {
	s := k.s.forPart(p)
	w, err := s.createPart(info)
	if err != nil {
		return nil, err
	}
	for i := range kept {
		if err := k.copy(w, &kept[i]); err != nil {
			w.abort()
			return nil, err
		}
	}
	return w.finish()
}

// forPart is a store that groups as the one did that wrote the part.
func (s *Store) forPart(p *part) *Store {
	o := s.o
	o.CountBy, o.CountSame = p.by, p.same
	return &Store{dir: s.dir, o: o, codecs: s.codecs}
}

// copy takes over a block as it is, or its rows; the digest learns of each.
func (k *checker) copy(w *partWriter, kept *salvage) error {
	var b block
	var e Event
	if err := b.open(kept.partBlock, k.s.codecs, nil); err != nil {
		return err
	}
	if !kept.whole {
		for _, i := range kept.rows {
			if err := b.event(i, &e, nil); err != nil {
				return err
			}
			if err := w.add(&e); err != nil {
				return err
			}
		}
		return nil
	}
	for i := 0; i < kept.m.rows && w.digest != nil; i++ {
		if err := b.event(i, &e, nil); err != nil {
			return err
		}
		w.digest.Add(&e)
	}
	raw := make([]byte, kept.m.bytes())
	if _, err := kept.p.f.ReadAt(raw, kept.m.off); err != nil {
		return err
	}
	return w.take(kept.partBlock, raw)
}

// indexAnyway reads the index of a part of which one byte of the index, or of
// the tail with its footer, is wrong: its CRC tells which one. Nil when more is.
// What a wrong guess would make of the index the CRCs of the blocks tell.
func (k *checker) indexAnyway(p *part) []blockMeta {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.f == nil || p.tail == nil && !p.mendTail() {
		return nil
	}
	packed := make([]byte, p.tail.index.size)
	if _, err := p.f.ReadAt(packed, p.tail.indexOff); err != nil {
		return nil
	}
	if crc32.Checksum(packed, castagnoli) != p.tail.index.sum && !mendByte(packed, p.tail.index.sum) {
		return nil
	}
	raw, err := k.s.codecs.unpack(nil, packed, p.tail.index)
	if err != nil {
		return nil
	}
	x, err := readIndex(raw)
	if err != nil || slices.ContainsFunc(x.blocks, func(m blockMeta) bool { return m.off+int64(m.bytes()) > p.tail.indexOff }) {
		return nil
	}
	p.partIndex = x
	return x.blocks
}

// mendTail looks for the byte of the tail or the footer that makes it the one
// of the part that the manifest knows.
func (p *part) mendTail() bool {
	size, err := p.f.Size()
	if err != nil {
		return false
	}
	buf := make([]byte, min(size, maxTail))
	if _, err := p.f.ReadAt(buf, size-int64(len(buf))); err != nil && !errors.Is(err, io.EOF) {
		return false
	}
	want := p.info
	want.size = 0
	for i := range buf {
		was := buf[i]
		for other := range 256 {
			buf[i] = byte(other)
			if t, err := readTail(buf); err == nil && t.info == want && t.indexOff <= size {
				p.tail = &t
				return true
			}
		}
		buf[i] = was
	}
	return false
}

// mendByte changes the one byte of b that keeps it from having a CRC, and says
// whether there is one. The CRC is linear: a byte that is changed by x changes
// it by the CRC register of x and as many zeros as there are bytes behind.
func mendByte(b []byte, sum uint32) bool {
	wrong := crc32.Checksum(b, castagnoli) ^ sum
	var change [256]uint32
	copy(change[:], castagnoli[:])
	for i := len(b) - 1; i >= 0; i-- {
		for x := 1; x < 256; x++ {
			if change[x] == wrong {
				b[i] ^= byte(x)
				return true
			}
			change[x] = change[x]>>8 ^ castagnoli[byte(change[x])]
		}
	}
	return false
}
