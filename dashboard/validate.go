package dashboard

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"time"
	"unicode/utf8"
)

// ErrInvalid is in every error about what a dashboard says.
var ErrInvalid = errors.New("not a valid dashboard")

// Bounds on a dashboard.
const (
	MaxBytes     = 2 << 20 // of a file
	MaxPanels    = 300
	MaxRows      = 100
	MaxQueries   = 26 // of a panel
	MaxVariables = 100
	MaxText      = 64 << 10 // bytes of a query or of a text
	MaxName      = 300      // bytes of a title or a name
	MaxList      = 2000     // thresholds, mappings, overrides, transforms, values
	MaxHeight    = 100      // units of a panel
	maxY         = 1 << 20
	maxFaults    = 20
)

var varName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// faults collects what is wrong, each with where.
type faults struct{ list []error }

func (f *faults) add(where, format string, args ...any) {
	if len(f.list) < maxFaults {
		f.list = append(f.list, fmt.Errorf("%s: %s", where, fmt.Sprintf(format, args...)))
	}
}

func (f *faults) text(where, s string, most int) {
	switch {
	case len(s) > most:
		f.add(where, "%d bytes; at most %d are taken", len(s), most)
	case !utf8.ValidString(s):
		f.add(where, "is no valid UTF-8")
	}
}

func (f *faults) most(where string, n, most int) {
	if n > most {
		f.add(where, "%d of them; at most %d are taken", n, most)
	}
}

func (f *faults) pattern(where, s string) {
	f.text(where, s, MaxName*4)
	if _, err := regexp.Compile(s); err != nil {
		f.add(where, "%v", err)
	}
}

func (f *faults) oneOf(where, s string, known []string) {
	if s != "" && !slices.Contains(known, s) {
		f.add(where, "%.60q is not known; known are %v", s, known)
	}
}

func (f *faults) number(where string, n *float64) {
	if n != nil && (math.IsNaN(*n) || math.IsInf(*n, 0)) {
		f.add(where, "is no number")
	}
}

// Validate returns every fault at once, each with its place, up to 20.
func (d *Dashboard) Validate() error {
	var f faults
	if d.Version < 1 || d.Version > FileVersion {
		f.add("version", "%d is not known; this appliance reads 1 to %d", d.Version, FileVersion)
	}
	if d.Title == "" {
		f.add("title", "is missing")
	}
	f.text("title", d.Title, MaxName)
	f.text("description", d.Description, MaxText)
	f.most("tags", len(d.Tags), 50)
	for i, t := range d.Tags {
		f.text(fmt.Sprintf("tags[%d]", i), t, MaxName)
	}
	f.text("from", d.From, 100)
	f.text("to", d.To, 100)
	if d.Refresh != "" && d.Refresh != "off" {
		if every, err := time.ParseDuration(d.Refresh); err != nil || every < time.Second || every > 24*time.Hour {
			f.add("refresh", "%.40q is no duration from 1s to 24h", d.Refresh)
		}
	}
	d.validateVariables(&f)
	d.validateRows(&f)
	f.most("untranslated", len(d.Untranslated), MaxList)
	if len(f.list) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrInvalid, errors.Join(f.list...))
}

func (d *Dashboard) validateVariables(f *faults) {
	f.most("variables", len(d.Variables), MaxVariables)
	seen := map[string]bool{}
	for i, v := range d.Variables {
		at := fmt.Sprintf("variables[%d]", i)
		switch {
		case !varName.MatchString(v.Name) || len(v.Name) > MaxName:
			f.add(at+".name", "%.60q is no name: letters, digits and _", v.Name)
		case seen[v.Name]:
			f.add(at+".name", "there are two variables %q", v.Name)
		}
		seen[v.Name] = true
		if v.Kind == "" {
			f.add(at+".kind", "is missing")
		}
		f.oneOf(at+".kind", string(v.Kind), []string{"query", "custom", "interval", "source", "constant", "text"})
		f.text(at+".label", v.Label, MaxName)
		f.text(at+".query", v.Query, MaxText)
		f.text(at+".alltext", v.AllText, MaxText)
		f.pattern(at+".match", v.Match)
		f.oneOf(at+".sort", v.Sort, []string{"name", "-name", "number", "-number"})
		f.most(at+".values", len(v.Values), MaxList)
		f.most(at+".default", len(v.Default), MaxList)
	}
}

func (d *Dashboard) validateRows(f *faults) {
	f.most("rows", len(d.Rows), MaxRows)
	panels := 0
	ids := map[int]bool{}
	for r := range d.Rows {
		row := &d.Rows[r]
		at := fmt.Sprintf("rows[%d]", r)
		f.text(at+".title", row.Title, MaxName)
		f.text(at+".repeat", row.Repeat, MaxName)
		panels += len(row.Panels)
		for i := range row.Panels {
			p := &row.Panels[i]
			at := fmt.Sprintf("%s.panels[%d]", at, i)
			if p.ID < 1 {
				f.add(at+".id", "%d; IDs begin at 1", p.ID)
			} else if ids[p.ID] {
				f.add(at+".id", "there are two panels with the ID %d", p.ID)
			}
			ids[p.ID] = true
			p.validate(f, at)
		}
	}
	f.most("panels", panels, MaxPanels)
}

