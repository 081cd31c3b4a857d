package chart

import "math"

// Columns are bars side by side, one for each name.
type Columns struct {
	Label  string
	Height int
	Left   int
	Names  []string
	Stacks []Stack
	Format func(float64) string
}

func (c Columns) top() float64 {
	most := 0.0
	for i := range c.Names {
		sum := 0.0
		for _, s := range c.Stacks {
			sum += max(at(s.Values, i), 0)
		}
		most = max(most, sum)
	}
	return Top(most)
}

func (c Columns) frame() Frame {
	return Frame{Label: c.Label, Height: c.Height, Left: c.Left, Format: c.Format}
}

func (c Columns) paths() []string {
	b := Bars{Frame: Frame{Height: c.Height, To: int64(max(len(c.Names), 1))}, Step: 1, Stacks: c.Stacks}
	for i := range c.Names {
		b.Starts = append(b.Starts, int64(i))
	}
	return b.paths()
}

// labels are the names under the bars, as many as fit.
func (c Columns) labels() []TimeTick {
	every := max(1, (len(c.Names)+11)/12)
	var out []TimeTick
	for i := 0; i < len(c.Names); i += every {
		out = append(out, TimeTick{(float64(i) + 0.5) / float64(len(c.Names)), c.Names[i]})
	}
	return out
}

// Slice is one part of a whole.
type Slice struct {
	Class string
	Name  string
	Value float64
}

// arcs are the slices of a ring around 50,50, clockwise from the top.
func arcs(slices []Slice) []string {
	total := 0.0
	for _, s := range slices {
		total += max(s.Value, 0)
	}
	out := make([]string, len(slices))
	from := 0.0
	for i, s := range slices {
		if s.Value <= 0 || total <= 0 || math.IsNaN(s.Value) {
			continue
		}
		to := from + s.Value/total
		out[i] = ring(from, min(to, from+0.99999), 48, 28)
		from = to
	}
	return out
}

// ring is a part of a ring, from and to in turns from the top.
func ring(from, to, outer, inner float64) string {
	var p pathData
	x := func(turn, r float64) float64 { return 50 + r*math.Sin(2*math.Pi*turn) }
	y := func(turn, r float64) float64 { return 50 - r*math.Cos(2*math.Pi*turn) }
	large := "0"
	if to-from > 0.5 {
		large = "1"
	}
	p.cmd('M', x(from, outer), y(from, outer))
	p = append(p, "A"+num(outer)+" "+num(outer)+" 0 "+large+" 1 "...)
	p = append(p, num(x(to, outer))+" "+num(y(to, outer))...)
	p.cmd('L', x(to, inner), y(to, inner))
	p = append(p, "A"+num(inner)+" "+num(inner)+" 0 "+large+" 0 "...)
	p = append(p, num(x(from, inner))+" "+num(y(from, inner))...)
	p.cmd('Z')
	return string(p)
}

// Dial is a value on a scale that goes three quarters around.
type Dial struct {
	Label string
	Share float64 // 0 to 1
	Class string
	Bands []Band // of the scale
}

// Band is a part of a dial's scale with a colour.
type Band struct {
	From, To float64
	Class    string
}

const dialFrom, dialTurn = -0.36, 0.72 // turns from the top

func (d Dial) arc(from, to, outer, inner float64) string {
	from, to = min(max(from, 0), 1), min(max(to, 0), 1)
	if to-from < 0.001 || math.IsNaN(from) || math.IsNaN(to) {
		return ""
	}
	return ring(dialFrom+from*dialTurn, dialFrom+to*dialTurn, outer, inner)
}
