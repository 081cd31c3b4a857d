package webshop

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"time"
)

// Generator makes one trace after the other, in order of start.
type Generator struct {
	o    Options
	r    *rand.Rand
	made int   // spans
	at   int64 // ns behind Start
	step int64 // between two traces
}

// New makes a generator.
func New(o Options) *Generator {
	if o.Over == 0 {
		o.Over = 24 * time.Hour
	}
	traces := max(1, o.Spans/((MinSpans+MaxSpans)/2))
	return &Generator{o: o, r: rand.New(rand.NewPCG(o.Seed, 8)), step: int64(o.Over) / int64(traces+traces/10+1)}
}

// Next fills t, whose memory it uses again; false is the end.
func (g *Generator) Next(t *Trace) bool {
	left := g.o.Spans - g.made
	if left <= 0 {
		return false
	}
	n := min(left, MinSpans+g.r.IntN(MaxSpans-MinSpans+1))
	g.made += n
	*t = Trace{User: 1 + g.r.IntN(Users), Spans: t.Spans[:0]}
	binary.BigEndian.PutUint64(t.ID[:8], g.r.Uint64())
	binary.BigEndian.PutUint64(t.ID[8:], g.r.Uint64()|1)
	route := routes[min(g.r.IntN(len(routes)), g.r.IntN(len(routes)))]
	start := g.o.Start.UnixNano() + g.at
	g.at += g.step/2 + g.r.Int64N(g.step+1)
	took := (5 + g.r.Int64N(45)) * 1e6
	if g.r.IntN(50) == 0 {
		took *= 20
	}
	g.serve(t, -1, 0, route, n-1, start, start+took+g.r.Int64N(1e6))
	if g.r.IntN(40) == 0 {
		fail(t, g.r.IntN(len(t.Spans)))
	}
	return true
}

// serve adds a request to a service, with so many spans below it.
func (g *Generator) serve(t *Trace, up, service int, r route, below int, start, end int64) {
	at := g.add(t, up, service, Server, r.method+" "+r.path, start, end)
	t.Spans[at].Attrs = append(t.Spans[at].Attrs,
		Attr{Key: "http.request.method", Text: r.method}, Attr{Key: "http.route", Text: r.path},
		Attr{Key: "url.path", Text: fmt.Sprintf("%s/%d", r.path, g.r.IntN(100_000))},
		Attr{Key: "http.response.status_code", Int: 200}, Attr{Key: "user.id", Text: fmt.Sprint("u_", t.User)},
		Attr{Key: "network.protocol.version", Text: "1.1"})
	part := (end - start) / int64(below+1)
	for from := start + part/2; below > 0; from += part {
		switch {
		case below >= 2 && g.r.IntN(5) < 3:
			under := g.r.IntN(below - 1)
			g.call(t, at, (service+1+g.r.IntN(3))%len(Services), under, from, from+part)
			below -= 2 + under
			from += part * int64(1+under)
		case g.r.IntN(3) > 0:
			g.query(t, at, from, from+part)
			below--
		default:
			g.work(t, at, from, from+part)
			below--
		}
	}
}

// call adds a request to another service, from its client on.
func (g *Generator) call(t *Trace, up, to, under int, start, end int64) {
	r := inner[to%len(inner)]
	at := g.add(t, up, t.Spans[up].Service, Client, r.method, start, end)
	t.Spans[at].Attrs = append(t.Spans[at].Attrs,
		Attr{Key: "http.request.method", Text: r.method}, Attr{Key: "server.address", Text: Services[to]}, Attr{Key: "server.port", Int: 8080},
		Attr{Key: "url.full", Text: "http://" + Services[to] + ":8080" + r.path}, Attr{Key: "http.response.status_code", Int: 200})
	edge := (end - start) / 20
	g.serve(t, at, to, r, under, start+edge, end-edge)
}

