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

	alone atomic.Bool // could not be merged

	mu      sync.Mutex
	refs    int  // readers
	dropped bool // the file goes with its last reader
	f       file // open while there are readers
	tail    *partTail
	blocks  []blockMeta // nil until first read
	digest  Digest
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
	blocks, err := readIndex(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: index at %d: %w", p.name, p.tail.indexOff, err)
	}
	for i := range blocks {
		m := &blocks[i]
		if end := m.off + int64(m.times.size+m.body.size+m.lines*lineBytes); end > p.tail.indexOff {
			return nil, fmt.Errorf("%s: index at %d: %w", p.name, p.tail.indexOff, errCorrupt)
		}
	}
	p.blocks = blocks
	return blocks, nil
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

// times decodes only the times and classes.
func (pb partBlock) times(c *codecs, b *block) (err error) {
	if b.rawTime, err = pb.read(c, b, b.rawTime, pb.m.off, pb.m.times); err != nil {
		return err
	}
	if err := b.readTimes(b.rawTime, pb.m); err != nil {
		return fmt.Errorf("%s: block at %d: %w", pb.p.name, pb.m.off, err)
	}
	return nil
}

// load decodes the whole block.
func (pb partBlock) load(c *codecs, b *block) (err error) {
	if err := pb.times(c, b); err != nil {
		return err
	}
	off := pb.m.off + int64(pb.m.times.size)
	if b.raw, err = pb.read(c, b, b.raw, off, pb.m.body); err != nil {
		return err
	}
	if err := b.readBody(b.raw, pb.m.rows); err != nil {
		return fmt.Errorf("%s: block at %d: %w", pb.p.name, pb.m.off, err)
	}
	return nil
}

func (pb partBlock) read(c *codecs, b *block, to []byte, off int64, s section) ([]byte, error) {
	if cap(b.packed) < s.size {
		b.packed = make([]byte, s.size)
	}
	packed := b.packed[:s.size]
	if _, err := pb.p.f.ReadAt(packed, off); err != nil {
		return to, fmt.Errorf("%s: block at %d: %w", pb.p.name, off, err)
	}
	raw, err := c.unpack(to, packed, s)
	if err != nil {
		return to, fmt.Errorf("%s: block at %d: %w", pb.p.name, off, err)
	}
	return raw, nil
}

// may asks the block's filter; one that cannot be read says yes.
func (pb partBlock) may(p *plan) bool {
	if pb.m.mask&p.mask == 0 {
		return false
	}
	if p.trivial() {
		return true
	}
	off := pb.m.off + int64(pb.m.times.size+pb.m.body.size)
	var line [lineBytes]byte
	return p.may(func(key uint64) bool {
		if pb.m.lines == 0 {
			return false
		}
		if _, err := pb.p.f.ReadAt(line[:], off+int64(lineOf(key, pb.m.lines)*lineBytes)); err != nil {
			return true
		}
		may, _ := lineHas(line[:], key)
		return may
	})
}
