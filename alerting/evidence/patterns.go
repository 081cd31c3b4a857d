package evidence

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"tripod/alerting"
	"tripod/store"
)

const (
	keptPatterns = 8
	keptExamples = 3
	topPatterns  = 300 // that are compared
	patternSteps = 30
)

// logs compares the patterns of the window with those of as long a time before.
// Of the services beside those of the alert it takes warnings and worse.
func (k *Keeper) logs(ctx context.Context, b *body, beside []string) error {
	width := b.To.Sub(b.From)
	scope := anyService(b.Services)
	if len(beside) > 0 {
		b.Beside = beside
		scope = "(" + scope + " or level:>=warn " + anyService(beside) + ")"
	}
	earlier := store.Between(b.From.Add(-width), b.From)
	ask := func(r store.TimeRange) store.PatternQuery {
		return store.PatternQuery{LogQuery: store.LogQuery{Narrow: scope, Range: r}, Step: width / patternSteps, Top: topPatterns}
	}
	var now, was store.LogPatterns
	var errs [4]error
	var wg sync.WaitGroup
	wg.Go(func() { now, errs[0] = k.o.Doors.Logs.Patterns(ctx, ask(b.within())) })
	wg.Go(func() { was, errs[1] = k.o.Doors.Logs.Patterns(ctx, ask(earlier)) })
	wg.Go(func() { b.Lines, errs[2] = k.count(ctx, scope, b.within()) })
	wg.Go(func() { b.Before, errs[3] = k.count(ctx, scope, earlier) })
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	for _, p := range loudest(&now, &was) {
		kept, err := k.pattern(ctx, b, p)
		b.Patterns = append(b.Patterns, kept)
		if err != nil {
			return err
		}
	}
	return nil
}

func (k *Keeper) count(ctx context.Context, scope string, r store.TimeRange) (n int64, err error) {
	buckets, err := k.o.Doors.Logs.Volume(ctx, store.LogQuery{Narrow: scope, Range: r}, time.Duration(r.To-r.From))
	for i := range buckets {
		n += buckets[i].Total()
	}
	return n, err
}

// compared is a pattern with its lines of the time before.
type compared struct {
	*store.LogPattern
	before int64
}

// loudest are the patterns with most lines more than before; one of an error
// counts as much as many others.
func loudest(now, was *store.LogPatterns) []compared {
	type key struct {
		text, service string
		level         string
	}
	keyOf := func(p *store.LogPattern) key { return key{p.Text, p.Service, p.Level.Word()} }
	before := map[key]int64{}
	for i := range was.List {
		before[keyOf(&was.List[i])] += was.List[i].Lines
	}
	out := make([]compared, len(now.List))
	for i := range now.List {
		out[i] = compared{&now.List[i], before[keyOf(&now.List[i])]}
	}
	slices.SortStableFunc(out, func(a, b compared) int {
		return cmp.Or(cmp.Compare(b.loud(), a.loud()), cmp.Compare(b.Lines, a.Lines), cmp.Compare(a.Text, b.Text))
	})
	return out[:min(len(out), keptPatterns)]
}

func (c *compared) loud() int64 {
	weight := int64(1)
	switch c.Level.Word() {
	case "fatal", "error":
		weight = 1000
	case "warn":
		weight = 100
	}
	return max(c.Lines-c.before, 0)*weight + min(weight, c.Lines)
}

// pattern adds lines to it.
func (k *Keeper) pattern(ctx context.Context, b *body, c compared) (alerting.KeptPattern, error) {
	out := alerting.KeptPattern{
		Text: cut(c.Text, maxText), Shown: shown(c.LogPattern), Level: c.Level.Word(), Service: cut(c.Service, maxName), Lines: c.Lines, Before: c.before,
		Steps: c.Steps[:min(len(c.Steps), 2*patternSteps)], First: time.Unix(0, c.First),
	}
	q := store.LogQuery{Text: "msg.pattern:" + quote(c.Text) + " level:" + c.Level.Word(), Range: b.within(), Limit: keptExamples}
	if c.Service != "" {
		q.Narrow = "service:" + quote(c.Service)
	}
	for r, err := range k.o.Doors.Logs.Search(ctx, q) {
		if err != nil {
			return out, err
		}
		line := alerting.KeptLine{Time: time.Unix(0, r.Time), Line: cut(r.Line(), maxText)}
		if !r.TraceID.IsZero() {
			line.Trace = r.TraceID.String()
		}
		out.Examples = append(out.Examples, line)
		if len(out.Examples) == keptExamples {
			break
		}
	}
	return out, nil
}

// shown is a pattern as people read it.
func shown(p *store.LogPattern) string {
	var b strings.Builder
	for _, part := range p.Parts {
		if part.Kind != "" {
			b.WriteString("‹" + part.Kind + "›")
			continue
		}
		b.WriteString(part.Text)
	}
	return cut(b.String(), maxText)
}

// anyService is the search line for the lines of some services, empty for all.
func anyService(services []string) string {
	var parts []string
	for _, s := range services {
		parts = append(parts, "service:"+quote(s))
	}
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	return "(" + strings.Join(parts, " or ") + ")"
}

// quote writes a value as the search line reads it back.
func quote(s string) string {
	return `"` + strings.NewReplacer(`"`, `\"`, `\`, `\\`, "\n", `\n`, "\t", `\t`, "\r", `\r`).Replace(s) + `"`
}
