package grafana

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"tripod/dashboard"
)

// fields are unit, scale, thresholds, mappings and overrides.
func (im *importer) fields(at string, p node, of refs, out *dashboard.Panel) {
	d := p.sub("fieldConfig", "defaults")
	where := at + ".fieldConfig.defaults"
	if u := d.str("unit"); u != "" {
		out.Unit = im.unit(where+".unit", u)
	}
	out.Decimals = decimals(d)
	out.Min, out.Max = d.pointer("min"), d.pointer("max")
	out.Thresholds = im.thresholds(where+".thresholds", d.sub("thresholds"), out.Min, out.Max)
	out.Mappings = im.mappings(where+".mappings", d.nodes("mappings"))
	if name := d.str("displayName"); name != "" {
		o := dashboard.Override{Type: "number", Title: cut(name, dashboard.MaxName)}
		if strings.Contains(name, "${__") || strings.Contains(name, "$__") {
			im.lost(where+".displayName", name, "names of series come from the legend of the query")
		} else {
			out.Overrides = append(out.Overrides, o)
		}
	}
	for i, o := range p.nodes("fieldConfig", "overrides") {
		if len(out.Overrides) < 500 {
			im.override(at+".fieldConfig.overrides["+strconv.Itoa(i)+"]", o, of, out)
		}
	}
}

func decimals(d node) *int {
	n, ok := d.num("decimals")
	if !ok || n < 0 || n > 15 {
		return nil
	}
	whole := int(n)
	return &whole
}

func (im *importer) override(at string, o node, of refs, out *dashboard.Panel) {
	var to dashboard.Override
	switch id := o.str("matcher", "id"); id {
	case "byName":
		to.Name = cut(o.str("matcher", "options"), dashboard.MaxName)
	case "byRegexp":
		to.Match = im.pattern(at+".matcher", o.str("matcher", "options"))
	case "byNames":
		var any []string
		for _, n := range o.strs("matcher", "options", "names") {
			any = append(any, regexp.QuoteMeta(n))
		}
		if len(any) > 0 {
			to.Match = im.pattern(at+".matcher", "^("+strings.Join(any, "|")+")$")
		}
		if o.str("matcher", "options", "mode") == "exclude" {
			im.lost(at, "an override for all fields but some", "overrides name the fields that they are for")
			return
		}
	case "byType":
		to.Type = map[string]string{"number": "number", "string": "text", "time": "time"}[o.str("matcher", "options")]
	case "byFrameRefID":
		to.Query = of.letter(o.str("matcher", "options"))
	default:
		im.lost(at+".matcher", "an override by "+strconv.Quote(id), "fields are named by name, expression, type or query")
		return
	}
	if to.Name == "" && to.Match == "" && to.Type == "" && to.Query == "" {
		return
	}
	for i, prop := range o.nodes("properties") {
		im.property(at+".properties["+strconv.Itoa(i)+"]", prop, &to)
	}
	out.Overrides = append(out.Overrides, to)
}

func (im *importer) property(at string, prop node, to *dashboard.Override) {
	switch id := prop.str("id"); id {
	case "unit":
		u := im.unit(at, prop.str("value"))
		to.Unit = &u
	case "decimals":
		to.Decimals = decimals(node{"decimals": prop.at("value")})
	case "min":
		to.Min = prop.pointer("value")
	case "max":
		to.Max = prop.pointer("value")
	case "displayName":
		to.Title = cut(prop.str("value"), dashboard.MaxName)
	case "thresholds":
		to.Thresholds = im.thresholds(at, prop.sub("value"), to.Min, to.Max)
	case "mappings":
		to.Mappings = im.mappings(at, prop.nodes("value"))
	case "color":
		if c := prop.str("value", "fixedColor"); c != "" {
			to.Colour, to.Tone = colour(c)
		}
	case "custom.hidden":
		to.Hidden = prop.bool("value")
	case "custom.hideFrom":
		to.Hidden = prop.bool("value", "viz")
	case "custom.transform":
		to.Negate = prop.str("value") == "negative-Y"
	case "custom.drawStyle":
		to.Draw = map[string]dashboard.Draw{"line": dashboard.Lines, "bars": dashboard.Bars, "points": dashboard.Points}[prop.str("value")]
	case "custom.fillOpacity":
		if f, _ := prop.num("value"); f > 5 && to.Draw == "" {
			to.Draw = dashboard.Area
		}
	case "custom.axisPlacement":
		im.lost(at, "an axis of its own", "a panel has one axis, at the left")
	case "custom.width", "custom.align", "custom.lineWidth", "custom.lineStyle", "custom.lineInterpolation", "custom.pointSize", "custom.showPoints", "custom.spanNulls",
		"custom.gradientMode", "custom.filterable", "custom.fillBelowTo", "custom.minWidth", "custom.barAlignment", "custom.axisLabel", "custom.axisColorMode":
		// looks that change no meaning
	case "custom.displayMode", "custom.cellOptions":
		if how := cmp.Or(prop.str("value"), prop.str("value", "type"), prop.str("value", "mode")); how != "" && how != "auto" && how != "sparkline" && !strings.Contains(how, "color") {
			im.lost(at, "cells shown as "+how, "cells of tables are text, coloured by thresholds")
		}
	case "links", "custom.inspect":
		im.lost(at, id+" of fields", "values of tables have no links of their own")
	default:
		im.lost(at, "the property "+strconv.Quote(cut(id, 60)), "it is not known here")
	}
}

