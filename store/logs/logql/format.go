package logql

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"text/template"
	"text/template/parse"
	"time"
)

// Bounds of a template's work for one line.
const (
	maxFormatted = 1 << 20 // bytes of its output, and of every text on the way
	maxRange     = 1000    // items of a list that it goes through
	maxRanges    = 2       // of range in range
)

// lineTemplate is a template of line_format or label_format. It is bound to
// each line that uses it, so that its functions know the line.
type lineTemplate struct{ parsed *template.Template }

func newTemplate(text string) (*lineTemplate, error) {
	t, err := template.New("").Option("missingkey=zero").Funcs(templateFuncs).Funcs(lineFuncs(nil)).Parse(text)
	if err != nil {
		return nil, errors.New("template: " + parseProblem.ReplaceAllString(err.Error(), ""))
	}
	if len(t.Templates()) > 1 {
		return nil, errors.New("template: define and block are not allowed")
	}
	if t.Tree == nil {
		return &lineTemplate{t}, nil
	}
	return &lineTemplate{t}, boundNode(t.Root, 0)
}

// parseProblem is what stands in front of a parser's own words.
var parseProblem = regexp.MustCompile(`^template: *:(\d+: )?`)

// boundNode refuses what could go on for ever, and holds range to lists.
func boundNode(n parse.Node, ranges int) error {
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil {
			return nil
		}
		for _, x := range n.Nodes {
			if err := boundNode(x, ranges); err != nil {
				return err
			}
		}
	case *parse.IfNode:
		return boundBranch(&n.BranchNode, ranges)
	case *parse.WithNode:
		return boundBranch(&n.BranchNode, ranges)
	case *parse.RangeNode:
		if ranges++; ranges > maxRanges {
			return fmt.Errorf("template: more than %d ranges in one another", maxRanges)
		}
		each := &parse.CommandNode{NodeType: parse.NodeCommand, Pos: n.Pipe.Pos, Args: []parse.Node{parse.NewIdentifier("_each").SetPos(n.Pipe.Pos)}}
		n.Pipe.Cmds = append(n.Pipe.Cmds, each)
		return boundBranch(&n.BranchNode, ranges)
	case *parse.TemplateNode:
		return errors.New("template: calls of templates are not allowed")
	}
	return nil
}

func boundBranch(n *parse.BranchNode, ranges int) error {
	if err := boundNode(n.List, ranges); err != nil {
		return err
	}
	return boundNode(n.ElseList, ranges)
}

// lineFuncs are the functions that know the line.
func lineFuncs(l *line) template.FuncMap {
	return template.FuncMap{
		"__line__":      func() string { return l.text },
		"__timestamp__": func() time.Time { return time.Unix(0, l.at).UTC() },
	}
}

// run writes the template for a line.
func (t *lineTemplate) run(l *line) (string, error) {
	bound := l.templates[t]
	if bound == nil {
		clone, err := t.parsed.Clone()
		if err != nil {
			return "", err
		}
		bound = clone.Funcs(lineFuncs(l))
		if l.templates == nil {
			l.templates = map[*lineTemplate]*template.Template{}
		}
		l.templates[t] = bound
	}
	var out limited
	err := bound.Execute(&out, l.data())
	return out.String(), err
}

// data are the labels as templates see them.
func (l *line) data() map[string]string {
	l.load()
	if l.fields == nil {
		l.fields = map[string]string{}
	}
	clear(l.fields)
	for i := range l.labels {
		l.fields[l.labels[i].name] = l.labels[i].value
	}
	if _, ok := l.fields["level"]; !ok && l.fields["detected_level"] != "" {
		l.fields["level"] = l.fields["detected_level"]
	}
	if l.err != "" {
		l.fields[errorLabel], l.fields[detailsLabel] = l.err, l.details
	}
	return l.fields
}

var errFormatted = fmt.Errorf("a text of the template is longer than %d bytes", maxFormatted)

// limited refuses to grow beyond maxFormatted.
type limited struct{ strings.Builder }

func (b *limited) Write(p []byte) (int, error) {
	if b.Len()+len(p) > maxFormatted {
		return 0, errFormatted
	}
	return b.Builder.Write(p)
}

// failTemplate notes an error in the words of what went wrong.
func (l *line) failTemplate(err error) {
	text := err.Error()
	if _, rest, ok := strings.Cut(text, ">: "); ok {
		text = rest
	}
	l.fail(templateError, text)
}

func (s *LineFormat) compile() (func(*line) bool, error) {
	t, err := newTemplate(s.Text)
	return func(l *line) bool {
		text, err := t.run(l)
		if err != nil {
			l.failTemplate(err)
			return true
		}
		l.text = text
		return true
	}, err
}

func (s *LabelFormat) compile() (func(*line) bool, error) {
	templates := make([]*lineTemplate, len(s.Items))
	for i, it := range s.Items {
		if it.Template {
			t, err := newTemplate(it.From)
			if err != nil {
				return nil, err
			}
			templates[i] = t
		}
	}
	return func(l *line) bool {
		l.load()
		for i, it := range s.Items {
			if templates[i] == nil {
				l.rename(it.From, it.To)
				continue
			}
			text, err := templates[i].run(l)
			if err != nil {
				l.failTemplate(err)
				continue
			}
			l.set(it.To, text, fromParsed)
		}
		return true
	}, nil
}

// rename gives a label another name.
func (l *line) rename(from, to string) {
	i := l.find(from)
	if i < 0 {
		if value, ok := l.lookup(from); ok { // level, or an error
			l.set(to, value, fromParsed)
		}
		return
	}
	value, origin := l.labels[i].value, l.labels[i].origin
	if from != to {
		l.drop(from)
		l.touched = l.touched || origin == fromStream
		l.set(to, value, origin)
	}
}
