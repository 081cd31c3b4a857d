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

// fits says what is too large about a record.
func (f *fitter) fits(r *store.Record) error {
	m := meter{}
	m.value(&r.Body, 1)
	m.attrs(r.Attrs, 1)
	m.bytes += len(r.Raw) + len(r.Service) + len(r.LevelText) + len(r.EventName)
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
	switch n := fieldsOf(r); {
	case m.bytes > maxRecordBytes:
		return fmt.Errorf("record of %d bytes, at most %d are kept", m.bytes, maxRecordBytes)
	case m.deep:
		return fmt.Errorf("lists and maps nested deeper than %d", maxValueDepth)
	case n > maxRecordFields:
		return fmt.Errorf("record of %d fields, at most %d are kept", n, maxRecordFields)
	}
	return nil
}

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
	m.bytes += 8 + len(v.Str())
	if len(v.In()) == 0 {
		return
	}
	if depth > maxValueDepth {
		m.deep = true
		return
	}
	m.attrs(v.In(), depth+1)
}
