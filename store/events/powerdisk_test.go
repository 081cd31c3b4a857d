package events

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// powerDisk knows what a power cut would leave: of a file what was there at its
// last sync, and of what was written since then anything or nothing; of a
// folder the entries that it had at its last sync, and of what became of them
// since then the first so many changes.
type powerDisk struct {
	lacks powerLacks
	dir   string
	mu    sync.Mutex
	root  *powerNode
	open  map[*tracedFile]*powerNode
}

// powerLacks are excuses: what the engine does not live through yet.
type powerLacks struct {
	// Removals: what was removed in a folder that was not synced since then does
	// not come back. When it does and the last frame of the manifest is torn, the
	// state is taken from the footers of parts, among them some that were swept
	// away, perhaps with the number of another, and from journals that were
	// flushed and whose parts have been merged since.
	Removals bool
}

// powerNode is a file or a folder.
type powerNode struct {
	durable []byte   // file
	writes  []change // since the last sync

	now     map[string]*powerNode // folder; nil in a file
	entries map[string]*powerNode // durable ones
	moves   []func(map[string]*powerNode)
}

// newPowerDisk takes what lies in dir as durable.
func newPowerDisk(t *testing.T, dir string) *powerDisk {
	d := &powerDisk{dir: dir, root: newPowerFolder(), open: map[*tracedFile]*powerNode{}}
	for name, b := range readTree(t, dir) {
		parent := d.folder(filepath.Dir(name))
		n := &powerNode{durable: b}
		parent.now[filepath.Base(name)] = n
	}
	d.root.settle()
	return d
}

func newPowerFolder() *powerNode {
	return &powerNode{now: map[string]*powerNode{}, entries: map[string]*powerNode{}}
}

// settle makes all entries durable.
func (n *powerNode) settle() {
	n.entries, n.moves = maps.Clone(n.now), nil
	for _, k := range n.now {
		if k.now != nil {
			k.settle()
		}
	}
}

// find is the node of a path, or nil.
func (d *powerDisk) find(name string) *powerNode {
	n := d.root
	rel, err := filepath.Rel(d.dir, name)
	if err != nil || strings.HasPrefix(rel, "..") {
		return nil
	}
	for part := range strings.SplitSeq(rel, string(filepath.Separator)) {
		if part != "." && n != nil {
			n = n.now[part]
		}
	}
	return n
}

// folder makes the folders of a path that are not there.
func (d *powerDisk) folder(name string) *powerNode {
	if n := d.find(name); n != nil || len(name) <= len(d.dir) {
		return n
	}
	n := newPowerFolder()
	d.folder(filepath.Dir(name)).move(func(in map[string]*powerNode) { in[filepath.Base(name)] = n })
	return n
}

func (n *powerNode) move(f func(map[string]*powerNode)) {
	f(n.now)
	n.moves = append(n.moves, f)
}

// forget makes a removal durable.
func (n *powerNode) forget(name string) {
	delete(n.entries, name)
	for i, move := range n.moves {
		n.moves[i] = func(in map[string]*powerNode) { move(in); delete(in, name) }
	}
}

// changed keeps account of what has happened.
func (d *powerDisk) changed(c change) {
	d.mu.Lock()
	defer d.mu.Unlock()
	base, parent := filepath.Base(c.name), d.find(filepath.Dir(c.name))
	n := d.find(c.name)
	if c.op == "write" || c.op == "truncate" || c.op == "sync" {
		n = d.open[c.file]
	}
	switch c.op {
	case "mkdir":
		d.folder(c.name)
	case "create":
		if n != nil { // cut to nothing, and that is not durable either
			n.writes = append(n.writes, change{op: "truncate"})
		} else {
			n = &powerNode{}
			parent.move(func(in map[string]*powerNode) { in[base] = n })
		}
		d.open[c.file] = n
	case "":
		d.open[c.file] = n
	case "remove", "removeall":
		if parent == nil {
			return
		}
		parent.move(func(in map[string]*powerNode) { delete(in, base) })
		if d.lacks.Removals {
			parent.forget(base)
		}
	case "rename":
		to := filepath.Base(c.to)
		if target := d.find(filepath.Dir(c.to)); target != parent {
			target.move(func(in map[string]*powerNode) { in[to] = n })
			parent.move(func(in map[string]*powerNode) { delete(in, base) })
			return
		}
		parent.move(func(in map[string]*powerNode) { in[to] = n; delete(in, base) })
	case "write", "truncate":
		c.data = bytes.Clone(c.data)
		n.writes = append(n.writes, c)
	case "sync":
		n.durable, n.writes = apply(n.durable, n.writes), nil
	case "syncdir":
		n.entries, n.moves = maps.Clone(n.now), nil
	}
}

