package termindex

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/blevesearch/bleve/v2/index/scorch"
	index "github.com/blevesearch/bleve_index_api"
)

// ErrDamaged marks an index that is missing, torn or otherwise broken: it has
// to be built again, and answers nothing until then.
var ErrDamaged = errors.New("damaged index")

const tableName = "table.bin"

// Index is an open index: three open files and one goroutine until Close. Its
// answers are ascending block numbers; a block that is not among them has not
// what was asked for. Safe for concurrent use.
type Index struct {
	t      *table
	dir    string
	size   int64
	scorch index.Index
	reader index.IndexReader
	seg    *scorch.SegmentSnapshot
	ids    *idFile
}

// Open checks every byte of the index and opens it, which takes some 1 ms:
// keep it open while it is asked often.
// Errors that wrap ErrDamaged mean that it must be built again.
func Open(dir string) (x *Index, err error) {
	defer damaged(dir, &err)
	b, err := os.ReadFile(filepath.Join(dir, tableName))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	} else if err != nil {
		return nil, err
	}
	t, err := readTable(b)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrDamaged, filepath.Join(dir, tableName), err)
	}
	x = &Index{t: t, dir: dir, size: int64(len(b))}
	if err := x.checkFiles(); err != nil {
		return nil, err
	}
	if err := x.open(); err != nil {
		return nil, errors.Join(err, x.Close())
	}
	return x, nil
}

func (x *Index) open() (err error) {
	if x.scorch, err = scorch.NewScorch(scorch.Name, map[string]any{"path": x.dir, "read_only": true}, nil); err != nil {
		return err
	}
	if err = x.scorch.Open(); err != nil {
		x.scorch = nil // it has closed what it had opened
		return err
	}
	if x.reader, err = x.scorch.Reader(); err != nil {
		return err
	}
	snapshot, ok := x.reader.(*scorch.IndexSnapshot)
	if !ok || len(snapshot.Segments()) != 1 {
		return fmt.Errorf("%w: %s: not one segment", ErrDamaged, x.dir)
	}
	x.seg = snapshot.Segments()[0]
	x.ids, err = openIDs(x.dir)
	return err
}

// Close frees the files; no question is being answered any more.
func (x *Index) Close() error {
	var errs []error
	if x.reader != nil {
		errs = append(errs, x.reader.Close())
	}
	if x.scorch != nil {
		errs = append(errs, x.scorch.Close())
	}
	errs = append(errs, x.ids.close())
	x.reader, x.scorch, x.seg, x.ids = nil, nil, nil, nil
	return errors.Join(errs...)
}

// Blocks is how many blocks are indexed.
func (x *Index) Blocks() int { return x.t.blocks }

// Size is how many bytes the index takes on disk.
func (x *Index) Size() int64 { return x.size }

// checkFiles compares what scorch wrote with its checksums.
func (x *Index) checkFiles() error {
	files, err := sumFiles(x.dir)
	if err != nil {
		return err
	}
	found := map[string]sums{}
	for _, f := range files {
		found[f.name] = f
		x.size += int64(f.size)
	}
	for _, want := range x.t.files {
		if got := found[want.name]; got != want {
			return fmt.Errorf("%w: %s: %d bytes with checksum %08x, want %d with %08x", ErrDamaged,
				filepath.Join(x.dir, want.name), got.size, got.crc, want.size, want.crc)
		}
	}
	return nil
}

// sumFiles sums up the files of a folder other than the table.
func sumFiles(dir string) (out []sums, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if e.Name() == tableName || !e.Type().IsRegular() {
			continue
		}
		size, crc, err := sumFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		out = append(out, sums{e.Name(), size, crc})
	}
	return out, nil
}

func sumFile(name string) (size uint64, crc uint32, err error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	buf := make([]byte, 128<<10)
	for {
		n, err := f.Read(buf)
		size, crc = size+uint64(n), crc32.Update(crc, castagnoli, buf[:n])
		if err == io.EOF {
			return size, crc, nil
		} else if err != nil {
			return 0, 0, err
		}
	}
}

// damaged turns a panic of scorch, which trusts its files, into an error, and
// so does it with a fault of mapped memory: a file that somebody cuts short
// while it is open. Defer it; a caller's function must not run under it.
func damaged(dir string, err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%w: %s: %v", ErrDamaged, dir, r)
	}
}

// faults makes faults of mapped memory panics in this goroutine until the
// answer is called.
func faults() func() {
	old := debug.SetPanicOnFault(true)
	return func() { debug.SetPanicOnFault(old) }
}
