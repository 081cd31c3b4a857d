package logql

import (
	"context"
	"iter"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"tripod/store"
	"tripod/store/logs"
)

// pipeline is a log query, ready for work: what the store looks for, and the
// stages that are left. It may be used by several goroutines at a time.
type pipeline struct {
	expr   *LogExpr
	parts  []logs.Node
	stages []func(*line) bool
	left   []Stage // that stages do
	json   *Parser // the first of left, if the record's fields answer for it
	drops  bool    // a stage may drop a line
	naive  bool
	plan   []store.ReceiptStage
}

func metricHere(text string) error {
	return &store.QueryError{Query: text, End: len(text), Msg: "this query asks for numbers, not for lines", Hint: "ask it as a metric query"}
}

// compilePipeline makes a log query ready. A naive one leaves all stages to be
// done record by record.
func compilePipeline(l *LogExpr, naive bool) (*pipeline, error) {
	p := &pipeline{expr: l, naive: naive}
	for i := range l.Matchers {
		n, err := l.Matchers[i].node()
		if err != nil {
			return nil, err
		}
		p.parts = append(p.parts, n)
	}
	p.plan = append(p.plan, store.ReceiptStage{Text: selectorText(l.Matchers)})
	push := pusher{asSent: true, labels: true}
	for _, s := range l.Stages {
		compile := compileStage
		if !naive {
			n, whole := push.stage(s)
			how := store.StageRecords
			if n != nil {
				how = store.StageBoth
				p.parts = append(p.parts, n)
			}
			if whole {
				how = store.StageStore
			}
			p.plan = append(p.plan, store.ReceiptStage{Text: s.String(), How: how})
			if whole {
				continue
			}
			if n, ok := s.(*Parser); ok && push.json == n {
				p.json = n
				compile = func(Stage) (func(*line) bool, error) { return fieldsOfJSON, nil }
			}
		}
		stage, err := compile(s)
		if err != nil {
			return nil, err
		}
		p.stages, p.left = append(p.stages, stage), append(p.left, s)
		p.drops = p.drops || dropsLines(s)
	}
	return p, nil
}

func dropsLines(s Stage) bool {
	switch s.(type) {
	case *LineFilter, *LabelFilter, *Unwrap:
		return true
	}
	return false
}

// node is what the store looks for, but for the stages.
func (p *pipeline) node() logs.Node {
	switch len(p.parts) {
	case 0:
		return logs.All{}
	case 1:
		return p.parts[0]
	}
	return logs.And(p.parts)
}

// wholeNode asks the stages too.
func (p *pipeline) wholeNode() logs.Node {
	if !p.drops {
		return p.node()
	}
	lines := sync.Pool{New: func() any { return newLine() }}
	keep := &logs.Keep{Text: p.expr.String(), Fn: func(r *store.Record) bool {
		l := lines.Get().(*line)
		defer lines.Put(l)
		return p.run(l, r)
	}}
	return logs.And(append(p.parts[:len(p.parts):len(p.parts)], keep))
}

// reads says what is looked at of what the store finds.
func (p *pipeline) reads() string {
	switch {
	case p.naive:
		return "whole records"
	case p.json != nil:
		return "fields; lines where these do not tell"
	}
	return "lines"
}

// run takes a record through the stages, and says whether it stays.
func (p *pipeline) run(l *line, r *store.Record) bool {
	l.start(r)
	return p.through(l)
}

// through takes a line through the stages, and says whether it stays.
func (p *pipeline) through(l *line) bool {
	for _, stage := range p.stages {
		if !stage(l) {
			return false
		}
	}
	return true
}

// found starts l with each record that the store finds.
func (p *pipeline) found(ctx context.Context, s Store, q store.LogQuery, l *line) iter.Seq[error] {
	if p.naive {
		return func(yield func(error) bool) {
			for r, err := range s.Find(ctx, p.node(), q) {
				if err == nil {
					l.start(&r)
				}
				if !yield(err) {
					return
				}
			}
		}
	}
	if len(p.stages) == 0 {
		return l.each(s.Lines(ctx, p.node(), q))
	}
	return l.each(s.Rows(ctx, p.node(), q))
}

// members is found, if the labels are all that is asked about the records.
func (p *pipeline) members(ctx context.Context, s Store, q store.LogQuery, l *line, asked logs.Asked) iter.Seq[error] {
	return l.each(s.Members(ctx, p.node(), q, asked))
}

