package termindex

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/blevesearch/bleve/v2/index/scorch"
	index "github.com/blevesearch/bleve_index_api"
)

// Block is what one block has. Build keeps the strings until it returns.
type Block struct {
	Terms   []string // Term(name, value) of its low-entropy fields
	IDs     []string // Term(name, id) of fields all of whose values are such as IsID says
	Partial []string // names of fields that have values which are not in Terms
	Loose   bool     // it has words of patterns that no Pattern lists
}

// Pattern is one message pattern: its words, folded, and the blocks that have
// it, ascending. Build keeps the strings until it returns.
type Pattern struct {
	Words  []string
	Blocks []uint32
}

// Term is how a field's value is indexed.
func Term(name, value string) string { return name + "\x00" + value }

const (
	maxBlocks = 1 << 16
	// maxTerm bounds a term: of longer ones only the beginning is kept, so that
	// an answer may have more blocks, never fewer.
	maxTerm = 255
	// maxWords bounds a pattern; the blocks of longer ones are loose.
	maxWords = 1000
	// chunkTerms and batchDocs bound memory: the builder needs some 400 B for
	// each distinct term of a batch. A block with more terms is several
	// documents.
	chunkTerms, batchDocs = 512, 256
)

// Build writes the index of blocks 0, 1, 2 … into the folder dir, which is not
// there until the index is whole and durable; an index that was there is
// replaced. Memory is bounded by a few hundred documents, not by the part.
func Build(ctx context.Context, dir string, blocks iter.Seq[Block], patterns iter.Seq[Pattern]) error {
	tmp := dir + ".tmp"
	if err := errors.Join(os.RemoveAll(tmp), os.Mkdir(tmp, 0o755)); err != nil {
		return err
	}
	err := build(ctx, tmp, blocks, patterns)
	if err == nil {
		err = publish(tmp, dir)
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(tmp))
	}
	return nil
}

func build(ctx context.Context, tmp string, blocks iter.Seq[Block], patterns iter.Seq[Pattern]) error {
	b, err := scorch.NewBuilder(map[string]any{"path": tmp, "buildPathPrefix": tmp, "batchSize": batchDocs})
	if err != nil {
		return err
	}
	w := &writer{b: b, dir: tmp, tfs: index.TokenFrequencies{}}
	t, err := w.addBlocks(ctx, blocks)
	if err != nil {
		return err
	}
	if err := w.addPatterns(ctx, t, patterns); err != nil {
		return err
	}
	if err := b.Close(); err != nil {
		return err
	}
	if t.files, err = sumFiles(tmp); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(tmp, tableName), t.bytes(), 0o644)
}

func (w *writer) addBlocks(ctx context.Context, blocks iter.Seq[Block]) (*table, error) {
	n := 0
	var loose []uint32
	var ids idList
	for b := range blocks {
		if n == maxBlocks {
			return nil, fmt.Errorf("more than %d blocks", maxBlocks)
		}
		if b.Loose {
			loose = append(loose, uint32(n))
		}
		terms := make([]string, 0, len(b.Terms)+len(b.Partial))
		for _, t := range b.Terms {
			terms = append(terms, cut(t))
		}
		for _, name := range b.Partial {
			terms = append(terms, cut(name))
		}
		all := ids.add(n, b.IDs)
		for name := range namesOf(b.IDs) {
			if terms = append(terms, cut(idMark(name))); !all {
				terms = append(terms, cut(name))
			}
		}
		for chunk := 0; chunk == 0 || len(terms) > 0; chunk++ {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			most := min(chunkTerms, len(terms))
			if err := w.add(blockID(n, chunk), fieldValue, terms[:most]); err != nil {
				return nil, err
			}
			terms = terms[most:]
		}
		n++
	}
	if n == 0 {
		return nil, errors.New("an index of no blocks")
	}
	if len(ids) > 0 {
		if err := ids.write(w.dir); err != nil {
			return nil, err
		}
	}
	t := &table{blocks: n, loose: newSet(n)}
	for _, n := range loose {
		t.loose.add(n)
	}
	return t, nil
}

func (w *writer) addPatterns(ctx context.Context, t *table, patterns iter.Seq[Pattern]) error {
	known := map[string]int{}
	for p := range patterns {
		if err := ctx.Err(); err != nil {
			return err
		}
		s := newSet(t.blocks)
		for _, n := range p.Blocks {
			if int(n) >= t.blocks {
				return fmt.Errorf("pattern %d is in block %d of %d", len(t.patterns), n, t.blocks)
			}
			s.add(n)
		}
		if len(p.Words) > maxWords {
			t.loose.or(s)
			continue
		}
		key := string(s.appendTo(nil))
		if _, ok := known[key]; !ok {
			known[key] = len(t.sets)
			t.sets = append(t.sets, s)
		}
		words := make([]string, 0, len(p.Words))
		for _, word := range p.Words {
			words = append(words, cut(word))
		}
		if err := w.add(patternID(len(t.patterns)), fieldWord, words); err != nil {
			return err
		}
		t.patterns = append(t.patterns, known[key])
	}
	return nil
}

// namesOf are the names of the fields of terms.
func namesOf(terms []string) map[string]bool {
	names := map[string]bool{}
	for _, t := range terms {
		name, _, _ := strings.Cut(t, "\x00")
		names[name] = true
	}
	return names
}

// cut is the part of a term that is indexed.
func cut(term string) string { return term[:min(len(term), maxTerm)] }

// publish makes all files durable and gives the folder its name.
func publish(tmp, dir string) error {
	files, err := os.ReadDir(tmp)
	if err != nil {
		return err
	}
	for _, name := range slices.Concat(names(tmp, files), []string{tmp}) {
		if err := syncPath(name); err != nil {
			return err
		}
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.Rename(tmp, dir); err != nil {
		return err
	}
	return syncPath(filepath.Dir(dir))
}

func names(dir string, files []os.DirEntry) (out []string) {
	for _, f := range files {
		out = append(out, filepath.Join(dir, f.Name()))
	}
	return out
}

func syncPath(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