func (p *Panel) validate(f *faults, at string) {
	f.text(at+".title", p.Title, MaxName)
	f.text(at+".hint", p.Hint, 4*MaxName)
	f.text(at+".text", p.Text, MaxText)
	f.text(at+".unit", p.Unit, 60)
	f.text(at+".sort", p.Sort, MaxName)
	f.text(at+".repeat", p.Repeat, MaxName)
	f.text(at+".link", p.Link, 4*MaxName)
	if err := checkLink(p.Link); err != nil {
		f.add(at+".link", "%v", err)
	}
	if p.Kind != Placeholder && !slices.Contains(Kinds, p.Kind) {
		f.add(at+".kind", "%.60q is not known; known are %v", p.Kind, Kinds)
	}
	if pl := p.Place; pl.X < 0 || pl.W < 1 || pl.X > Columns || pl.W > Columns || pl.X+pl.W > Columns || pl.Y < 0 || pl.Y > maxY || pl.H < 1 || pl.H > MaxHeight {
		f.add(at+".place", "x %d, y %d, w %d, h %d is not on the grid of %d columns", pl.X, pl.Y, pl.W, pl.H, Columns)
	}
	if p.Decimals != nil && (*p.Decimals < 0 || *p.Decimals > 15) {
		f.add(at+".decimals", "%d; want 0 to 15", *p.Decimals)
	}
	if p.Limit < 0 || p.Limit > 10000 {
		f.add(at+".limit", "%d; want 0 to 10000", p.Limit)
	}
	f.number(at+".min", p.Min)
	f.number(at+".max", p.Max)
	f.oneOf(at+".draw", string(p.Draw), []string{"lines", "area", "bars", "points"})
	f.oneOf(at+".reduce", p.Reduce, Reducers)
	f.oneOf(at+".legend", p.Legend, []string{"list", "table", "none"})
	p.validateQueries(f, at)
	validateTones(f, at, p.Thresholds, p.Mappings)
	f.most(at+".overrides", len(p.Overrides), MaxList)
	for i, o := range p.Overrides {
		o.validate(f, fmt.Sprintf("%s.overrides[%d]", at, i))
	}
	f.most(at+".transforms", len(p.Transforms), 100)
	for i, t := range p.Transforms {
		at := fmt.Sprintf("%s.transforms[%d]", at, i)
		if !slices.Contains(Transforms, t.Kind) {
			f.add(at+".kind", "%.60q is not known; known are %v", t.Kind, Transforms)
		}
		f.pattern(at+".match", t.Match)
		f.text(at+".with", t.With, MaxName)
		f.most(at+".names", len(t.Names), MaxList)
	}
}

func (p *Panel) validateQueries(f *faults, at string) {
	f.most(at+".queries", len(p.Queries), MaxQueries)
	for i, q := range p.Queries {
		at := fmt.Sprintf("%s.queries[%d]", at, i)
		f.text(at+".text", q.Text, MaxText)
		f.text(at+".legend", q.Legend, 4*MaxName)
		f.text(at+".letter", q.Letter, 60)
		f.text(at+".step", q.Step, 100)
		f.oneOf(at+".language", string(q.Language), []string{"promql", "logql", "traceql", "math"})
	}
}

func (o *Override) validate(f *faults, at string) {
	if o.Name == "" && o.Match == "" && o.Type == "" && o.Query == "" {
		f.add(at, "names no field: want name, match, type or query")
	}
	f.pattern(at+".match", o.Match)
	f.oneOf(at+".type", o.Type, []string{"number", "text", "time"})
	f.oneOf(at+".draw", string(o.Draw), []string{"lines", "area", "bars", "points"})
	f.oneOf(at+".tone", o.Tone, []string{"ok", "warn", "err"})
	f.number(at+".min", o.Min)
	f.number(at+".max", o.Max)
	if o.Colour < 0 || o.Colour > 10 {
		f.add(at+".colour", "%d; want a slot from 1 to 10", o.Colour)
	}
	if o.Decimals != nil && (*o.Decimals < 0 || *o.Decimals > 15) {
		f.add(at+".decimals", "%d; want 0 to 15", *o.Decimals)
	}
	if o.Unit != nil {
		f.text(at+".unit", *o.Unit, 60)
	}
	validateTones(f, at, o.Thresholds, o.Mappings)
}

func validateTones(f *faults, at string, thresholds []Threshold, mappings []Mapping) {
	tones := []string{"ok", "warn", "err"}
	f.most(at+".thresholds", len(thresholds), 100)
	for i, t := range thresholds {
		f.oneOf(fmt.Sprintf("%s.thresholds[%d].tone", at, i), t.Tone, tones)
		f.number(fmt.Sprintf("%s.thresholds[%d].at", at, i), t.At)
	}
	f.most(at+".mappings", len(mappings), MaxList)
	for i, m := range mappings {
		at := fmt.Sprintf("%s.mappings[%d]", at, i)
		f.oneOf(at+".tone", m.Tone, tones)
		f.pattern(at+".match", m.Match)
		f.number(at+".from", m.From)
		f.number(at+".to", m.To)
	}
}
