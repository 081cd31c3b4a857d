package logs

import (
	"slices"

	"tripod/store"
)

// fieldCount is what is learnt of one field.
type fieldCount struct {
	records int64
	values  tally // nil counts records alone
	more    bool  // there are values that are not in the map
	full    bool  // some of them because there was no room
	told    int   // values that were told apart before they were given up
	left    int64 // records with values that are not in the map
	tries   int   // texts that are no numbers

	kinds     [3]int64 // by FieldKind
	low, high float64
	sample    sample
}

func (f *fieldCount) add(name string, v store.Value, c *counter) {
	f.records++
	if f.values == nil || v.Kind >= store.KindBytes {
		f.more = f.values != nil
		return
	}
	f.measure(name, v, 1)
	f.count(v.Text(), 1, c)
}

// count counts a value that n records have.
func (f *fieldCount) count(text string, n int64, c *counter) {
	full := len(f.values) >= c.most || c.room <= 0
	counted, isNew := f.values.add(text, n, !full && len(text) <= maxFacetText)
	if isNew {
		c.room--
	}
	if !counted {
		f.more, f.full = true, f.full || full
		f.left += n
	}
}

// many says that there are more values than were told apart.
func (f *fieldCount) many() bool { return f.values == nil || f.full }

// textTries is after how many texts a field is not tried as a number any more.
const textTries = 64

// measure reads a value of n records as a number, if it is one.
func (f *fieldCount) measure(name string, v store.Value, n int64) {
	kind, number := store.TextField, 0.0
	switch {
	case v.Kind == store.KindString && f.tries >= textTries:
	case v.Kind == store.KindString:
		if o, ok := parseOperand(v.Str()); ok && o.unit <= duration {
			kind, number = store.NumberField, o.number
			if o.unit == duration {
				kind = store.DurationField
			}
		}
	case v.Kind == store.KindInt || v.Kind == store.KindFloat:
		kind = store.NumberField
		if number, _ = v.Number(); saysUnit(name) {
			kind, number = store.DurationField, number*nameUnit(name)
		}
	}
	f.kinds[kind] += n
	if kind == store.TextField || number != number {
		f.tries++
		return
	}
	if f.sample.seen == 0 {
		f.low, f.high = number, number
	}
	f.low, f.high = min(f.low, number), max(f.high, number)
	for range n {
		f.sample.add(number)
	}
}

// saysUnit says whether a field's name tells that its numbers are durations.
func saysUnit(name string) bool {
	for _, unit := range [...]string{"ns", "us", "ms", "s", "seconds"} {
		if hasUnit(name, unit) {
			return true
		}
	}
	return false
}

// kind is what at least nine of ten values are.
func (f *fieldCount) kind() store.FieldKind {
	all := f.kinds[0] + f.kinds[1] + f.kinds[2]
	for _, k := range [...]store.FieldKind{store.NumberField, store.DurationField} {
		if f.kinds[k] > 0 && f.kinds[k]*10 >= all*9 {
			return k
		}
	}
	return store.TextField
}

// narrows says whether choosing a value is worth offering.
func (f *fieldCount) narrows() bool {
	return len(f.values) > 0 && !f.more && len(f.values) <= lowCardinality && int64(len(f.values)) <= max(1, f.records/2)
}

func (f *fieldCount) facet(name string, top int) store.Facet {
	out := store.Facet{Field: name, Kind: f.kind(), Lines: f.records, Distinct: max(len(f.values), f.told), More: f.more || f.values == nil}
	if out.Kind != store.TextField {
		out.Low, out.Median, out.High = f.low, f.sample.median(), f.high
	}
	out.Values = f.values.commonest(top)
	return out
}

// sample keeps every first, then every second, every fourth … number, so that
// at most 512 stand for all.
type sample struct {
	kept []float64
	seen int
	step int // numbers for each one kept; 0 is 1
}

func (s *sample) add(f float64) {
	s.step = max(s.step, 1)
	if s.seen%s.step == 0 {
		if len(s.kept) == 512 {
			for i := range 256 {
				s.kept[i] = s.kept[2*i]
			}
			s.kept = s.kept[:256]
			s.step *= 2
		}
		if s.seen%s.step == 0 {
			s.kept = append(s.kept, f)
		}
	}
	s.seen++
}

func (s *sample) median() float64 {
	if len(s.kept) == 0 {
		return 0
	}
	slices.Sort(s.kept)
	return s.kept[len(s.kept)/2]
}
