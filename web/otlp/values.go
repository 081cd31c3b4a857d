package otlp

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"tripod/store"
)

// arenaChunk is how many attributes share one allocation: enough to make the
// slice headers of a batch cheap, few enough that one record kept by somebody
// does not hold a whole batch.
const arenaChunk = 256

// arena hands out attribute lists. Strings are those that pdata copied out of
// the request, so nothing points into a network buffer.
type arena struct{ free store.Attrs }

// attrs makes room for n attributes, capped so that appending cannot spill
// into a neighbour.
func (a *arena) attrs(n int) store.Attrs {
	if n == 0 {
		return nil
	}
	if n > arenaChunk/4 {
		return make(store.Attrs, n)
	}
	if len(a.free) < n {
		a.free = make(store.Attrs, arenaChunk)
	}
	out := a.free[:n:n]
	a.free = a.free[n:]
	return out
}

func (a *arena) fromMap(m pcommon.Map) store.Attrs {
	out := a.attrs(m.Len())
	i := 0
	for k, v := range m.All() {
		out[i] = store.Attr{Key: k, Value: a.fromValue(v)}
		i++
	}
	return out
}

func (a *arena) fromValue(v pcommon.Value) store.Value {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return store.String(v.Str())
	case pcommon.ValueTypeInt:
		return store.Int(v.Int())
	case pcommon.ValueTypeDouble:
		return store.Float(v.Double())
	case pcommon.ValueTypeBool:
		return store.Bool(v.Bool())
	case pcommon.ValueTypeBytes:
		return store.Bytes(v.Bytes().AsRaw())
	case pcommon.ValueTypeMap:
		return store.Map(a.fromMap(v.Map()))
	case pcommon.ValueTypeSlice:
		items := make([]store.Value, v.Slice().Len())
		for i, item := range v.Slice().All() {
			items[i] = a.fromValue(item)
		}
		return store.List(items...)
	}
	return store.Value{}
}

func (a *arena) resource(r pcommon.Resource, schema string) *store.Resource {
	return &store.Resource{
		Attrs:     a.fromMap(r.Attributes()),
		Dropped:   r.DroppedAttributesCount(),
		SchemaURL: schema,
	}
}

func (a *arena) scope(s pcommon.InstrumentationScope, schema string) *store.Scope {
	return &store.Scope{
		Name:      s.Name(),
		Version:   s.Version(),
		Attrs:     a.fromMap(s.Attributes()),
		Dropped:   s.DroppedAttributesCount(),
		SchemaURL: schema,
	}
}
