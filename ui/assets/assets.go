// Package assets holds the files that pages link to: stylesheets, and the
// bundled scripts when they were built.
//
// It must never know how they are served.
package assets

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
)

// dist is empty in a tree where the scripts were not built; pages then work
// with links and forms alone.
//
//go:embed *.css all:dist
var files embed.FS

// File is one file, ready to be sent.
type File struct {
	Name string // tokens.css
	Type string // its media type
	Hash string // of the content, 16 hexadecimal digits
	Body []byte
	Gzip []byte // nil when it would not be smaller
}

// Set is every file by name.
type Set struct{ files map[string]*File }

// New reads, hashes and compresses every file.
func New() (*Set, error) {
	s := &Set{files: map[string]*File{}}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		kind, ok := types[path.Ext(name)]
		if !ok {
			return nil
		}
		body, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		f, err := newFile(path.Base(name), kind, body)
		if err != nil {
			return fmt.Errorf("asset %s: %w", name, err)
		}
		s.files[f.Name] = f
		return nil
	})
	return s, err
}

var types = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".txt": "text/plain; charset=utf-8",
}

func newFile(name, kind string, body []byte) (*File, error) {
	sum := sha256.Sum256(body)
	f := &File{Name: name, Type: kind, Hash: hex.EncodeToString(sum[:8]), Body: body}
	var buf bytes.Buffer
	zw, err := gzip.NewWriterLevel(&buf, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := zw.Write(body); err != nil {
		return nil, err
	}
	if err := zw.Close(); err != nil {
		return nil, err
	}
	if buf.Len() < len(body) {
		f.Gzip = buf.Bytes()
	}
	return f, nil
}

// Get is the file of a name, or nil.
func (s *Set) Get(name string) *File { return s.files[name] }

// URLs are the addresses of files, with their hashes, so that they can be kept
// for ever; files that were not built are left out.
func (s *Set) URLs(names ...string) []string {
	var out []string
	for _, n := range names {
		if f := s.files[n]; f != nil {
			out = append(out, "/static/"+n+"?v="+f.Hash)
		}
	}
	return out
}
