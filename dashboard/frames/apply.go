package frames

import (
	"cmp"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"tripod/dashboard"
)

// maxCells bounds what a step may make.
const maxCells = 2_000_000

// Apply takes frames through all steps, in order. A step that does not fit what
// it gets leaves it as it is.
func Apply(steps []dashboard.Transform, frames []Frame) []Frame {
	for i := range steps {
		frames = apply(&steps[i], frames)
	}
	return frames
}

func apply(t *dashboard.Transform, frames []Frame) []Frame {
	switch t.Kind {
	case "organize":
		return eachFrame(frames, func(f Frame) Frame { return organize(t, f) })
	case "filter":
		return filter(t, frames)
	case "rename":
		return rename(t, frames)
	case "merge":
		return merge(frames)
	case "join":
		return join(t, frames)
	case "reduce":
		return reduceAll(t, frames)
	case "calculate":
		return eachFrame(oneFrame(frames), func(f Frame) Frame { return calculate(t, f) })
	case "labels":
		return eachFrame(frames, labelsToFields)
	case "group":
		return eachFrame(frames, func(f Frame) Frame { return group(t, f) })
	case "sort":
		return eachFrame(frames, func(f Frame) Frame { return Sort(f, first(t.Names), t.Desc) })
	case "limit":
		return eachFrame(frames, func(f Frame) Frame { return Limit(f, t.Limit) })
	case "where":
		return eachFrame(frames, func(f Frame) Frame { return where(t, f) })
	case "seriestorows":
		return seriesToRows(frames)
	}
	return frames
}

func eachFrame(frames []Frame, f func(Frame) Frame) []Frame {
	out := make([]Frame, len(frames))
	for i := range frames {
		out[i] = f(frames[i])
	}
	return out
}

func first(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return names[0]
}

// organize leaves fields out, names them anew and puts them in order.
func organize(t *dashboard.Transform, f Frame) Frame {
	out := Frame{Letter: f.Letter}
	for _, fd := range f.Fields {
		if slices.Contains(t.Exclude, fd.Name) || slices.Contains(t.Exclude, fd.Display()) {
			continue
		}
		out.Fields = append(out.Fields, fd)
	}
	rank := func(fd *Field) int {
		for i, n := range t.Names {
			if n == fd.Name || n == fd.Display() {
				return i
			}
		}
		return len(t.Names)
	}
	slices.SortStableFunc(out.Fields, func(a, b Field) int { return cmp.Compare(rank(&a), rank(&b)) })
	for i := range out.Fields {
		fd := &out.Fields[i]
		name, ok := t.Rename[fd.Name]
		if !ok {
			name, ok = t.Rename[fd.Display()]
		}
		if ok && name != "" {
			fd.Name, fd.Legend = name, name
		}
	}
	return out
}

// filter keeps the fields that are named; the time of a series stays with it.
func filter(t *dashboard.Transform, frames []Frame) []Frame {
	re, err := regexp.Compile(t.Match)
	if err != nil {
		return frames
	}
	var out []Frame
	for _, f := range frames {
		kept := Frame{Letter: f.Letter}
		others := 0
		for _, fd := range f.Fields {
			named := slices.Contains(t.Names, fd.Name) || slices.Contains(t.Names, fd.Display()) || t.Match != "" && re.MatchString(fd.Display())
			if named != t.Desc || fd.Kind == Time && len(f.Fields) == 2 {
				kept.Fields = append(kept.Fields, fd)
				if fd.Kind != Time || named {
					others++
				}
			}
		}
		if others > 0 {
			out = append(out, kept)
		}
	}
	return out
}

// rename replaces what an expression matches in the names of fields.
func rename(t *dashboard.Transform, frames []Frame) []Frame {
	re, err := regexp.Compile(t.Match)
	if err != nil {
		return frames
	}
	return eachFrame(frames, func(f Frame) Frame {
		out := Frame{Letter: f.Letter, Fields: slices.Clone(f.Fields)}
		for i := range out.Fields {
			fd := &out.Fields[i]
			if fd.Kind == Time {
				continue
			}
			if name := fd.Display(); re.MatchString(name) {
				fd.Legend = re.ReplaceAllString(name, t.With)
			}
		}
		return out
	})
}

