package scrape

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/VictoriaMetrics/VictoriaMetrics/lib/promscrape"
	"gopkg.in/yaml.v3"

	"tripod/store"
)

// document reads a configuration and makes the paths of other files in it
// absolute: a user means them relative to his file, promscrape would take them
// relative to ours.
func document(config []byte, base string) (*yaml.Node, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(config, &doc); err != nil {
		return nil, fmt.Errorf("scrape configuration: %w: %w", err, store.ErrInvalid)
	}
	if base != "" {
		resolve(&doc, "", base)
	}
	if err := adapt(&doc); err != nil {
		return nil, fmt.Errorf("scrape configuration: %w: %w", err, store.ErrInvalid)
	}
	return &doc, nil
}

func text(doc *yaml.Node) ([]byte, error) {
	if doc.IsZero() {
		return []byte("scrape_configs: []\n"), nil
	}
	return yaml.Marshal(doc)
}

// resolve walks the values below key; lists have the key of their owner.
func resolve(n *yaml.Node, key, base string) {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			resolve(n.Content[i+1], n.Content[i].Value, base)
		}
	case yaml.ScalarNode:
		path := key == "files" || key == "scrape_config_files" || strings.HasSuffix(key, "_file")
		if path && n.Value != "" && !filepath.IsAbs(n.Value) && !strings.Contains(n.Value, "://") {
			n.Value = filepath.Join(base, n.Value)
		}
	default:
		for _, in := range n.Content {
			resolve(in, key, base)
		}
	}
}

// checking guards the flag that CheckConfig reads its file's name from.
var checking sync.Mutex

// check asks promscrape about the file at path.
func check(path string) error {
	checking.Lock()
	defer checking.Unlock()
	const name = "promscrape.config"
	before := theirs.Lookup(name).Value.String()
	if err := theirs.Set(name, path); err != nil {
		return err
	}
	defer theirs.Set(name, before)
	var skips []string
	said.collect(&skips)
	defer said.collect(nil)
	if err := promscrape.CheckConfig(); err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), fmt.Sprintf("cannot parse Prometheus config from %q: ", path)))
	}
	if len(skips) > 0 {
		return errors.New(strings.Join(skips, "; "))
	}
	return nil
}

// unknown is how their YAML reader names a field that it does not know.
var unknown = regexp.MustCompile(`line (\d+): field (\S+) not found in type`)

// drop takes the fields out of a document that promscrape does not know, by
// the lines of the text that was made of it, and names them. Prometheus has
// fields for what promscrape does in another way or not at all.
func drop(written []byte, complaint error) (*yaml.Node, []string) {
	var doc yaml.Node
	if yaml.Unmarshal(written, &doc) != nil {
		return nil, nil
	}
	var names []string
	for _, m := range unknown.FindAllStringSubmatch(complaint.Error(), -1) {
		if line, err := strconv.Atoi(m[1]); err == nil && cut(&doc, line, m[2]) {
			names = append(names, m[2])
		}
	}
	return &doc, names
}

// cut removes one key, which is on one line.
func cut(n *yaml.Node, line int, key string) bool {
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if k := n.Content[i]; k.Line == line && k.Value == key {
				n.Content = slices.Delete(n.Content, i, i+2)
				return true
			}
		}
	}
	return slices.ContainsFunc(n.Content, func(in *yaml.Node) bool { return cut(in, line, key) })
}

// Check says what is wrong with a scrape configuration, and which of its
// fields promscrape does not know and will not see; base is where its relative
// paths start. It writes nothing but a temporary file.
func Check(config []byte, base string) (ignored []string, err error) {
	if err := setFlags(); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "scrape")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	_, ignored, err = understood(filepath.Join(dir, "scrape.yaml"), config, base)
	return ignored, err
}

// writeConfig writes a checked configuration to path, in the form that runs. A
// bad one leaves path as it is. What is to be copied by f, which may be nil, is
// given back.
func writeConfig(path string, config []byte, base string, f *files) (patterns []string, _ error) {
	next := path + ".next"
	defer os.Remove(next)
	doc, _, err := understood(next, config, base)
	if err != nil {
		return nil, err
	}
	if f != nil {
		patterns = f.point(doc)
	}
	share(doc)
	if err := try(doc, next); err != nil {
		return nil, fmt.Errorf("scrape configuration: %w", err)
	}
	return patterns, os.Rename(next, path)
}

// understood is a configuration without the fields that promscrape does not
// know; it is tried in a file at path.
func understood(path string, config []byte, base string) (doc *yaml.Node, ignored []string, err error) {
	if doc, err = document(config, base); err != nil {
		return nil, nil, err
	}
	for {
		err := try(doc, path)
		if err == nil {
			return doc, ignored, nil
		}
		var wrong complaint
		if !errors.As(err, &wrong) {
			return nil, nil, err
		}
		var names []string
		if doc, names = drop(wrong.written, err); len(names) == 0 {
			return nil, nil, fmt.Errorf("scrape configuration: %w: %w", err, store.ErrInvalid)
		}
		ignored = append(ignored, names...)
	}
}

// complaint is what promscrape says of a text.
type complaint struct {
	error
	written []byte
}

func try(doc *yaml.Node, path string) error {
	written, err := text(doc)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, written, 0o600); err != nil { // it may hold passwords
		return err
	}
	if err := check(path); err != nil {
		return complaint{err, written}
	}
	return nil
}
