package termindex

import (
	"encoding/binary"

	"github.com/blevesearch/bleve/v2/index/scorch"
	index "github.com/blevesearch/bleve_index_api"
)

// Fields of the documents of the index.
const (
	fieldWord  = "w" // of a pattern: its words
	fieldValue = "v" // of a block: Term(name, value), and names of partial fields
)

// Documents are numbered anew by the builder, in any order: their ids say what
// they are. An id begins with a uvarint: 2·block or 2·pattern+1.

func blockID(block, chunk int) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(nil, uint64(block)*2), uint64(chunk))
}

func patternID(pattern int) []byte { return binary.AppendUvarint(nil, uint64(pattern)*2+1) }

// writer hands documents to the builder. The builder asks a document for its
// terms when it makes a segment of 256 of them, and one document after the
// other, so that all share one map.
type writer struct {
	b   *scorch.Builder
	dir string
	tfs index.TokenFrequencies
}

// once is the frequency of every term. With it, and documents that all are of
// length 1, a term of one document takes no bytes beside the dictionary. Of
// length 0 they may not be: such a term would be lost.
var once = func() *index.TokenFreq {
	tf := &index.TokenFreq{}
	tf.SetFrequency(1)
	return tf
}()

func (w *writer) add(id []byte, name string, terms []string) error {
	return w.b.Index(&document{w: w, id: id, name: name, terms: terms})
}

// document has its terms ready: nothing is analyzed.
type document struct {
	w     *writer
	id    []byte
	name  string
	terms []string
}

func (d *document) ID() string                                 { return string(d.id) }
func (d *document) Size() int                                  { return 0 }
func (d *document) AddIDField()                                {}
func (d *document) HasComposite() bool                         { return false }
func (d *document) VisitComposite(index.CompositeFieldVisitor) {}
func (d *document) NumPlainTextBytes() uint64                  { return 0 }
func (d *document) StoredFieldsBytes() uint64                  { return 0 }
func (d *document) Indexed() bool                              { return true }

func (d *document) VisitFields(visit index.FieldVisitor) {
	visit(idField{d})
	visit(termField{d})
}

// idField is stored and not looked up by: it has no terms.
type idField struct{ *document }

func (idField) Name() string                                     { return "_id" }
func (f idField) Value() []byte                                  { return f.id }
func (idField) ArrayPositions() []uint64                         { return nil }
func (idField) EncodedFieldType() byte                           { return 't' }
func (idField) Analyze()                                         {}
func (idField) Options() index.FieldIndexingOptions              { return index.StoreField }
func (idField) AnalyzedLength() int                              { return 0 }
func (idField) AnalyzedTokenFrequencies() index.TokenFrequencies { return nil }

type termField struct{ *document }

func (f termField) Name() string           { return f.name }
func (termField) Value() []byte            { return nil }
func (termField) ArrayPositions() []uint64 { return nil }
func (termField) EncodedFieldType() byte   { return 't' }
func (termField) Analyze()                 {}
func (termField) AnalyzedLength() int      { return 1 }

func (termField) Options() index.FieldIndexingOptions { return index.IndexField }

func (f termField) AnalyzedTokenFrequencies() index.TokenFrequencies {
	clear(f.w.tfs)
	for _, t := range f.terms {
		f.w.tfs[t] = once
	}
	return f.w.tfs
}
