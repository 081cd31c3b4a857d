package events

import (
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"sync/atomic"
)

// part is one immutable file of blocks.
type part struct {
	info partInfo
	name string

	alone    atomic.Bool // could not be merged
	thick    atomic.Bool // could not be thinned
	sealed   atomic.Bool // has an index
	unsealed atomic.Bool // could not get one

	mu        sync.Mutex
	refs      int  // readers
	dropped   bool // the file goes with its last reader
	f         file // open while there are readers
	tail      *partTail
	partIndex // empty until first read
	filters   []atomic.Pointer[filterBits]
	learned   []atomic.Pointer[learnedPairs] // of blocks, nil when not known
	digest    Digest
}

// hold keeps the file until release.
func (p *part) hold() {
	p.mu.Lock()
	p.refs++
	p.mu.Unlock()
}

func (p *part) release(fs files) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refs--; p.refs > 0 {
		return
	}
	if p.f != nil {
		p.f.Close()
		p.f = nil
	}
	if p.dropped {
		p.remove(fs)
	}
}

// remove may fail: recovery removes what stays behind.
func (p *part) remove(fs files) {
	fs.Remove(p.name)
	if p.sealed.Load() {
		fs.RemoveAll(p.indexName())
	}
	fs.Remove(filepath.Dir(p.name)) // goes only when it is empty
}

// open opens a held part's file; the caller holds p.mu.
func (p *part) open(fs files) error {
	if p.f != nil {
		return nil
	}
	f, err := fs.Open(p.name)
	if err == nil {
		p.f = f
	}
	return err
}

// drop removes the file when its last reader has left.
func (p *part) drop(fs files) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dropped = true; p.refs == 0 {
		p.remove(fs)
	}
}

// index opens the file and reads the entries of the blocks once; the part is
// held.
func (p *part) index(fs files, c *codecs) ([]blockMeta, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.open(fs); err != nil || p.blocks != nil {
		return p.blocks, err
	}
	if err := p.readTail(); err != nil {
		return nil, err
	}
	raw, err := p.section(c, p.tail.indexOff, p.tail.index)
	if err != nil {
		return nil, err
	}
	x, err := readIndex(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: index at %d: %w", p.name, p.tail.indexOff, err)
	}
	for i := range x.blocks {
		m := &x.blocks[i]
		if end := m.off + int64(m.bytes()); end > p.tail.indexOff {
			return nil, fmt.Errorf("%s: index at %d: %w", p.name, p.tail.indexOff, errCorrupt)
		}
	}
	p.partIndex, p.filters = x, make([]atomic.Pointer[filterBits], len(x.blocks))
	p.learned = make([]atomic.Pointer[learnedPairs], len(x.blocks))
	return x.blocks, nil
}

// summary reads the digest once; the part is held.
func (p *part) summary(fs files, c *codecs, fresh func() Digest) (Digest, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.digest != nil {
		return p.digest, nil
	}
	if err := p.open(fs); err != nil {
		return nil, err
	}
	if err := p.readTail(); err != nil {
		return nil, err
	}
	off := p.tail.indexOff + int64(p.tail.index.size)
	d := fresh()
	if p.tail.digest.size > 0 {
		raw, err := p.section(c, off, p.tail.digest)
		if err != nil {
			return nil, err
		}
		if err := d.Read(raw); err != nil {
			return nil, fmt.Errorf("%s: digest at %d: %w", p.name, off, err)
		}
	}
	p.digest = d
	return d, nil
}

// maxTail bounds the tail with its footer.
const maxTail = 512

func (p *part) readTail() error {
	if p.tail != nil {
		return nil
	}
	t, err := readPartTail(p.f, p.name)
	if err != nil {
		return err
	}
	if t.info.id != p.info.id {
		return fmt.Errorf("%s: part %d in its footer: %w", p.name, t.info.id, errCorrupt)
	}
	p.tail = t
	return nil
}

func readPartTail(f file, name string) (*partTail, error) {
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	buf := make([]byte, min(size, maxTail))
	if _, err := f.ReadAt(buf, size-int64(len(buf))); err != nil && err != io.EOF {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	t, err := readTail(buf)
	if err != nil || t.indexOff > size {
		return nil, fmt.Errorf("%s: footer at %d: %w", name, size-int64(footerSize), errCorrupt)
	}
	t.info.size = size
	return &t, nil
}

func (p *part) section(c *codecs, off int64, s section) ([]byte, error) {
	packed := make([]byte, s.size)
	if _, err := p.f.ReadAt(packed, off); err != nil {
		return nil, fmt.Errorf("%s: at %d: %w", p.name, off, err)
	}
	raw, err := c.unpack(nil, packed, s)
	if err != nil {
		return nil, fmt.Errorf("%s: at %d: %w", p.name, off, err)
	}
	return raw, nil
}

// partBlock is one block of a held and open part.
type partBlock struct {
	p *part
	m *blockMeta
}

// may asks the block's filter; one that cannot be read says yes.
func (pb partBlock) may(s *Store, p *plan) bool {
	if pb.m.mask&p.mask == 0 {
		return false
	}
	if p.trivial() || pb.m.filter == 0 {
		return true
	}
	f := s.filter(pb)
	if f == nil {
		return true
	}
	return p.may(func(k planKey) bool { return f.Contains(k.hash) || k.within(pb.m) })
}

// maxFilters bounds the filters that are kept in memory.
const maxFilters = 32 << 20

// filter is a block's filter, which is read once; nil when it cannot be.
func (s *Store) filter(pb partBlock) *filterBits {
	at := &pb.p.filters[pb.m.no]
	if f := at.Load(); f != nil {
		return f
	}
	buf := make([]byte, pb.m.filter)
	off := pb.m.off + int64(pb.m.chunks+pb.m.head.size)
	_, err := pb.p.f.ReadAt(buf, off)
	var f *filterBits
	if err == nil {
		f, err = readFilter(buf)
	}
	if err != nil {
		s.damaged(pb.p.name, off, fmt.Errorf("filter: %w", err))
		return nil
	}
	if s.filterBytes.Add(int64(len(buf))) > maxFilters {
		s.forgetFilters()
	}
	at.Store(f)
	return f
}

func (s *Store) forgetFilters() {
	s.filterBytes.Store(0)
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, p := range s.parts {
		p.mu.Lock()
		for i := range p.filters {
			p.filters[i].Store(nil)
		}
		p.mu.Unlock()
	}
}
