package pages

import (
	"regexp"

	"tripod/dashboard"
	"tripod/dashboard/frames"
)

// look is how a field is shown: the panel's own, changed by the overrides that
// fit, in order.
func (d *dashDraw) look(fd *frames.Field, letter string) dashLook {
	p := &d.one.Panel
	l := dashLook{unit: p.Unit, decimals: -1, min: p.Min, max: p.Max, thresholds: p.Thresholds, mappings: p.Mappings, draw: p.Draw}
	if p.Decimals != nil {
		l.decimals = *p.Decimals
	}
	for i := range p.Overrides {
		o := &p.Overrides[i]
		if !fits(o, fd, letter) {
			continue
		}
		if o.Unit != nil {
			l.unit = *o.Unit
		}
		if o.Decimals != nil {
			l.decimals = *o.Decimals
		}
		if o.Min != nil {
			l.min = o.Min
		}
		if o.Max != nil {
			l.max = o.Max
		}
		if len(o.Thresholds) > 0 {
			l.thresholds = o.Thresholds
		}
		if len(o.Mappings) > 0 {
			l.mappings = o.Mappings
		}
		if o.Draw != "" {
			l.draw = o.Draw
		}
		if o.Title != "" {
			l.title = o.Title
		}
		if o.Colour > 0 {
			l.colour = o.Colour
		}
		if o.Tone != "" {
			l.tone = o.Tone
		}
		l.hidden, l.negate = l.hidden || o.Hidden, l.negate || o.Negate
	}
	return l
}

func fits(o *dashboard.Override, fd *frames.Field, letter string) bool {
	switch {
	case o.Name != "":
		return o.Name == fd.Name || o.Name == fd.Display()
	case o.Match != "":
		return matchText(o.Match, fd.Display())
	case o.Type != "":
		return o.Type == [...]string{"number", "text", "time"}[fd.Kind]
	}
	return o.Query == letter
}

// matchText says whether an expression of a dashboard matches; one that cannot
// be read matches nothing.
func matchText(expr, text string) bool {
	re, err := regexp.Compile(expr)
	return err == nil && re.MatchString(text)
}
