package logfiles

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
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
		path, h := c.locate()
		if h == nil {
			f.o.Lost(Vanished, 1, fmt.Sprintf("%s is gone, or its content is; it was read up to byte %d", c.Path, c.Tried))
			f.drop = append(f.drop, id)
			continue
		}
		if err := f.goOn(ctx, h, path, *c); err != nil {
			return err
		}
	}
	return nil
}

// goOn follows the content of a cursor in the open file in which it was found:
// by the time the engine has said what is kept, its path may lead elsewhere.
func (f *Follower) goOn(ctx context.Context, h *os.File, path string, c cursor) error {
	info, err := h.Stat()
	if err != nil || f.files[inodeOf(info)] != nil {
		return errors.Join(err, h.Close())
	}
	kept, err := f.kept(ctx, &c)
	if err != nil {
		return errors.Join(fmt.Errorf("how much of %s is kept: %w", c.Path, err), h.Close())
	}
	// the records behind the cursor stay in doubt: a power cut may still
	// take them
	c.Inode, c.Tried = inodeOf(info), kept
	file := f.at(h, path, c)
	file.pos, file.given = kept, kept
	if p, ok := file.reached(kept, f.o.Now()); ok {
		file.wait = p
	}
	f.files[c.Inode] = file
	return nil
}

// locate finds and opens the content of a cursor: in its file, in its file
// under another name, or in a copy. It is nil when nothing holds it.
func (c *cursor) locate() (path string, h *os.File) {
	if h := c.openIn(c.Path, true); h != nil {
		return c.Path, h
	}
	files := regular(filepath.Dir(c.Real))
	for path := range files {
		if h := c.openIn(path, true); h != nil {
			return path, h
		}
	}
	for path := range files {
		if h := c.openIn(path, false); h != nil {
			return path, h
		}
	}
	return "", nil
}

// openIn opens a file that holds the content up to the cursor: the cursor's
// own file, or a copy of it.
func (c *cursor) openIn(path string, own bool) *os.File {
	h, err := os.Open(path)
	if err != nil {
		return nil
	}
	info, err := h.Stat()
	if err == nil && (inodeOf(info) == c.Inode) == own && (own || c.Head.N > 0) && c.isIn(h, info) {
		return h
	}
	h.Close()
	return nil
}

func (c *cursor) isIn(h *os.File, info fs.FileInfo) bool {
	return info.Size() >= c.Offset && c.Head.at(h, 0) && c.Tail.at(h, c.Offset-int64(c.Tail.N))
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
	q := store.LogQuery{Text: store.AttrFileID + ":" + c.ID, Range: store.TimeRange{From: c.From, To: c.To + 1}}
	for r, err := range f.doors.Search.Search(ctx, q) {
		if err != nil {
			return 0, err
		}
		if v, ok := r.Attrs.Get(store.AttrFileOffset); ok && v.Kind == store.KindInt && v.Int() <= c.Tried {
			kept = max(kept, v.Int())
		}
	}
	return kept, errors.Join(ctx.Err())
}
