package termindex

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Ids that hardly ever stand in two blocks would be most of a dictionary. They
// are kept as hashes instead, three bytes for each block that has one, so that
// an answer may name a block too many.

const idsName = "ids.bin"

const idsMagic = "TRIPEVI\x01"

// maxIDs bounds the ids of an index: of blocks behind it the field is partial.
const maxIDs = 1 << 22

// bucketIDs is how many ids a bucket has on average.
const bucketIDs = 64

// idMark is indexed for a block that has ids of a field.
func idMark(name string) string { return name + "\x02" }

// IsID says whether a text may be among Block.IDs: 16 to 64 lower-case
// hexadecimal digits, two for each byte.
func IsID(text string) bool {
	return len(text) >= 16 && len(text) <= 64 && len(text)%2 == 0 && strings.Trim(text, "0123456789abcdef") == ""
}

// idHash is FNV-1a (G. Fowler, L. C. Noll, K.-P. Vo), with its bits mixed by
// the finalizer of SplitMix64 (G. Steele et al., 2014).
func idHash(term string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(term) {
		h = (h ^ uint64(term[i])) * 1099511628211
	}
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

// idList gathers the ids of blocks: 48 bits of a hash, and the block.
type idList []uint64

// add takes the ids of a block, all or none.
func (l *idList) add(block int, terms []string) bool {
	if len(*l)+len(terms) > maxIDs {
		return false
	}
	for _, t := range terms {
		*l = append(*l, idHash(t)&^(1<<16-1)|uint64(block))
	}
	return true
}

// write writes the file: magic, how many bits of a hash name the bucket (1
// byte), where each bucket begins and the last ends, in ids (4 bytes each), and
// of each id the next 8 bits of its hash, and its block (2 bytes).
func (l idList) write(dir string) error {
	slices.Sort(l)
	width := bits.Len(uint(len(l) / bucketIDs))
	b := append([]byte(idsMagic), byte(width))
	at := 0
	for bucket := range 1 << width {
		b = binary.LittleEndian.AppendUint32(b, uint32(at))
		for at < len(l) && bucketOf(l[at], width) == bucket {
			at++
		}
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(at))
	for _, id := range l {
		b = binary.LittleEndian.AppendUint16(append(b, restOf(id, width)), uint16(id))
	}
	return os.WriteFile(filepath.Join(dir, idsName), b, 0o644)
}

func bucketOf(hash uint64, width int) int { return int(hash >> 1 >> (63 - width)) }
func restOf(hash uint64, width int) byte  { return byte(hash << width >> 56) }

// idFile answers for ids; nil when the index has none.
type idFile struct {
	f     *os.File
	width int
}

const idsHead = len(idsMagic) + 1

// openIDs opens what write wrote, whose bytes were checked.
func openIDs(dir string) (*idFile, error) {
	f, err := os.Open(filepath.Join(dir, idsName))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	head := make([]byte, idsHead)
	if _, err := f.ReadAt(head, 0); err != nil || string(head[:len(idsMagic)]) != idsMagic || head[len(idsMagic)] > 32 {
		return nil, errors.Join(fmt.Errorf("%w: %s: not ids of an index", ErrDamaged, f.Name()), f.Close())
	}
	return &idFile{f, int(head[len(idsMagic)])}, nil
}

// find adds the blocks that may have an id.
func (x *idFile) find(term string, blocks int, found set) error {
	if x == nil {
		return nil
	}
	hash := idHash(term)
	ends, first := make([]byte, 8), int64(idsHead)
	if _, err := x.f.ReadAt(ends, first+4*int64(bucketOf(hash, x.width))); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrDamaged, x.f.Name(), err)
	}
	from, to := binary.LittleEndian.Uint32(ends), binary.LittleEndian.Uint32(ends[4:])
	if to < from || to > maxIDs {
		return fmt.Errorf("%w: %s: a bucket of the ids %d to %d", ErrDamaged, x.f.Name(), from, to)
	}
	bucket := make([]byte, 3*(to-from))
	if _, err := x.f.ReadAt(bucket, first+4<<x.width+4+3*int64(from)); err != nil && len(bucket) > 0 {
		return fmt.Errorf("%w: %s: %w", ErrDamaged, x.f.Name(), err)
	}
	for id := range slices.Chunk(bucket, 3) {
		if block := binary.LittleEndian.Uint16(id[1:]); id[0] == restOf(hash, x.width) && int(block) < blocks {
			found.add(uint32(block))
		}
	}
	return nil
}

func (x *idFile) close() error {
	if x == nil {
		return nil
	}
	return x.f.Close()
}
