package weblog

import (
	"encoding/binary"
	"math/rand/v2"
	"strconv"
	"time"
)

// atATime is how many requests are in work and write in turn.
const atATime = 16

// Generator gives the lines of a corpus in order of time.
type Generator struct {
	o      Options
	r      *rand.Rand
	row    int
	active [atATime]request
	routes [len(routes)]float64 // summed weights
	msg    []byte
}

// request is one that is being answered.
type request struct {
	line  Line // as far as all its lines have it in common
	steps []step
	spans [3][8]byte // of the whole, the database and the cache
	all   [6]step
}

// New begins a corpus.
func New(o Options) *Generator {
	if o.Span == 0 {
		o.Span = 24 * time.Hour
	}
	g := &Generator{o: o, r: rand.New(rand.NewPCG(o.Seed, 0x77656c6f67))}
	sum := 0.0
	for i := range g.routes {
		sum += 1 / float64(i+1)
		g.routes[i] = sum
	}
	for i := range g.active {
		g.begin(&g.active[i])
	}
	return g
}

// Next fills l with the next line; false says that there is none.
func (g *Generator) Next(l *Line) bool {
	if g.row == g.o.Rows {
		return false
	}
	q := &g.active[g.r.IntN(atATime)]
	g.write(q, l)
	if len(q.steps) == 0 {
		g.begin(q)
	}
	g.row++
	return true
}

// begin makes the request another one: 4 to 6 lines, some with trouble in them.
func (g *Generator) begin(q *request) {
	host := g.r.IntN(3)
	route := routes[g.route()]
	q.line = Line{Level: "info", PID: 4711 + 13*host, Host: "web-" + string(rune('1'+host)), UserID: 1 + g.r.IntN(Users),
		Method: route.method, Route: route.route, Status: 200, Duration: int64(g.r.IntN(300))}
	g.ids(q)
	q.steps = append(q.all[:0], received)
	for range 2 + g.r.IntN(3) {
		q.steps = append(q.steps, g.work())
	}
	q.steps = append(q.steps, completed)
}

// work is a step between the first and the last, 3 of 5 lines; so of all lines
// 3 % are warnings and 1 % errors.
func (g *Generator) work() step {
	switch p := g.r.Float64() * 3; {
	case p < 0.05:
		return failed
	case p < 0.20:
		return warned
	case p < 1.4:
		return database
	case p < 2.3:
		return cached
	}
	return working
}

func (g *Generator) route() int {
	at := g.r.Float64() * g.routes[len(g.routes)-1]
	for i, sum := range g.routes {
		if at < sum {
			return i
		}
	}
	return len(g.routes) - 1
}

// ids gives a request an id (UUID, version 4), a trace and three spans.
func (g *Generator) ids(q *request) {
	for _, id := range [][]byte{q.line.ReqID[:8], q.line.ReqID[8:], q.line.TraceID[:8], q.line.TraceID[8:], q.spans[0][:], q.spans[1][:], q.spans[2][:]} {
		binary.LittleEndian.PutUint64(id, g.r.Uint64())
	}
	q.line.ReqID[6] = q.line.ReqID[6]&0x0f | 0x40
	q.line.ReqID[8] = q.line.ReqID[8]&0x3f | 0x80
}

// write takes the request's next step.
func (g *Generator) write(q *request, l *Line) {
	s := q.steps[0]
	q.steps = q.steps[1:]
	if g.o.OwnIDs {
		g.ids(q)
	}
	q.line.Duration += 1 + int64(g.r.ExpFloat64()*4000)
	*l = q.line
	l.SpanID = q.spans[0]
	switch s {
	case database, failed:
		l.SpanID = q.spans[1]
	case cached:
		l.SpanID = q.spans[2]
	}
	switch s {
	case failed:
		l.Level, q.line.Status = "error", [...]int{500, 502, 503, 504}[g.r.IntN(4)]
	case warned:
		l.Level = "warn"
	case completed:
		if l.Status == 200 {
			l.Status = [...]int{200, 200, 200, 200, 200, 201, 204, 304, 400, 404}[g.r.IntN(10)]
		}
	}
	if s != completed {
		l.Status = 200
	}
	apart := float64(g.o.Span) / float64(g.o.Rows)
	l.Time = g.o.Start.UnixMilli()*1e6 + int64((float64(g.row)+g.r.Float64())*apart/1e6)*1e6 + 1e6
	l.Msg = g.message(s)
}

func (g *Generator) message(s step) string {
	f := &forms[s][g.r.IntN(len(forms[s]))]
	b, below := g.msg[:0], f.below
	for _, c := range []byte(f.text) {
		switch c {
		case '#':
			b = strconv.AppendInt(b, int64(g.r.IntN(below[0])), 10)
			below = below[1:]
		case '~':
			b = append3(b, g.r.IntN(1000))
		default:
			b = append(b, c)
		}
	}
	g.msg = b
	return string(b)
}