func (g *Generator) query(t *Trace, up int, start, end int64) {
	q := queries[g.r.IntN(len(queries))]
	at := g.add(t, up, t.Spans[up].Service, Client, q.name, start, end)
	t.Spans[at].Attrs = append(t.Spans[at].Attrs,
		Attr{Key: "db.system.name", Text: "postgresql"}, Attr{Key: "db.namespace", Text: "shop"},
		Attr{Key: "db.query.text", Text: q.text}, Attr{Key: "server.address", Text: "db-1"}, Attr{Key: "server.port", Int: 5432})
}

func (g *Generator) work(t *Trace, up int, start, end int64) {
	name := works[g.r.IntN(len(works))]
	at := g.add(t, up, t.Spans[up].Service, Internal, name, start, end)
	t.Spans[at].Attrs = append(t.Spans[at].Attrs, Attr{Key: "code.function.name", Text: name}, Attr{Key: "items", Int: int64(g.r.IntN(50))})
}

func (g *Generator) add(t *Trace, up, service int, kind Kind, name string, start, end int64) int {
	at := len(t.Spans)
	if at == cap(t.Spans) {
		t.Spans = append(make([]Span, 0, MaxSpans), t.Spans...)
	}
	t.Spans = t.Spans[:at+1]
	s := &t.Spans[at]
	*s = Span{Up: up, Service: service, Kind: kind, Name: name, Start: start, End: end, Attrs: s.Attrs[:0]}
	binary.BigEndian.PutUint64(s.ID[:], g.r.Uint64()|1)
	if up >= 0 {
		s.Parent = t.Spans[up].ID
	}
	return at
}

// fail makes a span fail, and all above it.
func fail(t *Trace, at int) {
	t.Spans[at].Exception = failures[at%len(failures)]
	for ; at >= 0; at = t.Spans[at].Up {
		s := &t.Spans[at]
		s.Failed = true
		for i := range s.Attrs {
			if s.Attrs[i].Key == "http.response.status_code" {
				s.Attrs[i].Int = 500
			}
		}
	}
}

type route struct{ method, path string }

var routes = [...]route{
	{"GET", "/"}, {"GET", "/products"}, {"GET", "/products/{id}"}, {"GET", "/search"}, {"POST", "/cart/items"}, {"GET", "/cart"},
	{"POST", "/orders"}, {"GET", "/orders/{id}"}, {"DELETE", "/cart/items/{id}"}, {"GET", "/account"}, {"POST", "/reviews"}, {"GET", "/offers"},
}

var inner = [...]route{
	{"GET", "/v1/pages"}, {"GET", "/v1/catalog"}, {"GET", "/v1/products"}, {"POST", "/v1/carts"}, {"POST", "/v1/charges"}, {"GET", "/v1/stock"},
	{"POST", "/v1/messages"}, {"GET", "/v1/query"},
}

var queries = [...]struct{ name, text string }{
	{"SELECT products", "SELECT id, name, price FROM products WHERE category = $1 ORDER BY rank LIMIT 50"},
	{"SELECT product", "SELECT * FROM products WHERE id = $1"},
	{"SELECT cart", "SELECT item, count FROM carts WHERE user_id = $1"},
	{"INSERT cart", "INSERT INTO carts (user_id, item, count) VALUES ($1, $2, $3)"},
	{"UPDATE stock", "UPDATE stock SET count = count - $2 WHERE item = $1 AND count >= $2"},
	{"SELECT stock", "SELECT count FROM stock WHERE item = ANY($1)"},
	{"INSERT order", "INSERT INTO orders (id, user_id, total) VALUES ($1, $2, $3) RETURNING created_at"},
	{"SELECT user", "SELECT id, email, name FROM users WHERE id = $1"},
}

var works = [...]string{"render", "price", "validate", "sign", "rank", "serialize"}

var failures = [...]string{
	"connection refused by db-1", "context deadline exceeded", "out of stock", "card declined", "no such product",
}