// rowKey tells rows apart by their texts and times.
func rowKey(f *Frame, row int, names []string) string {
	var b strings.Builder
	for _, n := range names {
		if i := f.find(n); i >= 0 {
			if f.Fields[i].Kind == Text {
				b.WriteString(strconv.Quote(f.Fields[i].String(row)))
			} else { // a time as text has no milliseconds
				b.WriteString(strconv.FormatFloat(f.Fields[i].Number(row), 'g', -1, 64))
			}
		}
		b.WriteByte('|')
	}
	return b.String()
}

// merge makes one table of all: rows that agree in what they share become one.
// An answer without rows has no columns to share, and is left out.
func merge(frames []Frame) []Frame {
	frames = slices.DeleteFunc(slices.Clone(frames), func(f Frame) bool { return f.Rows() == 0 })
	if len(frames) < 2 {
		return frames
	}
	var shared []string
	for _, fd := range frames[0].Fields {
		everywhere := true
		for i := range frames[1:] {
			everywhere = everywhere && frames[i+1].find(fd.Name) >= 0
		}
		if everywhere && fd.Kind != Number && fd.Kind != Trend {
			shared = append(shared, fd.Name)
		}
	}
	return []Frame{combine(frames, shared)}
}

// join is merge by one field.
func join(t *dashboard.Transform, frames []Frame) []Frame {
	by := first(t.Names)
	if len(frames) < 2 {
		return frames
	}
	if by == "" {
		by = "Time"
	}
	return []Frame{combine(frames, []string{by})}
}

// combine puts frames side by side, row by row of the same key.
func combine(frames []Frame, shared []string) Frame {
	var out Frame
	rows := map[string]int{}
	n := 0
	for fi := range frames {
		f := &frames[fi]
		at := make([]int, f.Rows()) // the row of the whole for each of this frame
		for r := range at {
			key := rowKey(f, r, shared)
			no, ok := rows[key]
			if !ok {
				no = n
				rows[key] = n
				n++
			}
			at[r] = no
		}
		if n*(len(out.Fields)+len(f.Fields)) > maxCells {
			return out
		}
		for i := range f.Fields {
			put(&out, &f.Fields[i], at, n, slices.Contains(shared, f.Fields[i].Name))
		}
	}
	for i := range out.Fields {
		grow(&out.Fields[i], n)
	}
	return out
}

// put writes a field's values into rows of a frame that has n of them.
func put(out *Frame, fd *Field, at []int, n int, shared bool) {
	i := -1
	if shared {
		i = out.find(fd.Name)
	} else {
		for k := range out.Fields {
			if out.Fields[k].Name == fd.Name && out.Fields[k].Display() == fd.Display() {
				i = k
			}
		}
	}
	if i < 0 {
		one := *fd
		one.Nums, one.Texts, one.Lines = nil, nil, nil
		out.Fields = append(out.Fields, one)
		i = len(out.Fields) - 1
	}
	to := &out.Fields[i]
	grow(to, n)
	for r, no := range at {
		switch {
		case to.Kind == Text:
			to.Texts[no] = fd.String(r)
		case to.Kind != Trend:
			to.Nums[no] = fd.Number(r)
		case fd.Kind == Trend:
			to.Lines[no] = fd.Lines[r]
		}
	}
}

// grow adds rows without a value.
func grow(fd *Field, n int) {
	for fd.Len() < n {
		switch fd.Kind {
		case Text:
			fd.Texts = append(fd.Texts, "")
		case Trend:
			fd.Lines = append(fd.Lines, nil)
		default:
			fd.Nums = append(fd.Nums, math.NaN())
		}
	}
}

// Stack puts one frame's rows below another's, by the names of fields.
func Stack(a, b Frame) Frame {
	out := Frame{Letter: a.Letter}
	n := a.Rows()
	all := n + b.Rows()
	if all*(len(a.Fields)+len(b.Fields)) > maxCells {
		return a
	}
	at := make([]int, n)
	for i := range at {
		at[i] = i
	}
	for i := range a.Fields {
		put(&out, &a.Fields[i], at, all, false)
	}
	at = at[:0]
	for i := range b.Rows() {
		at = append(at, n+i)
	}
	for i := range b.Fields {
		put(&out, &b.Fields[i], at, all, true)
	}
	for i := range out.Fields {
		grow(&out.Fields[i], all)
	}
	return out
}
