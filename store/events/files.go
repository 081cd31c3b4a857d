package events

import (
	"io"
	"io/fs"
	"os"
)

// files is the part of the operating system that the engine needs; tests put a
// full or failing disk in its place.
type files interface {
	MkdirAll(dir string) error
	Create(name string) (file, error) // truncates
	Open(name string) (file, error)   // read only
	Edit(name string) (file, error)   // read and write, the file exists
	Rename(from, to string) error
	Remove(name string) error // a file or an empty folder
	RemoveAll(dir string) error
	ReadDir(dir string) ([]fs.DirEntry, error)
	SyncDir(dir string) error
}

type file interface {
	io.Writer
	io.ReaderAt
	io.Closer
	WriteAt(p []byte, at int64) (int, error)
	Truncate(size int64) error
	Sync() error // data, and the size needed to read it
	Size() (int64, error)
}

type osFiles struct{}

func (osFiles) MkdirAll(dir string) error                 { return os.MkdirAll(dir, 0o755) }
func (osFiles) Rename(from, to string) error              { return os.Rename(from, to) }
func (osFiles) Remove(name string) error                  { return os.Remove(name) }
func (osFiles) RemoveAll(dir string) error                { return os.RemoveAll(dir) }
func (osFiles) ReadDir(dir string) ([]fs.DirEntry, error) { return os.ReadDir(dir) }

func (osFiles) Create(name string) (file, error) {
	return open(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC)
}
func (osFiles) Open(name string) (file, error) { return open(name, os.O_RDONLY) }
func (osFiles) Edit(name string) (file, error) { return open(name, os.O_RDWR) }

func (osFiles) SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

type osFile struct{ *os.File }

func open(name string, flag int) (file, error) {
	f, err := os.OpenFile(name, flag, 0o644)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (f osFile) Size() (int64, error) {
	st, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return st.Size(), nil
}
