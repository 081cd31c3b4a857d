package promread

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/tsdb/chunks"
)

// stream writes chunks while it reads them. What goes wrong before the first
// frame has a status of its own; behind it the connection is cut, which is how
// a client sees that the answer is not whole.
func (a *API) stream(w http.ResponseWriter, r *http.Request, req *prompb.ReadRequest) {
	sets := make([][]*labels.Matcher, len(req.Queries))
	for i, q := range req.Queries {
		var err error
		if sets[i], err = matchers(q.Matchers); err != nil {
			fail(w, fmt.Errorf("query %d: %w", i, err))
			return
		}
	}
	w.Header().Set("Content-Type", "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse")
	out := &frames{w: w, max: a.o.FrameBytes}
	for i, q := range req.Queries {
		if err := a.streamQuery(r.Context(), out, int64(i), q, sets[i]); err != nil {
			if out.begun {
				panic(http.ErrAbortHandler)
			}
			w.Header().Del("Content-Type")
			fail(w, fmt.Errorf("query %d: %w", i, err))
			return
		}
	}
}

func (a *API) streamQuery(ctx context.Context, out *frames, index int64, q *prompb.Query, ms []*labels.Matcher) error {
	in, err := a.samples.ChunkQuerier(q.StartTimestampMs, q.EndTimestampMs)
	if err != nil {
		return err
	}
	defer in.Close()
	set := in.Select(ctx, true, hints(q.Hints), ms...) // the protocol wants them sorted
	var it chunks.Iterator
	for set.Next() {
		series := set.At()
		it = series.Iterator(it)
		if err := out.series(index, series.Labels(), it); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return set.Err()
}

// frames writes messages of one series each, every one behind its length as
// an uvarint and its CRC-32C, big-endian.
type frames struct {
	w     io.Writer
	max   int // bytes of labels and chunks, more or less
	begun bool
	ls    []prompb.Label
	chks  []prompb.Chunk
	buf   []byte
}

func (f *frames) series(index int64, ls labels.Labels, it chunks.Iterator) error {
	f.ls = prompb.FromLabels(ls, f.ls)
	room := f.max
	for _, l := range f.ls {
		room -= l.Size()
	}
	f.chks = f.chks[:0]
	size := 0
	for it.Next() {
		meta := it.At()
		if meta.Chunk == nil {
			return fmt.Errorf("chunk %d has no data", meta.Ref)
		}
		c := prompb.Chunk{MinTimeMs: meta.MinTime, MaxTimeMs: meta.MaxTime, Type: prompb.Chunk_Encoding(meta.Chunk.Encoding()), Data: meta.Chunk.Bytes()}
		f.chks = append(f.chks, c)
		if size += c.Size(); size >= room {
			if err := f.flush(index); err != nil {
				return err
			}
			size = 0
		}
	}
	if err := it.Err(); err != nil {
		return err
	}
	if len(f.chks) == 0 {
		return nil
	}
	return f.flush(index)
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (f *frames) flush(index int64) error {
	msg := prompb.ChunkedReadResponse{QueryIndex: index, ChunkedSeries: []*prompb.ChunkedSeries{{Labels: f.ls, Chunks: f.chks}}}
	n := msg.Size()
	const head = binary.MaxVarintLen64 + 4
	f.buf = slices.Grow(f.buf[:0], head+n)
	b := binary.AppendUvarint(f.buf, uint64(n))
	at := len(b)
	b = b[:at+4+n]
	if _, err := msg.MarshalToSizedBuffer(b[at+4:]); err != nil {
		return err
	}
	binary.BigEndian.PutUint32(b[at:], crc32.Checksum(b[at+4:], castagnoli))
	f.chks, f.begun = f.chks[:0], true
	_, err := f.w.Write(b)
	return err
}
