package termindex

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
)

// Without ids the first form is as this.
const magic, firstMagic = "TRIPEVX\x02", "TRIPEVX\x01"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// table is what the index needs besides what scorch keeps.
type table struct {
	blocks   int
	loose    set    // blocks of which not every pattern word is indexed
	sets     []set  // distinct sets of blocks
	patterns []int  // pattern number to number of its set
	files    []sums // what scorch wrote
}

// sums says what a file must be.
type sums struct {
	name string
	size uint64
	crc  uint32
}

func (t *table) bytes() []byte {
	b := []byte(magic)
	b = binary.AppendUvarint(b, uint64(len(t.files)))
	for _, f := range t.files {
		b = append(binary.AppendUvarint(b, uint64(len(f.name))), f.name...)
		b = binary.LittleEndian.AppendUint32(binary.AppendUvarint(b, f.size), f.crc)
	}
	b = binary.AppendUvarint(b, uint64(t.blocks))
	b = t.loose.appendTo(b)
	b = binary.AppendUvarint(b, uint64(len(t.sets)))
	for _, s := range t.sets {
		b = s.appendTo(b)
	}
	b = binary.AppendUvarint(b, uint64(len(t.patterns)))
	for _, n := range t.patterns {
		b = binary.AppendUvarint(b, uint64(n))
	}
	return withSum(b)
}

// withSum appends the checksum of all that is before it.
func withSum(b []byte) []byte {
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

var errTable = errors.New("not a table of an index, or a broken one")

func readTable(b []byte) (*table, error) {
	body := len(b) - 4
	if body < len(magic) || string(b[:len(magic)]) != magic && string(b[:len(magic)]) != firstMagic || binary.LittleEndian.Uint32(b[body:]) != crc32.Checksum(b[:body], castagnoli) {
		return nil, errTable
	}
	r := &reader{b: b[len(magic):body]}
	t := &table{}
	for range r.count() {
		f := sums{name: string(r.take(r.count())), size: r.uvarint()}
		if crc := r.take(4); crc != nil {
			f.crc = binary.LittleEndian.Uint32(crc)
		}
		t.files = append(t.files, f)
	}
	t.blocks = r.below(maxBlocks + 1)
	t.loose = r.set(newSet(t.blocks), t.blocks)
	n, words := r.count(), len(t.loose)
	all := make(set, n*words) // one allocation for all
	for i := range n {
		t.sets = append(t.sets, r.set(all[i*words:(i+1)*words], t.blocks))
	}
	for range r.count() {
		t.patterns = append(t.patterns, r.below(len(t.sets)))
	}
	if r.bad || len(r.b) > 0 {
		return nil, errTable
	}
	return t, nil
}

// reader reads numbers; after the first that cannot be, bad is set and all
// others are 0.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

// below reads a number that must be below n.
func (r *reader) below(n int) int {
	v := r.uvarint()
	if n <= 0 || v >= uint64(n) {
		r.bad, r.b = true, nil
		return 0
	}
	return int(v)
}

// count reads how many things of at least a byte follow.
func (r *reader) count() int { return r.below(len(r.b) + 1) }

func (r *reader) take(n int) []byte {
	if n > len(r.b) {
		r.bad, r.b = true, nil
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}