// thresholds are colours from values on; those in per cent need the scale.
func (im *importer) thresholds(at string, t node, lo, hi *float64) []dashboard.Threshold {
	percent := t.str("mode") == "percentage"
	var out []dashboard.Threshold
	for i, s := range t.nodes("steps") {
		if len(out) >= 50 {
			break
		}
		_, tone := colour(s.str("color"))
		v := s.pointer("value")
		if v == nil && tone == "ok" {
			tone = "" // the normal is quiet
		}
		if v != nil && percent {
			if lo == nil || hi == nil {
				im.lost(at, "thresholds in per cent", "they need the ends of the scale, and the panel names none")
				return nil
			}
			f := *lo + (*hi-*lo)**v/100
			v = &f
		}
		if i > 0 || tone != "" {
			out = append(out, dashboard.Threshold{At: v, Tone: tone})
		}
	}
	slices.SortStableFunc(out, func(a, b dashboard.Threshold) int {
		switch {
		case a.At == nil && b.At == nil:
			return 0
		case a.At == nil:
			return -1
		case b.At == nil:
			return 1
		}
		return cmp.Compare(*a.At, *b.At)
	})
	if len(out) == 1 && out[0].Tone == "" || !slices.ContainsFunc(out, func(t dashboard.Threshold) bool { return t.Tone != "" }) {
		return nil
	}
	return out
}

// mappings of new files have options, those of old ones value or from and to.
func (im *importer) mappings(at string, all []node) []dashboard.Mapping {
	var out []dashboard.Mapping
	for i, m := range all {
		if len(out) >= 500 {
			break
		}
		at := at + "[" + strconv.Itoa(i) + "]"
		switch typ := m.str("type"); typ {
		case "value":
			opts := m.sub("options")
			var keys []string
			for k := range opts {
				keys = append(keys, k)
			}
			slices.Sort(keys)
			for _, k := range keys[:min(len(keys), 200)] {
				out = append(out, mapping(dashboard.Mapping{Value: cut(k, 500)}, opts.sub(k)))
			}
		case "range":
			out = append(out, mapping(dashboard.Mapping{From: m.pointer("options", "from"), To: m.pointer("options", "to")}, m.sub("options", "result")))
		case "regex":
			if p := im.pattern(at, slashed(m.str("options", "pattern"))); p != "" {
				out = append(out, mapping(dashboard.Mapping{Match: p}, m.sub("options", "result")))
			}
		case "special":
			res := m.sub("options", "result")
			switch m.str("options", "match") {
			case "null", "nan", "null+nan", "empty":
				out = append(out, mapping(dashboard.Mapping{Empty: true}, res))
			case "true":
				out = append(out, mapping(dashboard.Mapping{Value: "1"}, res))
			case "false":
				out = append(out, mapping(dashboard.Mapping{Value: "0"}, res))
			}
		case "1":
			out = append(out, oldMapping(m))
		case "2":
			out = append(out, dashboard.Mapping{From: m.pointer("from"), To: m.pointer("to"), Text: cut(m.str("text"), 500)})
		default:
			im.lost(at, "a mapping of the type "+strconv.Quote(cut(typ, 60)), "it is not known here")
		}
	}
	return slices.DeleteFunc(out, func(m dashboard.Mapping) bool {
		return m.Value == "" && m.From == nil && m.To == nil && m.Match == "" && !m.Empty
	})
}

func oldMapping(m node) dashboard.Mapping {
	if v := m.str("value"); v == "null" || v == "" {
		return dashboard.Mapping{Empty: true, Text: cut(m.str("text"), 500)}
	}
	return dashboard.Mapping{Value: cut(m.str("value"), 500), Text: cut(m.str("text"), 500)}
}

func mapping(m dashboard.Mapping, result node) dashboard.Mapping {
	m.Text = cut(result.str("text"), 500)
	_, m.Tone = colour(result.str("color"))
	return m
}

// slashed is what stands between the slashes of /expression/flags.
func slashed(s string) string {
	if len(s) > 1 && s[0] == '/' {
		if end := strings.LastIndexByte(s, '/'); end > 0 {
			flags := s[end+1:]
			s = s[1:end]
			if strings.Contains(flags, "i") {
				s = "(?i)" + s
			}
		}
	}
	return s
}

// pattern is an expression that can be used here; empty otherwise.
func (im *importer) pattern(at, s string) string {
	s = slashed(s)
	if s == "" {
		return ""
	}
	if _, err := regexp.Compile(s); err != nil || len(s) > 1000 {
		im.lost(at, "the expression "+cut(s, 100), "it cannot be read here: only RE2 expressions can")
		return ""
	}
	return s
}
