package logs

import (
	"slices"
	"strings"

	"tripod/store"
	"tripod/store/events"
)

// Bounds of what is kept beside the patterns of one question.
const (
	maxCommonFields = 12      // of a pattern
	maxCommonValues = 64      // of one of them
	maxCommonText   = 120     // bytes of a value
	maxCommonAll    = 100_000 // values of all patterns
)

// sameEverywhere are fields that say little about a pattern: of the process,
// the moment, or one request alone.
var sameEverywhere = map[string]bool{
	"pid": true, "hostname": true, "v": true, "version": true, "name": true, "time": true, "reqId": true, "requestId": true, "request_id": true,
}

// commons are the values that the records of a pattern have in its parts that
// vary and in their own fields.
type commons struct{ fields []commonField }

type commonField struct {
	name   string
	part   int // number of the part that varies, plus 1; 0 is a field
	n      int64
	values tally
	more   bool
}

func (c *commons) add(g *grouper, e *events.Event) {
	part := 0
	for i := range g.shaper.spans {
		if s := &g.shaper.spans[i]; s.kind != "" {
			part++
			c.note(g, s.kind, part, g.shaper.text[s.start:s.end])
		}
	}
	for i := range e.Fields {
		f := &e.Fields[i]
		own := f.Name == "" || f.Name[0] >= keep[0]
		if own && f.Value.Kind < store.KindBytes && !sameEverywhere[f.Name] {
			c.note(g, f.Name, 0, f.Value.Text())
		}
	}
}

func (c *commons) note(g *grouper, name string, part int, value string) {
	i := slices.IndexFunc(c.fields, func(f commonField) bool { return f.part == part && f.name == name })
	if i < 0 {
		if len(c.fields) >= maxCommonFields || g.room <= 0 {
			return
		}
		i = len(c.fields)
		c.fields = append(c.fields, commonField{name: strings.Clone(name), part: part, values: tally{}})
	}
	f := &c.fields[i]
	f.n++
	room := len(f.values) < maxCommonValues && len(value) <= maxCommonText && g.room > 0
	counted, isNew := f.values.add(value, 1, room)
	if isNew {
		g.room--
	}
	f.more = f.more || !counted
}

// best is the field that tells most: one with few values of which one is the
// commonest by far, or else with one value only, or else any. Fields that less
// than half of the records have tell nothing.
func (c *commons) best(records int64) store.PatternCommon {
	var best store.PatternCommon
	least := -1.0
	for i := range c.fields {
		f := &c.fields[i]
		if f.n*2 < records {
			continue
		}
		out := f.common()
		tells := 0.0
		if len(out.Values) > 0 {
			tells = float64(out.Values[0].Count) / float64(f.n)
		}
		if out.Distinct > 1 && tells >= 0.3 {
			tells += 2
		}
		if tells > least {
			best, least = out, tells
		}
	}
	return best
}

func (f *commonField) common() store.PatternCommon {
	out := store.PatternCommon{Name: f.name, Lines: f.n, Distinct: len(f.values), More: f.more}
	if f.part == 0 {
		out.Name = fieldLabel(f.name)
	}
	out.Values = f.values.commonest(3)
	return out
}
