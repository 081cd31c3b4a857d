package logfiles

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// copyTime is how long a file that begins like another one may take to become
// its copy, before it is taken for a file of its own.
const copyTime = 10 * time.Second

// look finds files that are new, renamed or gone.
func (f *Follower) look() {
	now := f.o.Now()
	found := f.find()
	for key, file := range f.files {
		path, ok := found[key]
		switch {
		case ok:
			file.c.Path, file.gone = path, time.Time{}
		case file.gone.IsZero():
			file.gone = now
		}
		delete(found, key)
	}
	for key := range f.seen {
		if _, ok := found[key]; !ok {
			delete(f.seen, key)
		}
	}
	for key, path := range found {
		if len(f.files) >= f.o.MaxFiles {
			f.trouble(TooMany, path, errors.New("not followed"))
			continue
		}
		if f.isCopy(key, path, now) {
			continue
		}
		if err := f.begin(path); err != nil {
			f.trouble(Unreadable, path, err)
		}
	}
}

// find lists the files that the globs name.
func (f *Follower) find() map[inode]string {
	found := map[inode]string{}
	for _, g := range f.o.Globs {
		paths, err := glob(g) // which New checked
		if err != nil {
			f.trouble(TooMany, g, err)
		}
		for _, path := range paths {
			info, err := os.Stat(path)
			if err != nil || !info.Mode().IsRegular() || compressed(path) {
				continue
			}
			if info.Size() == 0 && f.files[inodeOf(info)] == nil {
				continue // a copy begins so, too
			}
			if _, ok := found[inodeOf(info)]; !ok {
				found[inodeOf(info)] = path
			}
		}
	}
	return found
}

// compressed holds for what rotation packed: its lines were read before.
func compressed(path string) bool {
	switch filepath.Ext(path) {
	case ".gz", ".bz2", ".xz", ".zst", ".lz4", ".zip":
		return true
	}
	return strings.HasSuffix(path, ".tmp")
}

// begin follows a file from its beginning, as a content of its own.
func (f *Follower) begin(path string) error {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	h, err := os.Open(path)
	if err != nil {
		return err
	}
	info, err := h.Stat()
	if err != nil || f.files[inodeOf(info)] != nil {
		return errors.Join(err, h.Close())
	}
	key := inodeOf(info) // of what the path leads to by now
	f.files[key] = f.at(h, path, cursor{ID: newID(), Real: real, Inode: key})
	return nil
}

// isCopy says whether a file is the copy of one that is followed, or may yet
// become it: it will be read on when the other is truncated.
func (f *Follower) isCopy(key inode, path string, now time.Time) bool {
	h, err := os.Open(path)
	if err != nil {
		return false
	}
	defer h.Close()
	info, err := h.Stat()
	if err != nil {
		return false
	}
	for _, file := range f.files {
		if filepath.Dir(file.c.Real) != filepath.Dir(path) || file.c.Head.N == 0 {
			continue
		}
		if info.Size() < file.wait.offset {
			if info.Size() > 0 && !file.c.Head.at(h, 0) && info.Size() >= int64(file.c.Head.N) {
				continue
			}
			if _, ok := f.seen[key]; !ok {
				f.seen[key] = now
			}
			if info.Size() >= int64(file.c.Head.N) && now.Sub(f.seen[key]) < copyTime {
				return true
			}
			continue
		}
		if file.isIn(h) {
			return true
		}
	}
	return false
}

// isIn says whether a file holds the content up to where it was read.
func (file *file) isIn(h *os.File) bool {
	return file.c.Head.N > 0 && file.c.Head.at(h, 0) && file.wait.tail.at(h, file.wait.offset-int64(file.wait.tail.N))
}

// truncated takes over a file whose content is gone. If the content was copied
// away in the same folder, it is read on there, and the file from its beginning.
// If not, look judges what the file holds now: it may have been rotated away
// before, and be written over with the next copy, or be none that a glob names.
func (f *Follower) truncated(ctx context.Context, old *file) error {
	if err := f.flush(ctx); err != nil {
		return err
	}
	defer old.f.Close()
	delete(f.files, old.c.Inode)
	if copied := f.copyOf(old); copied != nil {
		f.files[copied.c.Inode] = copied
		if err := f.begin(old.c.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			f.trouble(Unreadable, old.c.Path, err)
		}
		return nil
	}
	if err := f.give(ctx, old, old.join.flush()); err != nil {
		return err
	}
	if err := f.flush(ctx); err != nil {
		return err
	}
	f.drop = append(f.drop, old.c.ID)
	f.looked = time.Time{} // at once
	return nil
}

// copyOf finds the content of a file that was truncated in another one.
func (f *Follower) copyOf(old *file) *file {
	dir := filepath.Dir(old.c.Real)
	for path, info := range regular(dir) {
		key := inodeOf(info)
		if key == old.c.Inode || f.files[key] != nil || info.Size() < old.given {
			continue
		}
		h, err := os.Open(path)
		if err != nil {
			continue
		}
		if !old.isIn(h) {
			h.Close()
			continue
		}
		c := old.c
		c.Inode, c.Real = key, path
		file := f.at(h, path, c)
		file.pos, file.given, file.wait, file.since = old.given, old.given, old.wait, old.since
		return file
	}
	return nil
}

// regular lists a folder's files that are not compressed.
func regular(dir string) map[string]fs.FileInfo {
	out := map[string]fs.FileInfo{}
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() && !compressed(path) {
			out[path] = info
		}
	}
	return out
}
