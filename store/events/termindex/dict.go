package termindex

import (
	"context"

	segment "github.com/blevesearch/scorch_segment_api/v2"
)

// dict is the dictionary of a field; for one goroutine.
type dict struct {
	x    *Index
	d    segment.TermDictionary
	list segment.PostingsList     // reused
	iter segment.PostingsIterator // reused
}

func (x *Index) dictionary(field string) (d *dict, err error) {
	defer faults()()
	defer damaged(x.dir, &err)
	td, err := x.seg.Segment().Dictionary(field)
	if err != nil {
		return nil, x.broken(err)
	}
	return &dict{x: x, d: td}, nil
}

// visit adds the blocks of the documents that have a term.
func (d *dict) visit(term string, found set) (err error) {
	defer faults()()
	defer damaged(d.x.dir, &err)
	if d.list, err = d.d.PostingsList([]byte(cut(term)), nil, d.list); err != nil {
		return d.x.broken(err)
	}
	d.iter = d.list.Iterator(false, false, false, d.iter)
	p, err := d.iter.Next()
	for ; err == nil && p != nil; p, err = d.iter.Next() {
		if err := d.x.addBlocks(p.Number(), found); err != nil {
			return err
		}
	}
	return err
}

// visitAll adds the blocks of the documents that have all terms.
func (d *dict) visitAll(terms []string, found set) (err error) {
	defer faults()()
	defer damaged(d.x.dir, &err)
	var rarest segment.PostingsList
	lists := make([]segment.PostingsList, len(terms))
	at := 0
	for i, term := range terms {
		if lists[i], err = d.d.PostingsList([]byte(cut(term)), nil, nil); err != nil {
			return d.x.broken(err)
		}
		if rarest == nil || lists[i].Count() < rarest.Count() {
			rarest, at = lists[i], i
		}
	}
	others := make([]*cursor, 0, len(terms)-1)
	for i, l := range lists {
		if i != at {
			others = append(others, &cursor{iter: l.Iterator(false, false, false, nil)})
		}
	}
	iter := rarest.Iterator(false, false, false, nil)
	for p, err := iter.Next(); p != nil || err != nil; p, err = iter.Next() {
		if err != nil {
			return d.x.broken(err)
		}
		number := p.Number()
		if in, err := inAll(others, number); err != nil {
			return d.x.broken(err)
		} else if !in {
			continue
		}
		if err := d.x.addBlocks(number, found); err != nil {
			return err
		}
	}
	return nil
}

// cursor is a list that is read on from document to document.
type cursor struct {
	iter segment.PostingsIterator
	next uint64 // the document that it stands at, if any
	read bool
	done bool
}

// inAll says whether all lists have a document; documents ascend.
func inAll(lists []*cursor, number uint64) (bool, error) {
	for _, c := range lists {
		if !c.done && (!c.read || c.next < number) {
			p, err := c.iter.Advance(number)
			if err != nil {
				return false, err
			}
			c.read = true
			if c.done = p == nil; !c.done {
				c.next = p.Number()
			}
		}
		if c.done || c.next != number {
			return false, nil
		}
	}
	return true, nil
}

// maxMatch bounds how many terms match looks at; behind it no block is ruled
// out.
const maxMatch = 100_000

// match adds the blocks of terms that ok picks.
func (d *dict) match(ctx context.Context, prefix string, ok func(string) bool, found set) error {
	terms, err := d.terms(prefix)
	if err != nil {
		return err
	}
	for seen := 0; ; seen++ {
		if seen%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		term, err := terms.next()
		switch {
		case err != nil || term == nil:
			return err
		case seen == maxMatch:
			found.or(d.x.all())
			return nil
		case len(*term) < maxTerm && !ok(*term):
			continue
		}
		if err := d.visit(*term, found); err != nil {
			return err
		}
		if found.len() == d.x.t.blocks {
			return nil
		}
	}
}

// terms reads on in the dictionary.
type terms struct {
	x    *Index
	iter segment.DictionaryIterator
}

// uncounted is what a dictionary has that can leave out how often a term
// occurs, which takes reading its postings.
type uncounted interface {
	AutomatonIteratorOmitCount(a segment.Automaton, from, to []byte) segment.DictionaryIterator
}

func (d *dict) terms(prefix string) (t *terms, err error) {
	defer faults()()
	defer damaged(d.x.dir, &err)
	from := []byte(cut(prefix))
	if u, ok := d.d.(uncounted); ok {
		return &terms{d.x, u.AutomatonIteratorOmitCount(nil, from, behind(from))}, nil
	}
	return &terms{d.x, d.d.AutomatonIterator(nil, from, behind(from))}, nil
}

// behind is the least key behind all with a prefix; nil when there is none.
func behind(prefix []byte) []byte {
	end := append([]byte{}, prefix...)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i]++; end[i] != 0 {
			return end[:i+1]
		}
	}
	return nil
}

// next is nil at the end.
func (t *terms) next() (term *string, err error) {
	defer faults()()
	defer damaged(t.x.dir, &err)
	e, err := t.iter.Next()
	if err != nil {
		return nil, t.x.broken(err)
	}
	if e == nil {
		return nil, nil
	}
	return &e.Term, nil
}
