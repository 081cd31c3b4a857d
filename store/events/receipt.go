package events

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tripod/store"
)

// The steps of a receipt, in their order.
const (
	stepTime = iota
	stepIndex
	stepHeaders
	stepFilters
	stepZones
	stepRows
	steps
)

var stepNames = [steps]string{"time", "index", "headers", "filters", "zones", "rows"}

// reckoning counts what the steps of an answer leave; nil counts nothing.
type reckoning struct {
	out   *store.Receipt
	start time.Time
	read  atomic.Int64
	asked bool // of an index

	mu   sync.Mutex
	step [steps]store.ReceiptStep
	seen [steps]map[*part]bool
}

// reckon begins a receipt, if one is wanted.
func (sn *snapshot) reckon(ctx context.Context, q *Query) *reckoning {
	if q.Receipt == nil {
		return nil
	}
	r := &reckoning{out: q.Receipt, start: time.Now()}
	for i := range r.step {
		r.step[i].Name = stepNames[i]
		r.seen[i] = map[*part]bool{}
	}
	for _, p := range sn.parts {
		q.Receipt.Stored += p.info.size
		blocks, err := p.index(sn.s.o.files, sn.s.codecs)
		if err != nil || ctx.Err() != nil {
			continue // the answer says so
		}
		for i := range blocks {
			if q.Range.Overlaps(blocks[i].min, blocks[i].max) {
				r.block(stepTime, partBlock{p, &blocks[i]})
			}
		}
	}
	for _, h := range sn.heads {
		q.Receipt.Stored += h.journalBytes.Load()
	}
	for _, v := range sn.chunks {
		r.rows(stepTime, 1, len(v.rows))
	}
	return r
}

// block counts a block that a step leaves.
func (r *reckoning) block(step int, pb partBlock) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.seen[step][pb.p] {
		r.seen[step][pb.p] = true
		r.step[step].Parts++
	}
	r.step[step].Blocks++
	r.step[step].Rows += int64(pb.m.rows)
}

// index says that an index was asked.
func (r *reckoning) index() {
	if r != nil {
		r.mu.Lock()
		r.asked = true
		r.mu.Unlock()
	}
}

// rows counts rows of a head, or rows that match.
func (r *reckoning) rows(step, blocks, rows int) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.step[step].Blocks += int64(blocks)
	r.step[step].Rows += int64(rows)
}

func (r *reckoning) bytes(n int64) {
	if r != nil {
		r.read.Add(n)
	}
}

// end fills the receipt.
func (r *reckoning) end(where Expr) {
	if r == nil {
		return
	}
	r.out.Asked = describe(where)
	for i, s := range r.step {
		if i == stepHeaders && s.Blocks == 0 || i == stepIndex && !r.asked {
			continue // these steps were not taken
		}
		r.out.Steps = append(r.out.Steps, s)
	}
	r.out.Read += r.read.Load()
	r.out.Took += time.Since(r.start)
}

// maxDescribed bounds a predicate in words.
const maxDescribed = 1000

// describe says a predicate in words.
func describe(x Expr) string {
	var b strings.Builder
	describeTo(&b, x)
	if b.Len() > maxDescribed {
		return strings.ToValidUTF8(b.String()[:maxDescribed], "") + " …"
	}
	return b.String()
}

func describeTo(b *strings.Builder, x Expr) {
	if b.Len() > maxDescribed {
		return
	}
	switch x := x.(type) {
	case nil:
		b.WriteString("everything")
	case And:
		describeList(b, x, " and ", "everything")
	case Or:
		describeList(b, x, " or ", "nothing")
	case Not:
		b.WriteString("not ")
		describeTo(b, x.X)
	case Word:
		fmt.Fprintf(b, "word %q%s", x.Text, inFields(x.Fields))
	case Phrase:
		fmt.Fprintf(b, "phrase %q%s", x.Text, inFields(x.Fields))
	case Substring:
		fmt.Fprintf(b, "text %q%s", x.Text, inFields(x.Fields))
	case Regexp:
		fmt.Fprintf(b, "/%s/%s", x.Re, inFields(x.Fields))
	case Equal:
		fmt.Fprintf(b, "%s = %q", clean(x.Field), x.Text)
	case OneOf:
		fmt.Fprintf(b, "%s one of %d", clean(x.Field), len(x.Texts))
	case Compare:
		fmt.Fprintf(b, "%s %s %v", clean(x.Field), []string{"=", "<", "<=", ">", ">="}[min(x.Op, OpGreaterEqual)], x.Number)
	case Exists:
		fmt.Fprintf(b, "%s is there", clean(x.Field))
	case ClassIn:
		fmt.Fprintf(b, "class in %08b", uint8(x))
	case ValueIn:
		fmt.Fprintf(b, "a value %s…%s", x.Prefix, inFields(x.Fields))
	case Within:
		describeTo(b, x.X)
	case Measured:
		fmt.Fprintf(b, "a number from %v to %v", x.From, x.To)
	case Any:
		describeImplied(b, "a field that passes a test", x.Implied)
	case Func:
		describeImplied(b, "a test of the whole", x.Implied)
	default:
		b.WriteString("a test of the whole")
	}
}

func describeImplied(b *strings.Builder, what string, implied Expr) {
	if b.WriteString(what); implied != nil {
		b.WriteString(", so ")
		describeTo(b, implied)
	}
}

func describeList(b *strings.Builder, list []Expr, between, none string) {
	if len(list) == 0 {
		b.WriteString(none)
	}
	for i, x := range list {
		if i > 0 {
			b.WriteString(between)
		}
		_, or := x.(Or)
		if or && len(list) > 1 {
			b.WriteByte('(')
		}
		if describeTo(b, x); or && len(list) > 1 {
			b.WriteByte(')')
		}
	}
}

func inFields(names []string) string {
	if len(names) == 0 {
		return ""
	}
	clear := make([]string, len(names))
	for i, n := range names {
		clear[i] = clean(n)
	}
	return " in " + strings.Join(clear, ", ")
}

// clean takes the bytes out of a name that callers tell name spaces apart by.
func clean(name string) string {
	return strings.TrimLeft(name, "\x00\x01\x02\x03\x04\x05\x06\x07\x08")
}