// each starts the line with each row.
func (l *line) each(rows iter.Seq2[*logs.Row, error]) iter.Seq[error] {
	return func(yield func(error) bool) {
		for r, err := range rows {
			if err == nil {
				l.startRow(r)
			}
			if !yield(err) {
				return
			}
		}
	}
}

// asked are the labels that the stages ask about, behind json if it is among
// them; false when they may ask about all labels, or the line.
func (p *pipeline) asked() ([]string, bool) {
	if p.naive {
		return nil, false
	}
	var out []string
	for _, s := range p.left {
		switch s := s.(type) {
		case *Parser: // json
			if s != p.json {
				return nil, false
			}
		case *LabelFilter:
			out = append(out, labelsOf(s.Cond)...)
		case *Unwrap:
			out = append(out, s.Label)
		case *DropKeep:
			if !s.errorsOnly() {
				return nil, false
			}
		default:
			return nil, false
		}
	}
	return out, true
}

func labelsOf(c Cond) []string {
	switch c := c.(type) {
	case *Both:
		return append(labelsOf(c.L), labelsOf(c.R)...)
	case *MatchCond:
		return []string{c.Name}
	case *NumberCond:
		return []string{c.Name}
	case *IPCond:
		return []string{c.Name}
	}
	return nil
}

func compileStage(s Stage) (func(*line) bool, error) {
	switch s := s.(type) {
	case *LineFilter:
		return s.compile()
	case *Parser:
		return s.compile()
	case *LabelFilter:
		return compileCond(s.Cond)
	case *LineFormat:
		return s.compile()
	case *LabelFormat:
		return s.compile()
	case *DropKeep:
		return s.compile()
	case *Unwrap:
		return s.run, nil
	}
	return decolorize, nil
}

// colours are the terminal's control sequences.
var colours = regexp.MustCompile("[\u001B\u009B][\\[\\]()#;?]*(?:(?:(?:[a-zA-Z\\d]*(?:;[a-zA-Z\\d]*)*)?\u0007)|(?:(?:\\d{1,4}(?:;\\d{0,4})*)?[\\dA-PRZcf-ntqry=><~]))")

func decolorize(l *line) bool {
	if strings.ContainsAny(l.text, "\u001B\u009B") {
		l.load()
		l.text = colours.ReplaceAllString(l.text, "")
	}
	return true
}

func (s *DropKeep) compile() (func(*line) bool, error) {
	tests := make([]func(string) bool, len(s.Items))
	for i := range s.Items {
		tests[i] = func(string) bool { return true }
		if s.Items[i].Op != "" {
			test, err := s.Items[i].compile()
			if err != nil {
				return nil, err
			}
			tests[i] = test
		}
	}
	if s.Keep {
		return func(l *line) bool { return s.keep(l, tests) }, nil
	}
	errors := s.errorsOnly()
	return func(l *line) bool {
		if !errors {
			l.load()
		}
		for i, it := range s.Items {
			if value, ok := l.lookup(it.Name); ok && tests[i](value) {
				l.drop(it.Name)
			}
		}
		return true
	}, nil
}

// errorsOnly says that the stage drops nothing but errors.
func (s *DropKeep) errorsOnly() bool {
	return !s.Keep && !slices.ContainsFunc(s.Items, func(m Matcher) bool { return m.Name != errorLabel && m.Name != detailsLabel })
}

func (s *DropKeep) keep(l *line, tests []func(string) bool) bool {
	l.load()
	kept := l.labels[:0]
	for _, have := range l.labels {
		keep := false
		for i, it := range s.Items {
			keep = keep || it.Name == have.name && tests[i](have.value)
		}
		if keep {
			kept = append(kept, have)
		} else {
			l.touched = l.touched || have.origin == fromStream
		}
	}
	l.labels = kept
	return true
}

// run reads the sample's value; a line without the label has none.
func (u *Unwrap) run(l *line) bool {
	if u.Convert == "" {
		if f, ok := l.number(u.Label); ok {
			l.value = f
			return true
		}
	}
	text := l.get(u.Label)
	if text == "" {
		return false
	}
	var ok bool
	switch u.Convert {
	case "bytes":
		l.value, ok = parseBytes(text)
	case "":
		var err error
		l.value, err = strconv.ParseFloat(text, 64)
		ok = err == nil
	default:
		d, isDuration := parseDuration(text)
		l.value, ok = d.Seconds(), isDuration
	}
	if !ok {
		l.fail(sampleError, strconv.Quote(text)+" cannot be converted")
	}
	return true
}
