package promwrite

import (
	"hash/maphash"
	"sync"

	"github.com/prometheus/prometheus/storage"
)

// maxRefs is how many series one generation remembers: 24 bytes each, 3 MB.
const maxRefs = 1 << 17

// refs remembers the series that a sender's label bytes led to, so that a
// known series costs two hashes of bytes instead of reading, sorting, checking
// and looking up its labels. The key is 128 bits under secret seeds: nobody can
// make two series meet. There are two generations; a full one becomes the old
// one, and what is used of it is carried over.
//
// A reference may outlive its series in the store, which then refuses it; it
// never comes to mean another one.
type refs struct {
	seeds    [2]maphash.Seed
	mu       sync.RWMutex
	cur, old map[refKey]storage.SeriesRef
}

type refKey [2]uint64

func newRefs() *refs {
	return &refs{
		seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()},
		cur:   map[refKey]storage.SeriesRef{},
	}
}

func (r *refs) key(labels []byte) refKey {
	return refKey{maphash.Bytes(r.seeds[0], labels), maphash.Bytes(r.seeds[1], labels)}
}

// get is 0 when the series is not known.
func (r *refs) get(k refKey) storage.SeriesRef {
	r.mu.RLock()
	ref, ok := r.cur[k]
	older := r.old[k]
	r.mu.RUnlock()
	if !ok && older != 0 {
		r.put(k, older)
		return older
	}
	return ref
}

func (r *refs) put(k refKey, ref storage.SeriesRef) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.cur) >= maxRefs {
		r.old, r.cur = r.cur, map[refKey]storage.SeriesRef{}
	}
	r.cur[k] = ref
}
