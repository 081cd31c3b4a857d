package rulebook

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/prometheus/common/model"
	"gopkg.in/yaml.v3"

	"tripod/alerting"
)

// fileGroup and fileRule are Prometheus's own forms; texts are nodes, since
// plain strings do not all come back from the YAML writer as they were.
type fileGroup struct {
	Name        yaml.Node      `yaml:"name"`
	Interval    model.Duration `yaml:"interval,omitempty"`
	QueryOffset model.Duration `yaml:"query_offset,omitempty"`
	Limit       int            `yaml:"limit,omitempty"`
	Rules       []fileRule     `yaml:"rules"`
}

type fileRule struct {
	Alert         yaml.Node      `yaml:"alert,omitempty"`
	Record        yaml.Node      `yaml:"record,omitempty"`
	Expr          yaml.Node      `yaml:"expr"`
	For           model.Duration `yaml:"for,omitempty"`
	KeepFiringFor model.Duration `yaml:"keep_firing_for,omitempty"`
	Labels        yaml.Node      `yaml:"labels,omitempty"`
	Annotations   yaml.Node      `yaml:"annotations,omitempty"`
}

// Print writes rules as a Prometheus rule file: groups in order of their first
// rule, rules in the order given. Each must have passed Check.
func Print(head string, rules []Kept) ([]byte, error) {
	var file struct {
		Groups []fileGroup `yaml:"groups"`
	}
	file.Groups = []fileGroup{}
	saved := map[string]time.Time{} // of the rule that has spoken for the group
	for _, r := range rules {
		i := slices.IndexFunc(file.Groups, func(g fileGroup) bool { return g.Name.Value == r.Group })
		if i < 0 {
			i = len(file.Groups)
			file.Groups = append(file.Groups, fileGroup{Name: text(r.Group)})
		}
		g := &file.Groups[i]
		if at, ok := saved[r.Group]; !ok || !r.Saved.Before(at) {
			saved[r.Group] = r.Saved
			g.Interval, g.QueryOffset, g.Limit = length(r.Interval), length(r.QueryOffset), r.Limit
		}
		alert, record := name(r.Name), name(r.Record)
		g.Rules = append(g.Rules, fileRule{alert, record, text(r.Expr), length(r.For), length(r.KeepFiringFor), texts(r.Labels), texts(r.Annotations)})
	}
	var b bytes.Buffer
	b.WriteString(head)
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(file); err != nil {
		return nil, err
	}
	return b.Bytes(), enc.Close()
}

// name is left out of the file when there is none.
func name(s string) yaml.Node {
	if s == "" {
		return yaml.Node{}
	}
	return text(s)
}

// text is a string in quotes where the writer's blocks would lose the space at
// its ends.
func text(s string) yaml.Node {
	n := yaml.Node{}
	n.SetString(s)
	if strings.TrimSpace(s) != s || strings.ContainsFunc(s, odd) {
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

// odd says of a character that it is no line break and not to be seen.
func odd(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }

// texts are left out of the file when there are none.
func texts(m map[string]string) yaml.Node {
	n := yaml.Node{}
	if len(m) == 0 {
		return n
	}
	n.Kind = yaml.MappingNode
	for _, name := range slices.Sorted(maps.Keys(m)) {
		key, value := text(name), text(m[name])
		n.Content = append(n.Content, &key, &value)
	}
	return n
}

// length is that of a duration that was checked.
func length(s string) model.Duration {
	d, _ := duration(s)
	return model.Duration(d)
}

// Duration is a duration of a rule, 0 where it is not given or is none.
func Duration(s string) time.Duration { return time.Duration(length(s)) }

// FromFile is a running rule as it would be typed.
func FromFile(g alerting.Group, r alerting.Rule) Rule {
	text := func(d time.Duration) string {
		if d == 0 {
			return ""
		}
		return model.Duration(d).String()
	}
	out := Rule{
		Name: r.Name, Expr: r.Expr, For: text(r.For), KeepFiringFor: text(r.KeepFiringFor), Labels: r.Labels, Annotations: r.Annotations,
		Group: cmp.Or(g.Name, "rules"), Interval: text(g.Interval), QueryOffset: text(g.QueryOffset), Limit: g.Limit,
	}
	if r.Kind == alerting.Recording {
		out.Name, out.Record = "", r.Name
	}
	return out
}
