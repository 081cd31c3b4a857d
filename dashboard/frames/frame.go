package frames

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Kind is what a field's values are.
type Kind uint8

// The kinds of fields.
const (
	Number Kind = iota
	Text
	Time  // Nums are Unix ms
	Trend // Lines are many numbers each
)

// Field is one column. Numbers and times are in Nums, where NaN is no value;
// texts in Texts, trends in Lines.
type Field struct {
	Name   string
	Labels map[string]string
	Kind   Kind
	Nums   []float64
	Texts  []string
	Lines  [][]float64
	Legend string // what the query calls it; the name of what is made of name and labels unless set
}

// Frame is one answer; all fields have as many values.
type Frame struct {
	Letter string // of the query
	Fields []Field
}

// Series is a frame of one series over time.
func Series(letter, name string, labels map[string]string, times, values []float64) Frame {
	return Frame{Letter: letter, Fields: []Field{{Name: "Time", Kind: Time, Nums: times}, {Name: name, Labels: labels, Nums: values}}}
}

// Len is the number of values.
func (f *Field) Len() int {
	switch f.Kind {
	case Text:
		return len(f.Texts)
	case Trend:
		return len(f.Lines)
	}
	return len(f.Nums)
}

// Rows is the number of rows.
func (f *Frame) Rows() int {
	if len(f.Fields) == 0 {
		return 0
	}
	return f.Fields[0].Len()
}

// String is a value as text; empty for none.
func (f *Field) String(i int) string {
	switch {
	case i < 0 || i >= f.Len():
		return ""
	case f.Kind == Text:
		return f.Texts[i]
	case f.Kind == Trend:
		return ""
	case math.IsNaN(f.Nums[i]):
		return ""
	case f.Kind == Time:
		return time.UnixMilli(int64(f.Nums[i])).UTC().Format("2006-01-02 15:04:05")
	}
	return strconv.FormatFloat(f.Nums[i], 'g', -1, 64)
}

// Number is a value as a number; NaN when it is none. That of a trend is its last.
func (f *Field) Number(i int) float64 {
	if f.Kind == Text || i < 0 || i >= f.Len() {
		return math.NaN()
	}
	if f.Kind == Trend {
		return Reduce("lastnotnull", f.Lines[i])
	}
	return f.Nums[i]
}

// Display is what a field is called: its legend, or its name and labels.
func (f *Field) Display() string {
	if f.Legend != "" {
		return f.Legend
	}
	if len(f.Labels) == 0 {
		return f.Name
	}
	name := f.Name
	if name == "Value" {
		name = ""
	}
	if len(f.Labels) == 1 && name == "" {
		for _, v := range f.Labels {
			return v
		}
	}
	return name + LabelText(f.Labels)
}

// LabelText is labels as PromQL writes them, in order.
func LabelText(labels map[string]string) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, k := range slices.Sorted(mapKeys(labels)) {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(k + "=" + strconv.Quote(labels[k]))
	}
	b.WriteByte('}')
	return b.String()
}

// find is the field that goes by a name: its own, or the one it is shown by.
func (f *Frame) find(name string) int {
	for i := range f.Fields {
		if f.Fields[i].Name == name || f.Fields[i].Display() == name {
			return i
		}
	}
	return -1
}

// pick is a field with the values of some rows, in their order; -1 is no value.
func (f *Field) pick(rows []int) Field {
	out := *f
	out.Nums, out.Texts, out.Lines = nil, nil, nil
	for _, r := range rows {
		if f.Kind == Trend {
			var line []float64
			if r >= 0 {
				line = f.Lines[r]
			}
			out.Lines = append(out.Lines, line)
			continue
		}
		if f.Kind == Text {
			s := ""
			if r >= 0 {
				s = f.Texts[r]
			}
			out.Texts = append(out.Texts, s)
			continue
		}
		v := math.NaN()
		if r >= 0 {
			v = f.Nums[r]
		}
		out.Nums = append(out.Nums, v)
	}
	return out
}

// pickRows is a frame with some of its rows.
func (f *Frame) pickRows(rows []int) Frame {
	out := Frame{Letter: f.Letter}
	for i := range f.Fields {
		out.Fields = append(out.Fields, f.Fields[i].pick(rows))
	}
	return out
}
