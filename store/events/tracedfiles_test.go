package events

import (
	"path/filepath"
	"regexp"
	"strings"
)

// change is one change of the disk, as the engine asks for it.
type change struct {
	op   string // create, mkdir, rename, remove, removeall, write, truncate, sync, syncdir
	name string
	to   string      // rename
	at   int64       // write
	data []byte      // write
	size int64       // truncate
	file *tracedFile // write, truncate, sync, create, open: it may have been renamed since
}

// tracedFiles are the operating system's, but sync nothing, and have a hook at
// every change: before it, after it, in the middle of a write ("half", of its first half), and when
// a file was opened that may be changed ("open").
type tracedFiles struct {
	osFiles
	hook func(stage string, c change)
}

func (t tracedFiles) do(c change, f func() error) error {
	t.hook("before", c)
	err := f()
	if err == nil {
		t.hook("after", c)
	}
	return err
}

func (t tracedFiles) MkdirAll(dir string) error {
	return t.do(change{op: "mkdir", name: dir}, func() error { return t.osFiles.MkdirAll(dir) })
}

func (t tracedFiles) Rename(from, to string) error {
	return t.do(change{op: "rename", name: from, to: to}, func() error { return t.osFiles.Rename(from, to) })
}

func (t tracedFiles) Remove(name string) error {
	return t.do(change{op: "remove", name: name}, func() error { return t.osFiles.Remove(name) })
}

func (t tracedFiles) RemoveAll(dir string) error {
	return t.do(change{op: "removeall", name: dir}, func() error { return t.osFiles.RemoveAll(dir) })
}

func (t tracedFiles) SyncDir(dir string) error {
	return t.do(change{op: "syncdir", name: dir}, func() error { return nil })
}

func (t tracedFiles) Create(name string) (file, error) {
	f := &tracedFile{t: t, name: name}
	err := t.do(change{op: "create", name: name, file: f}, func() (err error) { f.file, err = t.osFiles.Create(name); return err })
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (t tracedFiles) Edit(name string) (file, error) {
	in, err := t.osFiles.Edit(name)
	if err != nil {
		return nil, err
	}
	f := &tracedFile{file: in, t: t, name: name}
	t.hook("open", change{name: name, file: f})
	return f, nil
}

type tracedFile struct {
	file
	t    tracedFiles
	name string
	pos  int64 // of Write
}

func (f *tracedFile) Write(p []byte) (int, error) {
	n, err := f.WriteAt(p, f.pos)
	f.pos += int64(n)
	return n, err
}

func (f *tracedFile) WriteAt(p []byte, at int64) (int, error) {
	c := change{op: "write", name: f.name, file: f, at: at, data: p}
	f.t.hook("before", c)
	half := len(p) / 2
	n, err := f.file.WriteAt(p[:half], at)
	if err != nil {
		return n, err
	}
	f.t.hook("half", change{op: "write", name: f.name, file: f, at: at, data: p[:half]})
	n, err = f.file.WriteAt(p[half:], at+int64(half))
	if err == nil {
		f.t.hook("after", change{op: "write", name: f.name, file: f, at: at + int64(half), data: p[half:]})
	}
	return half + n, err
}

func (f *tracedFile) Truncate(size int64) error {
	return f.t.do(change{op: "truncate", name: f.name, file: f, size: size}, func() error { return f.file.Truncate(size) })
}

func (f *tracedFile) Sync() error {
	return f.t.do(change{op: "sync", name: f.name, file: f}, func() error { return nil })
}

var numeral = regexp.MustCompile(`\d+`)

// step names what a change does to which kind of file: "rename p-N.part.tmp".
func (c change) step() string {
	name := numeral.ReplaceAllString(filepath.Base(c.name), "N")
	return strings.Join([]string{c.op, name}, " ")
}
