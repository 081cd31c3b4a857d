package logql

import (
	"fmt"
	"regexp"

	"tripod/store/logs"
)

// stageNames are those that begin with a word; any other word is a label.
var stageNames = map[string]bool{
	"json": true, "logfmt": true, "pattern": true, "regexp": true, "unpack": true, "line_format": true,
	"label_format": true, "decolorize": true, "drop": true, "keep": true, "unwrap": true,
}

// stage reads what stands behind the pipe here.
func (p *parser) stage() (Stage, error) {
	pipe := p.tok
	if err := p.advance(); err != nil {
		return nil, err
	}
	at := p.tok
	if at.kind != tokenName && !at.is("(") {
		return nil, p.fail(pipe.start, pipe.end, "a stage is missing", "as in | json")
	}
	if at.kind != tokenName || !stageNames[at.text] {
		c, err := p.condition()
		return &LabelFilter{c}, err
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if c, isFilter, err := p.labelNamedLikeStage(at); isFilter {
		return &LabelFilter{c}, err
	}
	switch at.text {
	case "json", "logfmt":
		return p.params(at)
	case "pattern", "regexp":
		return p.expressionParser(at)
	case "unpack":
		return &Parser{Kind: at.text, Pos: at.start, End: at.end}, nil
	case "line_format":
		return p.lineFormat()
	case "label_format":
		return p.labelFormat()
	case "drop", "keep":
		return p.dropKeep(at.text == "keep")
	case "unwrap":
		return p.unwrap()
	}
	return &Decolorize{}, nil
}

// labelNamedLikeStage reads a condition on a label that is called like a stage.
func (p *parser) labelNamedLikeStage(name token) (Cond, bool, error) {
	if p.tok.kind != tokenOp || !filterOps[p.tok.text] || p.tok.text == "!=" || p.tok.text == "!~" {
		return nil, false, nil
	}
	c, err := p.conditionOf(name)
	if err != nil {
		return nil, true, err
	}
	c, err = p.conditionRest(c, false)
	return c, true, err
}

// params reads the flags and label="expression" of json and logfmt.
func (p *parser) params(at token) (Stage, error) {
	s := &Parser{Kind: at.text, Pos: at.start, End: at.end}
	for p.tok.kind == tokenFlag {
		switch {
		case s.Kind == "logfmt" && p.tok.text == "--strict":
			s.Strict = true
		case s.Kind == "logfmt" && p.tok.text == "--keep-empty":
			s.KeepEmpty = true
		default:
			return nil, p.wrong(fmt.Sprintf("unknown flag %q", p.tok.text), "logfmt knows --strict and --keep-empty")
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	if p.tok.kind != tokenName {
		return s, nil
	}
	for {
		param, err := p.param(s.Kind)
		if err != nil {
			return nil, err
		}
		s.Params = append(s.Params, param)
		if ok, err := p.take(","); !ok || err != nil {
			return s, err
		}
	}
}

func (p *parser) param(kind string) (Param, error) {
	if p.tok.kind != tokenName {
		return Param{}, p.wrong("a label name is missing", "")
	}
	pr := Param{Name: p.tok.text, Expr: p.tok.text, Pos: p.tok.start, End: p.tok.end}
	if err := p.advance(); err != nil {
		return pr, err
	}
	if ok, err := p.take("="); err != nil {
		return pr, err
	} else if ok {
		at := p.tok
		if pr.Expr, err = p.quotedText(); err != nil {
			return pr, err
		}
		pr.Pos, pr.End = at.start, at.end
	}
	if kind == "json" {
		if _, err := parsePath(pr.Expr); err != nil {
			return pr, p.fail(pr.Pos, pr.End, err.Error(), `as in servers[0].name or headers["user-agent"]`)
		}
	} else if pr.Expr == "" {
		return pr, p.fail(pr.Pos, pr.End, "the expression is empty", "")
	}
	return pr, p.count()
}

// expressionParser reads the text of pattern or regexp.
func (p *parser) expressionParser(at token) (Stage, error) {
	s := &Parser{Kind: at.text, Pos: p.tok.start, End: p.tok.end}
	var err error
	if s.Text, err = p.quotedText(); err != nil {
		return nil, err
	}
	if s.Kind == "pattern" {
		if _, err := newCapture(s.Text); err != nil {
			return nil, p.fail(s.Pos, s.End, err.Error(), `as in "<ip> - <_> <status>"`)
		}
		return s, nil
	}
	re, err := regexp.Compile(s.Text)
	if err != nil {
		return nil, p.fail(s.Pos, s.End, logs.RegexpProblem(err), "")
	}
	if err := checkCaptures(re); err != nil {
		return nil, p.fail(s.Pos, s.End, err.Error(), "as in (?P<status>\\d+)")
	}
	return s, nil
}

func (p *parser) lineFormat() (Stage, error) {
	s := &LineFormat{Pos: p.tok.start, End: p.tok.end}
	var err error
	if s.Text, err = p.quotedText(); err != nil {
		return nil, err
	}
	if _, err := newTemplate(s.Text); err != nil {
		return nil, p.fail(s.Pos, s.End, err.Error(), "")
	}
	return s, nil
}

func (p *parser) labelFormat() (Stage, error) {
	s := &LabelFormat{}
	seen := map[string]bool{}
	for {
		it, err := p.formatItem()
		if err != nil {
			return nil, err
		}
		if seen[it.To] {
			return nil, p.fail(it.Pos, it.End, fmt.Sprintf("label %q is set twice", it.To), "use two label_format stages")
		}
		seen[it.To] = true
		s.Items = append(s.Items, it)
		if err := p.count(); err != nil {
			return nil, err
		}
		if ok, err := p.take(","); !ok || err != nil {
			return s, err
		}
	}
}

func (p *parser) formatItem() (FormatItem, error) {
	if p.tok.kind != tokenName {
		return FormatItem{}, p.wrong("a label name is missing", `as in label_format to=from or to="{{.from}}"`)
	}
	it := FormatItem{To: p.tok.text, Pos: p.tok.start}
	if err := p.advance(); err != nil {
		return it, err
	}
	if err := p.need("=", ""); err != nil {
		return it, err
	}
	it.From, it.Template, it.End = p.tok.text, p.tok.kind == tokenText, p.tok.end
	if !it.Template && p.tok.kind != tokenName {
		return it, p.wrong("a label or a quoted template is missing", "")
	}
	if it.Template {
		if _, err := newTemplate(it.From); err != nil {
			return it, p.fail(p.tok.start, p.tok.end, err.Error(), "")
		}
	}
	return it, p.advance()
}

// dropKeep reads names and matchers.
func (p *parser) dropKeep(keep bool) (Stage, error) {
	s := &DropKeep{Keep: keep}
	for {
		if p.tok.kind != tokenName {
			return nil, p.wrong("a label name is missing", "")
		}
		m := Matcher{Name: p.tok.text, Pos: p.tok.start, End: p.tok.end}
		if err := p.advance(); err != nil {
			return nil, err
		}
		if p.tok.is("=") || p.tok.is("=~") || p.tok.is("!=") || p.tok.is("!~") {
			m.Op = p.tok.text
			if err := p.advance(); err != nil {
				return nil, err
			}
			var err error
			if m, err = p.matcherValue(m); err != nil {
				return nil, err
			}
		}
		s.Items = append(s.Items, m)
		if err := p.count(); err != nil {
			return nil, err
		}
		if ok, err := p.take(","); !ok || err != nil {
			return s, err
		}
	}
}

// unwrap reads a label, or a conversion of one.
func (p *parser) unwrap() (Stage, error) {
	if p.tok.kind != tokenName {
		return nil, p.wrong("a label name is missing", "")
	}
	u := &Unwrap{Label: p.tok.text, Pos: p.tok.start, End: p.tok.end}
	if err := p.advance(); err != nil || !p.tok.is("(") {
		return u, err
	}
	if u.Convert = u.Label; !unwrapConversions[u.Convert] {
		return nil, p.fail(u.Pos, u.End, fmt.Sprintf("unknown conversion %q", u.Convert), "there are duration, duration_seconds and bytes")
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.kind != tokenName {
		return nil, p.wrong("a label name is missing", "")
	}
	u.Label = p.tok.text
	if err := p.advance(); err != nil {
		return nil, err
	}
	return u, p.need(")", "")
}

var unwrapConversions = map[string]bool{"duration": true, "duration_seconds": true, "bytes": true}
