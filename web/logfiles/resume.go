package logfiles

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"tripod/store"
)

// resume opens every content where it was left.
func (f *Follower) resume(ctx context.Context) error {
	f.files, f.drop, f.batch, f.looked = map[inode]*file{}, nil, batch{}, time.Time{}
	saved, err := f.doors.Cursors.Cursors()
	if err != nil {
		return err
	}
	for id, b := range saved {
		c, ok := decodeCursor(b)
		if !ok {
			f.o.Lost(Vanished, 1, fmt.Sprintf("cursor %s is damaged: its file is read from the beginning", id))
			f.drop = append(f.drop, id)
			continue
		}
		path, key := c.locate()
		if path == "" {
			f.o.Lost(Vanished, 1, fmt.Sprintf("%s is gone, or its content is; it was read up to byte %d", c.Path, c.Tried))
			f.drop = append(f.drop, id)
			continue
		}
		kept, err := f.kept(ctx, c)
		if err != nil {
			return fmt.Errorf("how much of %s is kept: %w", c.Path, err)
		}
		// the records behind the cursor stay in doubt: a power cut may still
		// take them
		c.Inode, c.Tried = key, kept
		file, err := f.openFile(path, *c)
		if err != nil {
			return fmt.Errorf("go on with %w", err)
		}
		file.pos, file.given = kept, kept
		if p, ok := file.reached(kept, f.o.Now()); ok {
			file.wait = p
		}
		if other := f.files[key]; other != nil {
			file.f.Close()
			continue
		}
		f.files[key] = file
	}
	return nil
}

// locate finds the content of a cursor: in its file, in its file under another
// name, or in a copy.
func (c *cursor) locate() (path string, key inode) {
	files := regular(filepath.Dir(c.Real))
	if info, err := os.Stat(c.Path); err == nil && inodeOf(info) == c.Inode && c.isIn(c.Path) {
		return c.Path, c.Inode
	}
	for path, info := range files {
		if inodeOf(info) == c.Inode && c.isIn(path) {
			return path, c.Inode
		}
	}
	for path, info := range files {
		if inodeOf(info) != c.Inode && c.Head.N > 0 && c.isIn(path) {
			return path, inodeOf(info)
		}
	}
	return "", inode{}
}

// isIn says whether a file holds the content up to the cursor.
func (c *cursor) isIn(path string) bool {
	h, err := os.Open(path)
	if err != nil {
		return false
	}
	defer h.Close()
	info, err := h.Stat()
	return err == nil && info.Size() >= c.Offset && c.Head.at(h, 0) && c.Tail.at(h, c.Offset-int64(c.Tail.N))
}

// maxAsk bounds the search for what is kept.
const maxAsk = 5 * time.Minute

// kept asks the engine how far behind the cursor the content is kept: records
// are given in the order of the file, so that all before the last one are.
func (f *Follower) kept(ctx context.Context, c *cursor) (int64, error) {
	if c.Tried == c.Offset {
		return c.Offset, nil
	}
	ctx, cancel := context.WithTimeout(ctx, maxAsk)
	defer cancel()
	kept := c.Offset
	q := store.LogQuery{Text: fieldID + ":" + c.ID, Range: store.TimeRange{From: c.From, To: c.To + 1}}
	for r, err := range f.doors.Search.Search(ctx, q) {
		if err != nil {
			return 0, err
		}
		if v, ok := r.Attrs.Get(fieldOffset); ok && v.Kind == store.KindInt && v.Int() <= c.Tried {
			kept = max(kept, v.Int())
		}
	}
	return kept, errors.Join(ctx.Err())
}
