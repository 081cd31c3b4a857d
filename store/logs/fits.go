package logs

import (
	"fmt"

	"tripod/store"
)

// fitter measures records that mostly share their resource.
type fitter struct {
	shared *store.Resource
	weight meter
}

// fits says what is too large about a record: its line, all that came beside
// it, or what was taken out of it. A value that was taken out of the line is in
// the line already, and would count twice.
func (f *fitter) fits(r *store.Record) error {
	line, beside, taken := meter{bytes: len(r.Raw)}, meter{}, meter{}
	own := r.Attrs
	if r.Raw == "" {
		line.value(&r.Body, 1)
		line.bytes -= valueBytes
	} else {
		ahead := min(max(r.Ahead, 0), len(r.Attrs))
		taken.value(&r.Body, 1)
		taken.attrs(r.Attrs[ahead:], 1)
		own = r.Attrs[:ahead]
	}
	beside.attrs(own, 1)
	f.around(&beside, r)
	switch n := fieldsOf(r); {
	case line.bytes > maxRecordBytes:
		return fmt.Errorf("line of %d bytes, at most %d are kept", line.bytes, maxRecordBytes)
	case beside.bytes > maxRecordBytes:
		return fmt.Errorf("%d bytes beside the line, at most %d are kept", beside.bytes, maxRecordBytes)
	case taken.bytes > maxTakenBytes:
		return fmt.Errorf("fields of %d bytes taken out of the line, at most %d are kept", taken.bytes, maxTakenBytes)
	case line.deep || beside.deep || taken.deep:
		return fmt.Errorf("lists and maps nested deeper than %d", maxValueDepth)
	case n > maxRecordFields:
		return fmt.Errorf("record of %d fields, at most %d are kept", n, maxRecordFields)
	}
	return nil
}

// around adds the words of a record, its resource and its scope.
func (f *fitter) around(m *meter, r *store.Record) {
	m.bytes += len(r.Service) + len(r.LevelText) + len(r.EventName)
	if r.Resource != nil {
		if f.shared != r.Resource {
			f.shared, f.weight = r.Resource, meter{}
			f.weight.attrs(r.Resource.Attrs, 1)
		}
		m.bytes += f.weight.bytes + len(r.Resource.SchemaURL)
		m.deep = m.deep || f.weight.deep
	}
	if r.Scope != nil {
		m.attrs(r.Scope.Attrs, 1)
		m.bytes += len(r.Scope.SchemaURL) + len(r.Scope.Name) + len(r.Scope.Version)
	}
}

// valueBytes is what a value counts beside its text.
const valueBytes = 8

// meter adds up what a record holds.
type meter struct {
	bytes int
	deep  bool
}

func (m *meter) attrs(list store.Attrs, depth int) {
	for i := range list {
		m.bytes += len(list[i].Key)
		m.value(&list[i].Value, depth)
	}
}

func (m *meter) value(v *store.Value, depth int) {
	m.bytes += valueBytes + len(v.Str())
	if len(v.In()) == 0 {
		return
	}
	if depth > maxValueDepth {
		m.deep = true
		return
	}
	m.attrs(v.In(), depth+1)
}
