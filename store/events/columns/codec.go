package columns

import (
	"fmt"
	"sync"

	"github.com/klauspost/compress/huff0"
	"github.com/klauspost/compress/zstd"
)

// Codec compresses and decompresses; it is safe for use by many goroutines.
type Codec struct {
	enc *zstd.Encoder
	dec *zstd.Decoder
}

// NewCodec makes a codec; close it after use.
func NewCodec() (*Codec, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
		zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(1<<20), zstd.WithEncoderCRC(false),
		zstd.WithAllLitEntropyCompression(true)) // without it bytes of 5 values and more stay raw where nothing repeats
	if err != nil {
		return nil, err
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(2*maxStream))
	if err != nil {
		return nil, err
	}
	return &Codec{enc, dec}, nil
}

// Close frees the codec.
func (c *Codec) Close() {
	c.enc.Close()
	c.dec.Close()
}

// Zip appends src, compressed, to dst.
func (c *Codec) Zip(dst, src []byte) []byte { return c.enc.EncodeAll(src, dst) }

// Unzip appends the decompressed src, of n bytes, to dst.
func (c *Codec) Unzip(dst, src []byte, n int) ([]byte, error) {
	out, err := c.dec.DecodeAll(src, dst)
	if err != nil || len(out)-len(dst) != n {
		return dst, fmt.Errorf("zstd: %w", ErrCorrupt)
	}
	return out, nil
}

// huffman appends src as Huffman codes to dst; false when it saves nothing.
func (w *Writer) huffman(src []byte) ([]byte, bool) {
	if w.huff == nil {
		w.huff = &huff0.Scratch{Reuse: huff0.ReusePolicyNone}
	}
	w.huff.Out = w.huff.Out[:0]
	compress := huff0.Compress1X
	if len(src) >= minParallel {
		compress = huff0.Compress4X
	}
	out, _, err := compress(src, w.huff)
	return out, err == nil
}

// minParallel is the length from which Huffman codes come in four strands.
const minParallel = 1024

// tables are memory for the tables of Huffman codes, some 30 kB each.
var tables = sync.Pool{New: func() any { return new(huff0.Scratch) }}

func (r *Reader) unhuffman(src []byte, n int) ([]byte, error) {
	s := tables.Get().(*huff0.Scratch)
	defer tables.Put(s)
	s, rest, err := huff0.ReadTable(src, s)
	if err != nil {
		return nil, err
	}
	if n >= minParallel {
		return s.Decoder().Decompress4X(make([]byte, 0, n), rest)
	}
	return s.Decoder().Decompress1X(make([]byte, 0, n), rest)
}