func apply(b []byte, writes []change) []byte {
	b = bytes.Clone(b)
	for _, w := range writes {
		end := w.at + int64(len(w.data))
		if w.op == "truncate" {
			end = w.size
			b = b[:min(int64(len(b)), end)]
		}
		if end > int64(len(b)) {
			b = append(b, make([]byte, end-int64(len(b)))...)
		}
		copy(b[w.at:], w.data)
	}
	return b
}

// image writes into a new folder what a power cut could leave now.
func (d *powerDisk) image(r *rand.Rand, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.root.image(r, to)
}

func (n *powerNode) image(r *rand.Rand, to string) error {
	if n.now == nil {
		return os.WriteFile(to, n.survives(r), 0o644)
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	entries := maps.Clone(n.entries)
	for _, move := range n.moves[:r.IntN(len(n.moves)+1)] {
		move(entries)
	}
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		if err := entries[name].image(r, filepath.Join(to, name)); err != nil {
			return err
		}
	}
	return nil
}

// survives is what could be left of a file.
func (n *powerNode) survives(r *rand.Rand) []byte {
	var kept []change
	switch r.IntN(4) {
	case 0: // nothing of what was not synced
	case 1: // all
		kept = n.writes
	case 2: // the first writes
		kept = n.writes[:r.IntN(len(n.writes)+1)]
	default: // some, of which one is torn or its bytes are not there yet
		for _, w := range n.writes {
			switch r.IntN(4) {
			case 0:
				continue
			case 1:
				w.data = w.data[:r.IntN(len(w.data)+1)]
			case 2:
				w.data = make([]byte, len(w.data))
			}
			kept = append(kept, w)
		}
	}
	return apply(n.durable, kept)
}

// files traces changes into d, and calls at before and after each, and in the
// middle of writes.
func (d *powerDisk) files(at func(stage string, c change)) files {
	return tracedFiles{hook: func(stage string, c change) {
		if stage == "before" {
			at(stage, c)
			return
		}
		d.changed(c)
		if stage != "open" {
			at(stage, c)
		}
	}}
}

// TestPowerDisk sees the disk forget what it may forget, and nothing else.
func TestPowerDisk(t *testing.T) {
	dir := t.TempDir()
	d := newPowerDisk(t, dir)
	f := d.files(func(string, change) {})
	write := func(name, text string, steps ...string) {
		t.Helper()
		w, err := f.Create(filepath.Join(dir, name))
		if err == nil {
			_, err = w.Write([]byte(text))
		}
		if slices.Contains(steps, "sync") {
			err = errors.Join(err, w.Sync())
		}
		if err = errors.Join(err, w.Close()); err != nil {
			t.Fatal(err)
		}
	}
	write("durable", "abc", "sync")
	if err := f.SyncDir(dir); err != nil {
		t.Fatal(err)
	}
	write("data", "abc", "sync")
	write("durable", "xyz")
	if err := f.Rename(filepath.Join(dir, "data"), filepath.Join(dir, "renamed")); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	r := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		to := filepath.Join(t.TempDir(), "image")
		if err := d.image(r, to); err != nil {
			t.Fatal(err)
		}
		entries, err := os.ReadDir(to)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			b, err := os.ReadFile(filepath.Join(to, e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			seen[e.Name()+"="+string(b)] = true
		}
		seen[show2(entries)] = true
	}
	for _, want := range []string{"durable=abc", "durable=", "durable=xyz", "data=abc", "renamed=abc", "durable", "data durable", "durable renamed"} {
		if !seen[want] {
			t.Errorf("never saw %q", want)
		}
	}
	for _, never := range []string{"", "data", "renamed", "data durable renamed", "renamed="} {
		if seen[never] {
			t.Errorf("saw %q", never)
		}
	}
}

func show2(entries []fs.DirEntry) string {
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}
