package frames

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"tripod/dashboard"
)

// text writes frames a reader can compare: names, then rows.
func text(all []Frame) string {
	var b strings.Builder
	for i := range all {
		f := &all[i]
		var names []string
		for k := range f.Fields {
			names = append(names, f.Fields[k].Display())
		}
		b.WriteString(strings.Join(names, ","))
		for r := range f.Rows() {
			var row []string
			for k := range f.Fields {
				s := f.Fields[k].String(r)
				if f.Fields[k].Kind == Time {
					s = fmt.Sprint(f.Fields[k].Nums[r])
				}
				row = append(row, s)
			}
			b.WriteString(" | " + strings.Join(row, ","))
		}
		b.WriteString("\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// named is a table with a text, a time and a number.
func named(letter string, keys []string, values []float64) Frame {
	return Frame{Letter: letter, Fields: []Field{{Name: "Time", Kind: Time, Nums: make([]float64, len(keys))}, {Name: "job", Kind: Text, Texts: keys}, {Name: "Value #" + letter, Nums: values}}}
}

func TestSteps(t *testing.T) {
	gap := math.NaN()
	times := []float64{1, 2, 3}
	a, b := Series("A", "Value", map[string]string{"job": "x"}, times, []float64{1, 2, 3}), Series("B", "Value", map[string]string{"job": "y"}, times, []float64{10, gap, 30})
	a.Fields[1].Legend, b.Fields[1].Legend = "a", "b"
	two := []Frame{named("A", []string{"x", "y"}, []float64{1, 2}), named("B", []string{"y", "z"}, []float64{20, 30})}
	for name, c := range map[string]struct {
		steps []dashboard.Transform
		in    []Frame
		want  string
	}{
		"merge joins rows by what they share": {[]dashboard.Transform{{Kind: "merge"}}, two, "Time,job,Value #A,Value #B | 0,x,1, | 0,y,2,20 | 0,z,,30"},
		"merge leaves out answers that are empty": {[]dashboard.Transform{{Kind: "merge"}}, []Frame{{Letter: "C", Fields: []Field{{Name: "Time", Kind: Time}, {Name: "Value #C"}}}, two[0], two[1], {Letter: "D"}},
			"Time,job,Value #A,Value #B | 0,x,1, | 0,y,2,20 | 0,z,,30"},
		"merge of one that is not empty": {[]dashboard.Transform{{Kind: "merge"}}, []Frame{{Letter: "D"}, two[0]}, "Time,job,Value #A | 0,x,1 | 0,y,2"},
		"organize leaves out, orders, renames": {[]dashboard.Transform{{Kind: "organize", Exclude: []string{"Time"}, Names: []string{"Value #A"}, Rename: map[string]string{"job": "Job"}}}, two[:1],
			"Value #A,Job | 1,x | 2,y"},
		"reduce makes a row of each series":     {[]dashboard.Transform{{Kind: "reduce", Names: []string{"max", "lastnotnull"}}}, []Frame{a, b}, "Field,Max,Last | a,3,3 | b,30,30"},
		"filter keeps what is named":            {[]dashboard.Transform{{Kind: "filter", Names: []string{"b"}}}, []Frame{a, b}, "Time,b | 1,10 | 2, | 3,30"},
		"filter leaves out what matches":        {[]dashboard.Transform{{Kind: "filter", Match: "^b$", Desc: true}}, []Frame{a, b}, "Time,a | 1,1 | 2,2 | 3,3"},
		"rename by expression":                  {[]dashboard.Transform{{Kind: "rename", Match: "(.*)", With: "<$1>"}}, []Frame{a}, "Time,<a> | 1,1 | 2,2 | 3,3"},
		"calculate of two fields":               {[]dashboard.Transform{{Kind: "calculate", Names: []string{"b", "a"}, With: "/", As: "ratio"}}, []Frame{a, b}, "Time,a,b,ratio | 1,1,10,10 | 2,2,, | 3,3,30,10"},
		"calculate over a row":                  {[]dashboard.Transform{{Kind: "calculate", With: "sum", As: "all"}}, []Frame{a, b}, "Time,a,b,all | 1,1,10,11 | 2,2,,2 | 3,3,30,33"},
		"calculate with a number":               {[]dashboard.Transform{{Kind: "calculate", Names: []string{"a", "100"}, With: "*", As: "hundred"}}, []Frame{a}, "Time,a,hundred | 1,1,100 | 2,2,200 | 3,3,300"},
		"labels become columns":                 {[]dashboard.Transform{{Kind: "labels"}}, []Frame{a}, "Time,job,Value | 1,x,1 | 2,x,2 | 3,x,3"},
		"group":                                 {[]dashboard.Transform{{Kind: "group", Names: []string{"job"}, Reduce: map[string]string{"Value #A": "sum"}}}, []Frame{named("A", []string{"x", "y", "x"}, []float64{1, 2, 4})}, "job,Value #A (sum) | x,5 | y,2"},
		"sort and limit":                        {[]dashboard.Transform{{Kind: "sort", Names: []string{"Value #A"}, Desc: true}, {Kind: "limit", Limit: 2}}, []Frame{named("A", []string{"x", "y", "z"}, []float64{1, gap, 4})}, "Time,job,Value #A | 0,z,4 | 0,x,1"},
		"join by a field":                       {[]dashboard.Transform{{Kind: "join", Names: []string{"job"}}}, two, "Time,job,Value #A,Value #B | 0,x,1, | 0,y,2,20 | 0,z,,30"},
		"where keeps rows":                      {[]dashboard.Transform{{Kind: "where", Names: []string{"job"}, Match: "^y$"}}, two[:1], "Time,job,Value #A | 0,y,2"},
		"series to rows":                        {[]dashboard.Transform{{Kind: "seriestorows"}}, []Frame{a}, "Time,Metric,Value | 1,a,1 | 2,a,2 | 3,a,3"},
		"a step that is not known changes none": {[]dashboard.Transform{{Kind: "magic"}}, []Frame{a}, "Time,a | 1,1 | 2,2 | 3,3"},
	} {
		t.Run(name, func(t *testing.T) {
			got := strings.ReplaceAll(text(Apply(c.steps, c.in)), "NaN", "")
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestReduce(t *testing.T) {
	v := []float64{math.NaN(), 4, 1, math.NaN(), 3, math.NaN()}
	for how, want := range map[string]float64{
		"lastnotnull": 3, "firstnotnull": 4, "min": 1, "max": 4, "mean": 8.0 / 3, "sum": 8, "count": 3, "range": 3, "diff": -1, "delta": 3, "distinct": 3, "median": 3, "diffperc": -0.25,
	} {
		if got := Reduce(how, v); got != want {
			t.Errorf("%s: got %g, want %g", how, got, want)
		}
	}
	if got := Reduce("last", v); !math.IsNaN(got) {
		t.Errorf("last of a gap: %g, want no value", got)
	}
	if got := Reduce("count", []float64{math.NaN()}); got != 0 {
		t.Errorf("count of gaps: %g, want 0", got)
	}
	if got := Reduce("mean", nil); !math.IsNaN(got) {
		t.Errorf("mean of nothing: %g, want no value", got)
	}
}

// Whatever steps a file names, a frame's fields stay of one length.
func FuzzApply(f *testing.F) {
	f.Add([]byte(`[{"kind":"merge"},{"kind":"group","names":["job"],"reduce":{"Value #A":"max"}}]`))
	f.Add([]byte(`[{"kind":"labels"},{"kind":"merge"},{"kind":"calculate","with":"sum"},{"kind":"sort","names":["Total"]},{"kind":"limit","limit":1}]`))
	f.Add([]byte(`[{"kind":"join"},{"kind":"reduce"},{"kind":"where","names":["Field"],"match":"."},{"kind":"filter","match":"."},{"kind":"organize"}]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var steps []dashboard.Transform
		if json.Unmarshal(data, &steps) != nil || len(steps) > 20 {
			return
		}
		in := []Frame{
			named("A", []string{"x", "y", "x"}, []float64{1, 2, math.NaN()}), named("B", []string{"y"}, []float64{3}),
			Series("C", "up", map[string]string{"job": "x"}, []float64{1, 2}, []float64{1, 0}), {},
		}
		for _, fr := range Apply(steps, in) {
			for i := range fr.Fields {
				if fr.Fields[i].Len() != fr.Rows() {
					t.Fatalf("field %q has %d values of %d", fr.Fields[i].Name, fr.Fields[i].Len(), fr.Rows())
				}
			}
		}
	})
}
