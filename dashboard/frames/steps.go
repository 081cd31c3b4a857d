package frames

import (
	"cmp"
	"math"
	"regexp"
	"slices"
	"strings"

	"tripod/dashboard"
)

// oneFrame joins series by time, where a step works across them.
func oneFrame(frames []Frame) []Frame {
	if len(frames) < 2 {
		return frames
	}
	for i := range frames {
		if frames[i].find("Time") < 0 {
			return frames
		}
	}
	return []Frame{combine(frames, []string{"Time"})}
}

// reduceAll makes one row of each number: its name and the reducers of Names.
func reduceAll(t *dashboard.Transform, frames []Frame) []Frame {
	how := t.Names
	if len(how) == 0 {
		how = []string{"last"}
	}
	out := Frame{Fields: []Field{{Name: "Field", Kind: Text}}}
	for _, h := range how {
		out.Fields = append(out.Fields, Field{Name: h, Legend: ReducerName(h)})
	}
	for fi := range frames {
		for i := range frames[fi].Fields {
			fd := &frames[fi].Fields[i]
			if fd.Kind != Number {
				continue
			}
			out.Fields[0].Texts = append(out.Fields[0].Texts, fd.Display())
			for k, h := range how {
				out.Fields[k+1].Nums = append(out.Fields[k+1].Nums, Reduce(h, fd.Nums))
			}
		}
	}
	return []Frame{out}
}

// ReducerName is what people call a reducer.
func ReducerName(how string) string {
	switch how {
	case "last", "lastnotnull":
		return "Last"
	case "first", "firstnotnull":
		return "First"
	case "sum":
		return "Total"
	case "diff":
		return "Difference"
	case "diffperc":
		return "Difference %"
	}
	if how == "" {
		return ""
	}
	return strings.ToUpper(how[:1]) + how[1:]
}

// calculate adds a number: of two fields, or of all numbers of a row.
func calculate(t *dashboard.Transform, f Frame) Frame {
	out := Frame{Letter: f.Letter, Fields: slices.Clone(f.Fields)}
	made := Field{Name: cmp.Or(t.As, "Result"), Legend: t.As}
	for r := range f.Rows() {
		made.Nums = append(made.Nums, calculated(t, &f, r))
	}
	out.Fields = append(out.Fields, made)
	return out
}

func calculated(t *dashboard.Transform, f *Frame, row int) float64 {
	if slices.Contains([]string{"+", "-", "*", "/", "%", "^"}, t.With) && len(t.Names) == 2 {
		return operate(t.With, operand(f, t.Names[0], row), operand(f, t.Names[1], row))
	}
	var all []float64
	for i := range f.Fields {
		if fd := &f.Fields[i]; fd.Kind == Number && (len(t.Names) == 0 || slices.Contains(t.Names, fd.Name) || slices.Contains(t.Names, fd.Display())) {
			all = append(all, fd.Number(row))
		}
	}
	return Reduce(t.With, all)
}

// operand is a field's value, or a number that is written down.
func operand(f *Frame, name string, row int) float64 {
	if i := f.find(name); i >= 0 {
		return f.Fields[i].Number(row)
	}
	n, err := parseNumber(name)
	if err != nil {
		return math.NaN()
	}
	return n
}

func operate(op string, a, b float64) float64 {
	switch op {
	case "+":
		return a + b
	case "-":
		return a - b
	case "*":
		return a * b
	case "/":
		return a / b
	case "%":
		return math.Mod(a, b)
	}
	return math.Pow(a, b)
}

// labelsToFields makes a column of each label.
func labelsToFields(f Frame) Frame {
	out := Frame{Letter: f.Letter}
	names := map[string]string{}
	for _, fd := range f.Fields {
		for k := range fd.Labels {
			names[k] = ""
		}
	}
	for _, fd := range f.Fields {
		if fd.Kind == Time {
			out.Fields = append(out.Fields, fd)
		}
	}
	for _, k := range slices.Sorted(mapKeys(names)) {
		col := Field{Name: k, Kind: Text}
		value := ""
		for _, fd := range f.Fields {
			if v := fd.Labels[k]; v != "" {
				value = v
			}
		}
		for range f.Rows() {
			col.Texts = append(col.Texts, value)
		}
		out.Fields = append(out.Fields, col)
	}
	for _, fd := range f.Fields {
		if fd.Kind != Time {
			fd.Labels, fd.Legend = nil, ""
			out.Fields = append(out.Fields, fd)
		}
	}
	return out
}

