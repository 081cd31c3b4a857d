package columns

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/klauspost/compress/huff0"
)

// ErrCorrupt says that bytes are not what was packed.
var ErrCorrupt = errors.New("corrupt column")

// Bounds of what is read.
const (
	MaxValues = 1 << 16
	maxStream = 32 << 20 // one unpacked stream
)

// How a stream is compressed.
const (
	streamRaw     = 0
	streamZstd    = 1
	streamHuffman = 2
	streamBits    = 2
)

// minZip is the length from which a stream is tried to be compressed.
const minZip = 24

// Writer packs columns behind Out.
type Writer struct {
	Out   []byte
	Codec *Codec

	raw, zip []byte      // memory to use
	ints     []int64     // of Ints and planes
	numbers  []int64     // for Ints
	codes    []byte      // of forms
	of       []entryForm // of texts
	every    list
	lists    lists
	huff     *huff0.Scratch
}

func (w *Writer) uvarint(v uint64) { w.Out = binary.AppendUvarint(w.Out, v) }
func (w *Writer) varint(v int64)   { w.Out = binary.AppendVarint(w.Out, v) }

// Text writes bytes that are read back by Reader.Text.
func (w *Writer) Text(b []byte) { w.text(string(b)) }

func (w *Writer) text(s string) {
	w.uvarint(uint64(len(s)))
	w.Out = append(w.Out, s...)
}

// stream writes text.
func (w *Writer) stream(b []byte) {
	if len(b) >= minZip {
		if w.zip = w.Codec.Zip(w.zip[:0], b); saves(w.zip, b) {
			w.put(streamZstd, b, w.zip)
			return
		}
	}
	w.put(streamRaw, b, b)
}

// symbols writes bytes that are numbers: some of them are commoner than
// others, whether or not sequences of them come again.
func (w *Writer) symbols(b []byte) {
	if len(b) > huff0.BlockSizeMax {
		w.stream(b)
		return
	}
	if len(b) < minZip {
		w.put(streamRaw, b, b)
		return
	}
	var huff []byte
	ok := mayShrink(b)
	if ok {
		huff, ok = w.huffman(b)
		ok = ok && saves(huff, b)
	}
	if len(b) >= minRepeats {
		most := len(b)
		if ok {
			most = len(huff)
		}
		if w.zip = w.Codec.Zip(w.zip[:0], b); len(w.zip) < most && saves(w.zip, b) {
			w.put(streamZstd, b, w.zip)
			return
		}
	}
	if ok {
		w.put(streamHuffman, b, huff)
	} else {
		w.put(streamRaw, b, b)
	}
}

// mayShrink says whether Huffman codes can save a twentieth: they take no less
// than the entropy, and their table no less than a byte for five that differ
// (measured: for four). That is told in a fraction of the time of making them.
func mayShrink(b []byte) bool {
	if len(b) > maxWeighed {
		return true
	}
	var uses [256]uint16
	for _, c := range b {
		uses[c]++
	}
	differ, saved := 0, float32(0) // bits
	for _, n := range uses {
		if n > 0 {
			differ++
			saved += savedBits[n]
		}
	}
	all := float32(len(b))
	least := (savedBits[len(b)]-saved)/8 + float32(differ)/5
	return least < all-all/20
}

// maxWeighed is the length up to which codes are tried only when they may save.
const maxWeighed = 4096

// savedBits is n·log2(n).
var savedBits = func() (t [maxWeighed + 1]float32) {
	for n := 2; n < len(t); n++ {
		t[n] = float32(float64(n) * math.Log2(float64(n)))
	}
	return t
}()

// minRepeats is the length from which numbers are looked through for sequences
// that come again, which costs more than it saves in fewer.
const minRepeats = 256

// sampled is how much of what is likely random is tried to be compressed.
const sampled = 1024

// random writes bytes that are likely, but not surely, random.
func (w *Writer) random(b []byte) {
	if len(b) > 4*sampled {
		if w.zip = w.Codec.Zip(w.zip[:0], b[:sampled]); !saves(w.zip, b[:sampled]) {
			w.put(streamRaw, b, b)
			return
		}
	}
	w.symbols(b)
}

// saves says that a twentieth is saved.
func saves(zip, raw []byte) bool { return len(zip) < len(raw)-len(raw)/20 }

func (w *Writer) put(how uint64, raw, packed []byte) {
	w.uvarint(uint64(len(raw))<<streamBits | how)
	if how != streamRaw {
		w.uvarint(uint64(len(packed)))
	}
	w.Out = append(w.Out, packed...)
}

// Reader unpacks columns from In; what it gives may be views of In. After a
// fault it gives zeros, and Bad is set.
type Reader struct {
	In    []byte
	Bad   bool
	Codec *Codec
}

func (r *Reader) fail() { r.In, r.Bad = nil, true }

func (r *Reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.In)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.In = r.In[n:]
	return v
}

func (r *Reader) varint() int64 {
	v, n := binary.Varint(r.In)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.In = r.In[n:]
	return v
}

// Byte is the next byte.
func (r *Reader) Byte() byte { return r.byte() }

// Text is a view of bytes written by Writer.Text, at most most.
func (r *Reader) Text(most int) []byte { return r.bytes(uint64(r.count(most))) }

func (r *Reader) byte() byte {
	if len(r.In) == 0 {
		r.fail()
		return 0
	}
	c := r.In[0]
	r.In = r.In[1:]
	return c
}

func (r *Reader) bytes(n uint64) []byte {
	if n > uint64(len(r.In)) {
		r.fail()
		return nil
	}
	b := r.In[:n:n]
	r.In = r.In[n:]
	return b
}

// text is a copy.
func (r *Reader) text() string { return string(r.bytes(r.uvarint())) }

// count reads how many of something follow, at most most.
func (r *Reader) count(most int) int {
	n := r.uvarint()
	if n > uint64(most) {
		r.fail()
		return 0
	}
	return int(n)
}

// stream gives the next stream, which is to be of want bytes.
func (r *Reader) stream(want int) []byte {
	head := r.uvarint()
	n, how := head>>streamBits, head&(1<<streamBits-1)
	if n > maxStream || n != uint64(want) {
		r.fail()
		return nil
	}
	if how == streamRaw {
		return r.bytes(n)
	}
	packed := r.bytes(r.uvarint())
	if r.Bad {
		return nil
	}
	var raw []byte
	err := ErrCorrupt
	switch how {
	case streamZstd:
		raw, err = r.Codec.Unzip(make([]byte, 0, n), packed, want)
	case streamHuffman:
		raw, err = r.unhuffman(packed, want)
	}
	if err != nil || len(raw) != want {
		r.fail()
		return nil
	}
	return raw
}
