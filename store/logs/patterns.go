package logs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tripod/store"
	"tripod/store/events"
)

// Bounds of Patterns.
const (
	maxPatternScan  = 60_000 // records that are read
	maxPatternKinds = 10_000 // patterns that are told apart
	maxPatternSteps = 240
	maxExample      = 400 // bytes of a message that is shown
)

// Patterns groups the records of a query by the pattern of their message,
// their service and level, the commonest first. Up to 60,000 records are read:
// all, or else as many of each step as its share allows, the newest of it; the
// counts are then estimates. What could not be read is an error beside the
// patterns of all else.
func (s *Store) Patterns(ctx context.Context, q store.PatternQuery) (store.LogPatterns, error) {
	eq, err := s.query(q.LogQuery)
	if err != nil {
		return store.LogPatterns{}, err
	}
	width := q.Range.To - q.Range.From
	if q.Step <= 0 || width <= 0 || width/int64(q.Step) > maxPatternSteps {
		return store.LogPatterns{}, fmt.Errorf("step %v makes no or more than %d steps: %w", q.Step, maxPatternSteps, store.ErrInvalid)
	}
	counts, err := s.events.Count(ctx, eq, q.Step)
	g := &grouper{q: &q, groups: map[groupKey]*group{}, steps: len(counts), room: maxCommonAll}
	unread := []error{err}
	reads := allot(counts, readable(q.Limit))
	for i, most := range reads {
		if most == 0 {
			continue
		}
		unread = append(unread, g.read(ctx, s, eq, i, &counts[i], most))
	}
	return g.answer(), errors.Join(unread...)
}

func readable(limit int) int64 {
	if limit <= 0 || limit > maxPatternScan {
		return maxPatternScan
	}
	return int64(limit)
}

// allot shares reads among steps: a step that needs less than its share leaves
// the rest to the others.
func allot(counts []events.Bucket, reads int64) []int64 {
	order := make([]int, len(counts))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(counts[a].Total(), counts[b].Total()) })
	out := make([]int64, len(counts))
	for at, i := range order {
		share := reads / int64(len(order)-at)
		out[i] = min(counts[i].Total(), max(share, 1))
		reads -= out[i]
		reads = max(reads, 0)
	}
	return out
}

type groupKey struct {
	service string
	level   uint8
	text    string
	why     string
}

type group struct {
	groupKey
	parts       []store.PatternPart
	weight      float64 // lines that the records read stand for
	steps       []float64
	first, last int64
	example     string
	n           int64 // records read
	common      commons
}

// grouper gathers the groups of one question.
type grouper struct {
	q      *store.PatternQuery
	steps  int
	lines  int64
	seen   int64
	left   float64 // lines of groups that have no room
	groups map[groupKey]*group
	room   int // values that may still be told apart
	shaper shaper
	key    []byte
	why    shaper
	whyKey []byte
	dec    decoder
}

// read takes the newest records of one step, each of which stands for as many
// lines as the step has for each one read.
func (g *grouper) read(ctx context.Context, s *Store, eq events.Query, step int, b *events.Bucket, most int64) error {
	total := b.Total()
	g.lines += total
	eq.Range.From = max(eq.Range.From, b.Start)
	eq.Range.To = min(eq.Range.To, b.Start+int64(g.q.Step))
	eq.Limit, eq.Oldest = int(most), false
	weight := float64(total) / float64(most)
	var unread []error
	for e, err := range s.events.Scan(ctx, eq) {
		if err != nil {
			unread = append(unread, err)
			continue
		}
		g.seen++
		g.add(e, step, weight)
	}
	return errors.Join(unread...)
}

func (g *grouper) add(e *events.Event, step int, weight float64) {
	p := g.of(e)
	if p == nil {
		g.left += weight
		return
	}
	p.n++
	p.weight += weight
	p.steps[step] += weight
	p.first, p.last = min(p.first, e.Time), max(p.last, e.Time)
	p.common.add(g, e)
}

// of is the group of an event, or nil when there is no room for another.
func (g *grouper) of(e *events.Event) *group {
	text, service := g.text(e)
	most := maxShapeBytes
	if g.q.Whole {
		most = maxShapeLine
	}
	g.shaper.read(text, most)
	g.key = g.shaper.appendText(g.key[:0])
	g.reason(e, text)
	if p := g.groups[groupKey{service, e.Class, string(g.key), string(g.whyKey)}]; p != nil {
		return p
	}
	if len(g.groups) >= maxPatternKinds {
		return nil
	}
	p := &group{
		groupKey: groupKey{strings.Clone(service), e.Class, string(g.key), string(g.whyKey)}, parts: g.shaper.parts(), steps: make([]float64, g.steps),
		first: e.Time, last: e.Time, example: strings.Clone(text[:min(len(text), maxExample)]),
	}
	if p.why != "" {
		p.parts = append(append(p.parts, store.PatternPart{Text: ": "}), g.why.parts()...)
	}
	g.groups[p.groupKey] = p
	return p
}

// reasons are fields that say why something failed.
var reasons = [...]string{"exception.message", "err.message", "error.message", "err.msg", "error", "err"}

const maxReason = 200 // bytes

// reason reads why something failed, where a record says so beside its message.
func (g *grouper) reason(e *events.Event, msg string) {
	g.whyKey = g.whyKey[:0]
	if !g.q.Why {
		return
	}
	for _, name := range reasons {
		v, _ := e.Get(name)
		if why := firstLine(v.Text()); why != "" {
			if !strings.Contains(msg, why) {
				g.why.read(why, maxReason)
				g.whyKey = g.why.appendText(g.whyKey)
			}
			return
		}
	}
}

// text is what is grouped: the first line of the message and maybe the reason,
// or the whole line.
func (g *grouper) text(e *events.Event) (text, service string) {
	if v, ok := e.Get(wordService); ok {
		service = v.Str()
	}
	if g.q.Whole {
		r := g.dec.record(e)
		return r.Line(), service
	}
	body, _ := e.Get(wordBody)
	return firstLine(body.Text()), service
}

// answer lists the commonest groups.
func (g *grouper) answer() store.LogPatterns {
	list := make([]*group, 0, len(g.groups))
	for _, p := range g.groups {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b *group) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(b.last, a.last), cmp.Compare(a.text, b.text), cmp.Compare(a.service, b.service), cmp.Compare(a.level, b.level))
	})
	out := store.LogPatterns{Lines: g.lines, Read: g.seen, Kinds: len(list)}
	left := g.left
	for i, p := range list {
		if i >= max(g.q.Top, 0) {
			left += p.weight
			continue
		}
		out.List = append(out.List, p.pattern())
	}
	out.Left = rounded(left)
	return out
}

func (p *group) pattern() store.LogPattern {
	out := store.LogPattern{
		Text: p.text, Parts: p.parts, Level: slotLevel(int(p.level)), Service: p.service, Lines: rounded(p.weight), Steps: make([]int64, len(p.steps)),
		First: p.first, Last: p.last, Example: p.example, Common: p.common.best(p.n),
	}
	for i, f := range p.steps {
		out.Steps[i] = rounded(f)
	}
	return out
}

func rounded(f float64) int64 { return int64(f + 0.5) }
