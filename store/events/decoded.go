package events

import (
	"slices"
	"sync"

	"tripod/store/events/columns"
)

// decoded is what was unpacked of a block: it never changes once it is shared,
// and who unpacks more does so in a copy.
type decoded struct {
	head    blockHead
	cols    []col
	shapes  [][]uint32
	times   []int64
	classes columns.Ints
	shapeOf []int64
}

// bytes is about what it takes in memory.
func (d *decoded) bytes() int64 {
	n := 4096 + 8*len(d.times) + d.classes.Bytes() + 8*len(d.shapeOf)
	for i := range d.cols {
		c := &d.cols[i]
		n += 320 + 4*len(c.rank)
		if c.ints != nil {
			n += 256 + c.ints.Bytes()
		}
		if c.floats != nil {
			n += 512 + c.floats.Bytes()
		}
		if c.texts != nil {
			n += c.texts.Bytes()
		}
		if c.lines != nil {
			n += c.lines.bytes() + len(c.byTemplate)*len(d.shapeOf)/8
		}
	}
	return int64(n)
}

// maxDecoded bounds the blocks that are kept unpacked, in bytes: those that a
// query read last, since the next one likely wants them again: a page asks for
// lines, counts and fields of the same range.
const maxDecoded = 24 << 20

// decodedBlocks keeps the blocks that were used last.
type decodedBlocks struct {
	mu   sync.Mutex
	size int64
	list []*keptBlock // used last stands last
}

type keptBlock struct {
	of   *blockMeta
	part *part
	size int64
	decoded
}

// find is what is kept of a block, or nil.
func (k *decodedBlocks) find(m *blockMeta) *decoded {
	k.mu.Lock()
	defer k.mu.Unlock()
	for i := len(k.list) - 1; i >= 0; i-- {
		if b := k.list[i]; b.of == m {
			k.list = append(slices.Delete(k.list, i, i+1), b)
			return &b.decoded
		}
	}
	return nil
}

// keep keeps a block in place of what was kept of it.
func (k *decodedBlocks) keep(pb partBlock, d decoded) {
	b := &keptBlock{of: pb.m, part: pb.p, size: d.bytes(), decoded: d}
	if b.size > maxDecoded/4 {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.drop(func(old *keptBlock) bool { return old.of == pb.m })
	k.list = append(k.list, b)
	over := 0
	for k.size += b.size; k.size > maxDecoded; over++ {
		k.size -= k.list[over].size
	}
	k.list = slices.Delete(k.list, 0, over)
}

// forget drops the blocks of a part.
func (k *decodedBlocks) forget(p *part) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.drop(func(b *keptBlock) bool { return b.part == p })
}

func (k *decodedBlocks) drop(gone func(*keptBlock) bool) {
	k.list = slices.DeleteFunc(k.list, func(b *keptBlock) bool {
		if !gone(b) {
			return false
		}
		k.size -= b.size
		return true
	})
}