// group makes one row of all that agree in Names.
func group(t *dashboard.Transform, f Frame) Frame {
	rows := map[string][]int{}
	var order []string
	for r := range f.Rows() {
		key := rowKey(&f, r, t.Names)
		if _, ok := rows[key]; !ok {
			order = append(order, key)
		}
		rows[key] = append(rows[key], r)
	}
	heads := make([]int, len(order))
	for i, k := range order {
		heads[i] = rows[k][0]
	}
	out := Frame{Letter: f.Letter}
	for i := range f.Fields {
		fd := &f.Fields[i]
		if slices.Contains(t.Names, fd.Name) || slices.Contains(t.Names, fd.Display()) {
			out.Fields = append(out.Fields, fd.pick(heads))
			continue
		}
		how, ok := t.Reduce[fd.Name]
		if !ok {
			continue
		}
		made := Field{Name: fd.Name + " (" + how + ")"}
		for _, k := range order {
			part := fd.pick(rows[k])
			if how == "count" {
				made.Nums = append(made.Nums, float64(part.Len()))
				continue
			}
			made.Nums = append(made.Nums, Reduce(how, part.Nums))
		}
		out.Fields = append(out.Fields, made)
	}
	return out
}

// Sort orders rows by a field; rows without a value come last.
func Sort(f Frame, name string, desc bool) Frame {
	i := f.find(name)
	if i < 0 {
		return f
	}
	fd := &f.Fields[i]
	rows := make([]int, f.Rows())
	for r := range rows {
		rows[r] = r
	}
	slices.SortStableFunc(rows, func(a, b int) int {
		if fd.Kind == Text {
			return turned(strings.Compare(fd.Texts[a], fd.Texts[b]), desc)
		}
		x, y := fd.Number(a), fd.Number(b)
		switch {
		case math.IsNaN(x) && math.IsNaN(y):
			return 0
		case math.IsNaN(x):
			return 1
		case math.IsNaN(y):
			return -1
		}
		return turned(cmp.Compare(x, y), desc)
	})
	return f.pickRows(rows)
}

func turned(c int, desc bool) int {
	if desc {
		return -c
	}
	return c
}

// Limit keeps the first rows.
func Limit(f Frame, n int) Frame {
	if n <= 0 || f.Rows() <= n {
		return f
	}
	rows := make([]int, n)
	for r := range rows {
		rows[r] = r
	}
	return f.pickRows(rows)
}

// where keeps rows by what a field says.
func where(t *dashboard.Transform, f Frame) Frame {
	i := f.find(first(t.Names))
	re, err := regexp.Compile(t.Match)
	if i < 0 || err != nil {
		return f
	}
	var rows []int
	for r := range f.Rows() {
		if re.MatchString(f.Fields[i].String(r)) != t.Desc {
			rows = append(rows, r)
		}
	}
	return f.pickRows(rows)
}

// seriesToRows makes one long table of all series: time, name, value.
func seriesToRows(frames []Frame) []Frame {
	out := Frame{Fields: []Field{{Name: "Time", Kind: Time}, {Name: "Metric", Kind: Text}, {Name: "Value"}}}
	for fi := range frames {
		f := &frames[fi]
		at := f.find("Time")
		for i := range f.Fields {
			fd := &f.Fields[i]
			if fd.Kind != Number || at < 0 {
				continue
			}
			for r := range fd.Nums {
				if len(out.Fields[0].Nums)*3 > maxCells {
					return []Frame{out}
				}
				out.Fields[0].Nums = append(out.Fields[0].Nums, f.Fields[at].Number(r))
				out.Fields[1].Texts = append(out.Fields[1].Texts, fd.Display())
				out.Fields[2].Nums = append(out.Fields[2].Nums, fd.Nums[r])
			}
		}
	}
	return []Frame{out}
}
