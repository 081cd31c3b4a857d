package scrape

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"gopkg.in/yaml.v3"
)

// files are copies of the users' files of targets, each as it was when it
// could be read last: promscrape drops the targets of a file that cannot be
// read, Prometheus keeps them. It reads the copies, which lie under root as
// the files do under /.
type files struct {
	root     string // absolute
	complain func(msg string)

	mu       sync.Mutex
	patterns []string
	seen     map[string]fs.FileInfo // of those that were read, by path
}

const (
	filesDir   = "targets"
	filesEvery = time.Second // how often the files are looked at; promscrape reads the copies each 4 s
)

func newFiles(dir string, complain func(msg string)) (*files, error) {
	root, err := filepath.Abs(filepath.Join(dir, filesDir))
	if err != nil {
		return nil, err
	}
	return &files{root: root, complain: complain, seen: map[string]fs.FileInfo{}}, nil
}

// point makes the jobs of a checked configuration read the copies, and gives
// the patterns of what is to be copied. A job with anchors is left alone.
func (f *files) point(doc *yaml.Node) (patterns []string) {
	if len(doc.Content) == 0 {
		return nil
	}
	jobs := field(doc.Content[0], "scrape_configs")
	if jobs == nil {
		return nil
	}
	for _, job := range jobs.Content {
		found := field(job, "file_sd_configs")
		if found == nil || anchored(job) {
			continue
		}
		for _, one := range found.Content {
			list := field(one, "files")
			if list == nil {
				continue
			}
			for _, n := range list.Content {
				if filepath.IsAbs(n.Value) {
					patterns = append(patterns, n.Value)
					n.SetString(f.root + n.Value)
				}
			}
		}
		f.nameOriginals(job)
	}
	return patterns
}

// nameOriginals gives __meta_filepath the name of the user's file, before the
// job's own rules see it. promscrape has cut its own folder off by then.
func (f *files) nameOriginals(job *yaml.Node) {
	rules := field(job, "relabel_configs")
	if rules == nil || rules.Kind != yaml.SequenceNode {
		remove(job, "relabel_configs")
		rules = &yaml.Node{Kind: yaml.SequenceNode}
		job.Content = append(job.Content, scalar("relabel_configs"), rules)
	}
	rule := &yaml.Node{Kind: yaml.MappingNode}
	rule.Content = append(rule.Content, scalar("source_labels"), &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{scalar(metaFile)}})
	put(rule, "regex", "(?:"+regexp.QuoteMeta(f.root)+"|"+filesDir+")(/.+)")
	put(rule, "target_label", metaFile)
	put(rule, "replacement", "$1")
	rules.Content = append([]*yaml.Node{rule}, rules.Content...)
}

const metaFile = "__meta_filepath"

// original is the user's file in what promscrape says of a target.
func original(discovered map[string]string) {
	if path := discovered[metaFile]; strings.HasPrefix(path, filesDir+"/") {
		discovered[metaFile] = strings.TrimPrefix(path, filesDir)
	}
}

// follow copies other files from now on.
func (f *files) follow(patterns []string) {
	f.mu.Lock()
	f.patterns, f.seen = patterns, map[string]fs.FileInfo{}
	f.mu.Unlock()
	f.sync()
}

// sync brings the copies up to date: a file that changed and can be read takes
// the place of its copy, one that is gone takes it away.
func (f *files) sync() {
	f.mu.Lock()
	defer f.mu.Unlock()
	wanted := map[string]bool{}
	for _, pattern := range f.patterns {
		paths := []string{pattern}
		if strings.Contains(pattern, "*") {
			paths, _ = filepath.Glob(pattern) // promscrape says what is wrong with it
		}
		for _, path := range paths {
			wanted[f.root+path] = true
			if err := f.copy(path); err != nil {
				f.without(path, err)
			}
		}
	}
	f.sweep(wanted)
}

// without says why a file gives no new targets. One that is gone has none, and
// neither has one that could never be read.
func (f *files) without(path string, err error) {
	_, none := os.Stat(f.root + path)
	if errors.Is(err, fs.ErrNotExist) || none != nil {
		delete(f.seen, path)
		f.complain(fmt.Sprintf("file_sd_configs: no targets in %s: %v", path, err))
		if err := f.keep(path, []byte("[]\n")); err != nil {
			f.complain(fmt.Sprintf("file_sd_configs: %v", err))
		}
		return
	}
	f.complain(fmt.Sprintf("file_sd_configs: the targets of %s stay as they were: %v", path, err))
}

// copy is an error while the file cannot be read; its copy then stays.
func (f *files) copy(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if old := f.seen[path]; old != nil && old.ModTime().Equal(info.ModTime()) && old.Size() == info.Size() {
		return nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := targetsIn(path, text); err != nil {
		return err
	}
	if err := f.keep(path, text); err != nil {
		return err
	}
	f.seen[path] = info
	return nil
}

// targetsIn says whether a text is a list of targets. Fields that are not known
// make it none, as they do to Prometheus and promscrape.
func targetsIn(path string, text []byte) error {
	if strings.HasSuffix(path, ".json") && !json.Valid(text) {
		return errors.New("it is no JSON, or not all of it")
	}
	var groups []struct {
		Targets []string          `yaml:"targets"`
		Labels  map[string]string `yaml:"labels"`
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&groups); err != nil && err != io.EOF { // which is an empty file
		return err
	}
	return nil
}

// keep makes a text the copy of a file, unless it is so already. It is written
// beside the root, where no pattern of a user looks.
func (f *files) keep(path string, text []byte) error {
	to, next := f.root+path, f.root+".next"
	if have, err := os.ReadFile(to); err == nil && bytes.Equal(have, text) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(next, text, 0o600); err != nil {
		return err
	}
	return os.Rename(next, to)
}

// sweep removes copies of what is not followed any more.
func (f *files) sweep(wanted map[string]bool) {
	// what cannot be removed now is looked at again
	_ = filepath.WalkDir(f.root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !wanted[path] {
			os.Remove(path)
		}
		return nil
	})
}

// run follows the files until ctx ends.
func (f *files) run(ctx context.Context) {
	tick := time.NewTicker(filesEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			f.mu.Lock()
			some := len(f.patterns) > 0
			f.mu.Unlock()
			if some {
				f.sync()
			}
		}
	}
}
