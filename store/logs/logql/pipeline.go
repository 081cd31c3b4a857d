package logql

import (
	"regexp"
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
	drops  bool // a stage may drop a line
}

func metricHere(text string) error {
	return &store.QueryError{Query: text, End: len(text), Msg: "this query asks for numbers, not for lines", Hint: "ask it as a metric query"}
}

func compilePipeline(l *LogExpr) (*pipeline, error) {
	p := &pipeline{expr: l}
	for i := range l.Matchers {
		n, err := l.Matchers[i].node()
		if err != nil {
			return nil, err
		}
		p.parts = append(p.parts, n)
	}
	rewritten := false // the line is no longer what was sent
	for _, s := range l.Stages {
		if f, ok := s.(*LineFilter); ok && !rewritten {
			if n := f.node(); n != nil {
				p.parts = append(p.parts, n)
				continue
			}
		}
		p.parts = append(p.parts, implied(s, rewritten)...)
		stage, err := compileStage(s)
		if err != nil {
			return nil, err
		}
		p.stages = append(p.stages, stage)
		rewritten = rewritten || rewrites(s)
		p.drops = p.drops || dropsLines(s)
	}
	return p, nil
}

// implied is what holds for every line that a |> keeps.
func implied(s Stage, rewritten bool) (nodes []logs.Node) {
	f, ok := s.(*LineFilter)
	if !ok || rewritten || f.Op != "|>" || len(f.Texts) != 1 {
		return nil
	}
	t := f.Texts[0]
	if p, err := newLinePattern(t.Text); err == nil {
		for _, l := range p.literals {
			nodes = append(nodes, LineText{Text: l, Pos: t.Pos, End: t.End}.node("|="))
		}
	}
	return nodes
}

func dropsLines(s Stage) bool {
	switch s.(type) {
	case *LineFilter, *LabelFilter:
		return true
	}
	return false
}

func rewrites(s Stage) bool {
	switch s := s.(type) {
	case *LineFormat, *Decolorize:
		return true
	case *Parser:
		return s.Kind == "unpack"
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

// run takes a record through the stages, and says whether it stays.
func (p *pipeline) run(l *line, r *store.Record) bool {
	l.start(r)
	for _, stage := range p.stages {
		if !stage(l) {
			return false
		}
	}
	return true
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
	return func(l *line) bool {
		l.load()
		for i, it := range s.Items {
			if value, ok := l.lookup(it.Name); ok && tests[i](value) {
				l.drop(it.Name)
			}
		}
		return true
	}, nil
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
