package traces

import (
	"iter"
	"slices"

	"tripod/store"
)

// bySpan holds things by the id of a span: few of them in a row, many in a map.
type bySpan[T any] struct {
	n    int
	few  []spanned[T]
	many map[store.SpanID][]T
}

type spanned[T any] struct {
	id store.SpanID
	it T
}

const fewSpans = 32

func (b *bySpan[T]) add(id store.SpanID, it T) {
	b.n++
	if b.many == nil && len(b.few) < fewSpans {
		if b.few == nil {
			b.few = make([]spanned[T], 0, 4)
		}
		b.few = append(b.few, spanned[T]{id, it})
		return
	}
	if b.many == nil {
		b.many = make(map[store.SpanID][]T, 2*fewSpans)
		for _, f := range b.few {
			b.many[f.id] = append(b.many[f.id], f.it)
		}
		b.few = nil
	}
	b.many[id] = append(b.many[id], it)
}

// of are the things of a span, in the order in which they came.
func (b *bySpan[T]) of(id store.SpanID) iter.Seq[T] {
	return func(yield func(T) bool) {
		for i := range b.few {
			if b.few[i].id == id && !yield(b.few[i].it) {
				return
			}
		}
		for _, it := range b.many[id] {
			if !yield(it) {
				return
			}
		}
	}
}

// take removes the things of a span.
func (b *bySpan[T]) take(id store.SpanID) []T {
	if b.n == 0 {
		return nil
	}
	out := slices.Collect(b.of(id))
	if len(out) > 0 {
		b.n -= len(out)
		b.few = slices.DeleteFunc(b.few, func(s spanned[T]) bool { return s.id == id })
		delete(b.many, id)
	}
	return out
}
