package metrics

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/tsdb/index"
	"github.com/prometheus/prometheus/tsdb/wlog"
)

// Report is what a folder of metrics holds, and what is wrong with it.
type Report struct {
	Blocks   []BlockReport // sound ones, oldest first
	Journal  int64         // bytes of samples that are in no block yet
	Notes    []string      // what is no fault
	Damage   []string
	Repaired []string // what was done about it
}

// BlockReport is one block: no file of it changes any more.
type BlockReport struct {
	Name            string
	From, To        time.Time // To is not included
	Series, Samples int64
	Bytes           int64
}

// Check reads all of a folder that no Store has open: every series and every
// chunk of every block by its checksum, and the journal. It changes nothing
// unless it shall repair, and then sets blocks that are damaged aside as
// .damaged, where a Store does not look.
func Check(ctx context.Context, dir string, repair bool) (Report, error) {
	var r Report
	entries, err := os.ReadDir(dir)
	if err != nil {
		return r, err
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch name := e.Name(); {
		case isBlock.MatchString(name):
			err = r.block(ctx, path, repair)
		case strings.HasSuffix(name, ".damaged"):
			r.Notes = append(r.Notes, name+" was set aside earlier and is not read")
		case strings.Contains(name, ".tmp"):
			r.Notes = append(r.Notes, name+" is unfinished; the next start removes it")
		case name == "wal" || name == "wbl":
			err = r.journal(path)
		case strings.HasPrefix(name, "checkpoint"):
			err = r.journal(path)
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return r, err
		}
	}
	slices.SortFunc(r.Blocks, func(a, b BlockReport) int { return a.From.Compare(b.From) })
	return r, nil
}

// isBlock is a ULID, which is how blocks are named.
var isBlock = regexp.MustCompile(`^[0-7][0-9A-HJKMNP-TV-Z]{25}$`)

// block checks one; an error is not of the block, but of the check.
func (r *Report) block(ctx context.Context, dir string, repair bool) error {
	name := filepath.Base(dir)
	b, err := readBlock(ctx, dir)
	if err == nil {
		r.Blocks = append(r.Blocks, b)
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	r.Damage = append(r.Damage, fmt.Sprintf("block %s: %v", name, err))
	if !repair {
		return nil
	}
	if err := os.Rename(dir, dir+".damaged"); err != nil {
		return err
	}
	r.Repaired = append(r.Repaired, "block "+name+" was set aside as "+name+".damaged")
	return nil
}

// readBlock reads all of a block. Damage can be met as a panic of the reader,
// or as a fault of memory that is mapped from a file which ends early.
func readBlock(ctx context.Context, dir string) (out BlockReport, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("cannot be read: %v", p)
		}
	}()
	b, err := tsdb.OpenBlock(nil, dir, nil, nil)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	meta := b.Meta()
	out = BlockReport{Name: filepath.Base(dir), From: time.UnixMilli(meta.MinTime).UTC(), To: time.UnixMilli(meta.MaxTime).UTC(), Bytes: b.Size()}
	if err := out.readSeries(ctx, b); err != nil {
		return out, err
	}
	if s := meta.Stats; uint64(out.Series) != s.NumSeries || uint64(out.Samples) != s.NumSamples {
		return out, fmt.Errorf("holds %d series and %d samples, where its meta.json tells of %d and %d", out.Series, out.Samples, s.NumSeries, s.NumSamples)
	}
	return out, nil
}

// readSeries reads every series of the index and every chunk, all of which
// have checksums.
func (out *BlockReport) readSeries(ctx context.Context, b *tsdb.Block) (err error) {
	ir, err := b.Index()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ir.Close()) }()
	cr, err := b.Chunks()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cr.Close()) }()
	name, value := index.AllPostingsKey()
	all, err := ir.Postings(ctx, name, value)
	if err != nil {
		return err
	}
	var builder labels.ScratchBuilder
	var metas []chunks.Meta
	for all.Next() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := ir.Series(all.At(), &builder, &metas); err != nil {
			return fmt.Errorf("series %d: %w", all.At(), err)
		}
		out.Series++
		for _, m := range metas {
			c, _, err := cr.ChunkOrIterable(m)
			if err != nil {
				return fmt.Errorf("a chunk of series %s: %w", builder.Labels(), err)
			}
			out.Samples += int64(c.NumSamples())
		}
	}
	return all.Err()
}

// journal reads a folder of segments, and the checkpoints in it.
func (r *Report) journal(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && !e.IsDir() {
			r.Journal += info.Size()
		}
		if e.IsDir() && strings.HasPrefix(e.Name(), "checkpoint.") {
			if err := r.journal(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return r.segments(dir)
}

func (r *Report) segments(dir string) (err error) {
	_, last, err := wlog.Segments(dir)
	if err != nil {
		r.Damage = append(r.Damage, fmt.Sprintf("journal %s: %v", filepath.Base(dir), err))
		return nil
	}
	in, err := wlog.NewSegmentsReader(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	reader := wlog.NewReader(in)
	for reader.Next() {
	}
	var torn *wlog.CorruptionErr
	switch err := reader.Err(); {
	case err == nil:
	case errors.As(err, &torn) && torn.Segment == last:
		r.Notes = append(r.Notes, fmt.Sprintf("journal %s ends in a torn record, as after a power cut; the next start cuts it off", filepath.Base(dir)))
	default:
		r.Damage = append(r.Damage, fmt.Sprintf("journal %s: %v; the next start keeps what is in front of it", filepath.Base(dir), err))
	}
	return nil
}
