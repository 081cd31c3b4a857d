package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"tripod/alerting"
)

// maxText bounds a configuration in bytes.
const maxText = 4 << 20

// Source is where a configuration stands.
type Source struct {
	File   string // as errors name it
	Base   string // directory at which relative paths start
	Getenv func(name string) (string, bool)
}

// ReadFile reads and checks a file.
func ReadFile(path string, getenv func(string) (string, bool)) (*Config, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxText {
		return nil, fmt.Errorf("%s: more than %d bytes: %w", path, maxText, alerting.ErrInvalid)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Parse(text, Source{File: path, Base: filepath.Dir(path), Getenv: getenv})
}

// Parse reads and checks a configuration. Its errors are *alerting.FileError,
// joined when there are several, and repeat no secret.
func Parse(text []byte, src Source) (*Config, error) {
	asAlertmanager()
	if src.Getenv == nil {
		src.Getenv = func(string) (string, bool) { return "", false }
	}
	if len(text) > maxText {
		return nil, &alerting.FileError{File: src.File, Reason: fmt.Sprintf("more than %d bytes", maxText)}
	}
	p := &parser{src: src, cfg: &Config{Global: defaultGlobal()}}
	if err := yaml.Unmarshal(text, &p.doc); err != nil {
		return nil, p.yamlFaults(err)
	}
	p.cfg.Original = p.hidden(text)
	text, err := p.expand(text)
	if err != nil {
		return nil, err
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(p.cfg); err != nil && !errors.Is(err, io.EOF) {
		return nil, p.yamlFaults(err)
	}
	p.check()
	return p.cfg, errors.Join(p.faults...)
}

type parser struct {
	src    Source
	doc    yaml.Node
	cfg    *Config
	faults []error
}

func (p *parser) fault(line int, format string, args ...any) {
	p.faults = append(p.faults, &alerting.FileError{File: p.src.File, Line: line, Reason: fmt.Sprintf(format, args...)})
}

func (p *parser) note(line int, format string, args ...any) {
	p.cfg.Notes = append(p.cfg.Notes, fmt.Sprintf("%s:%d: %s", p.src.File, line, fmt.Sprintf(format, args...)))
}

var (
	yamlLine     = regexp.MustCompile(`^(?:yaml: )?line (\d+): (.*)$`)
	unknownField = regexp.MustCompile(`^field (\S+) not found in type .*$`)
	badValue     = regexp.MustCompile("^cannot unmarshal (\\S+) `.*` into .*$")
)

// yamlFaults turns the words of the YAML reader into ours. Values are left
// out, since any of them may be a secret in the wrong place.
func (p *parser) yamlFaults(err error) error {
	var all *yaml.TypeError
	if !errors.As(err, &all) {
		line, reason := 0, strings.TrimPrefix(err.Error(), "yaml: ")
		if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
			fmt.Sscan(m[1], &line)
			reason = m[2]
		} else {
			line = p.locate(err.Error())
		}
		return &alerting.FileError{File: p.src.File, Line: line, Reason: reason}
	}
	for _, e := range all.Errors {
		line := 0
		if m := yamlLine.FindStringSubmatch(e); m != nil {
			fmt.Sscan(m[1], &line)
			e = m[2]
		}
		if m := unknownField.FindStringSubmatch(e); m != nil {
			e = "unknown field " + m[1]
		} else if m := badValue.FindStringSubmatch(e); m != nil {
			e = "a value of the wrong kind: " + strings.TrimPrefix(m[1], "!!")
		}
		p.fault(line, "%s", e)
	}
	return errors.Join(p.faults...)
}

// locate finds the line of a fault that came without one: it reads the parts
// of the document one by one until the same words come again.
func (p *parser) locate(reason string) int {
	root := p.root()
	for key, fresh := range map[string]func() any{
		"receivers":           func() any { return new(Receiver) },
		"inhibit_rules":       func() any { return new(InhibitRule) },
		"time_intervals":      func() any { return new(TimeInterval) },
		"mute_time_intervals": func() any { return new(TimeInterval) },
	} {
		for _, item := range items(field(root, key)) {
			if err := item.Decode(fresh()); err != nil && err.Error() == reason {
				return p.within(item, reason)
			}
		}
	}
	if n := field(root, "route"); n != nil {
		return routeLine(n, reason)
	}
	return 0
}

// within looks into the lists of a receiver.
func (p *parser) within(receiver *yaml.Node, reason string) int {
	for key, fresh := range map[string]func() any{
		"slack_configs": func() any { return new(Slack) }, "pagerduty_configs": func() any { return new(PagerDuty) },
		"webhook_configs": func() any { return new(Webhook) }, "email_configs": func() any { return new(Email) },
		"alertmanager_configs": func() any { return new(Alertmanager) },
	} {
		for _, item := range items(field(receiver, key)) {
			if err := item.Decode(fresh()); err != nil && err.Error() == reason {
				return item.Line
			}
		}
	}
	return receiver.Line
}

// routeLine is the line of the deepest route with the fault, or 0.
func routeLine(n *yaml.Node, reason string) int {
	for _, child := range items(field(n, "routes")) {
		if line := routeLine(child, reason); line != 0 {
			return line
		}
	}
	if err := n.Decode(new(Route)); err != nil && err.Error() == reason {
		return n.Line
	}
	return 0
}

func (p *parser) root() *yaml.Node {
	if len(p.doc.Content) == 0 {
		return nil
	}
	return p.doc.Content[0]
}

// field is the value of a key of a mapping, or nil.
func field(n *yaml.Node, name string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return meant(n.Content[i+1])
		}
	}
	return nil
}

// meant is the node that an alias stands for, or the node itself.
func meant(n *yaml.Node) *yaml.Node {
	if n != nil && n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// item is the i-th node of a list, or nil: a list that a merge key brings is
// not found by its name.
func item(list []*yaml.Node, i int) *yaml.Node {
	if i >= len(list) {
		return nil
	}
	return meant(list[i])
}

func lineOf(n *yaml.Node) int {
	if n == nil {
		return 0
	}
	return n.Line
}

// keyLine is the line of a key of a mapping, or that of the mapping.
func keyLine(n *yaml.Node, name string) int {
	if n == nil {
		return 0
	}
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return n.Content[i].Line
		}
	}
	return n.Line
}

func items(n *yaml.Node) []*yaml.Node {
	if n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	return n.Content
}

// secretFields are those whose text is never shown, and may be ${NAME}.
var secretFields = []string{
	"api_url", "slack_api_url", "slack_app_token", "app_token", "routing_key", "service_key", "api_key", "auth_password",
	"auth_secret", "smtp_auth_password", "smtp_auth_secret", "password", "credentials", "bearer_token", "client_secret", "key",
	"user_key", "token", "bot_token", "webhook_url", "api_secret", "opsgenie_api_key", "wechat_api_secret", "victorops_api_key",
	"telegram_bot_token", "rocketchat_token", "rocketchat_token_id", "token_id", "mattermost_webhook_url", "proxy_url", "alert_source_token",
}

// open are mappings of the user's own names, and shut those in which every
// text is a secret.
var (
	open = []string{"match", "match_re", "source_match", "source_match_re", "target_match", "target_match_re", "labels", "details"}
	shut = []string{"secrets", "proxy_connect_header"}
)

// secretURL are the lists in which url is one of the secret fields.
var secretURL = []string{"webhook_configs", "alertmanager_configs"}

// secrets calls f with the value of every secret field; list is the key under
// which the nearest list stands.
func secrets(n *yaml.Node, list string, f func(*yaml.Node)) {
	for i, c := range n.Content {
		if n.Kind != yaml.MappingNode {
			secrets(c, list, f)
			continue
		}
		if i%2 == 0 {
			continue
		}
		switch name := n.Content[i-1].Value; {
		case slices.Contains(open, name):
		case slices.Contains(shut, name):
			scalars(c, f)
		case c.Kind == yaml.SequenceNode:
			secrets(c, name, f)
		case c.Kind != yaml.ScalarNode:
			secrets(c, list, f)
		case slices.Contains(secretFields, name), name == "url" && slices.Contains(secretURL, list):
			f(c)
		}
	}
}

// scalars calls f with every text below a node.
func scalars(n *yaml.Node, f func(*yaml.Node)) {
	if n.Kind == yaml.ScalarNode {
		f(n)
	}
	for i, c := range n.Content {
		if n.Kind != yaml.MappingNode || i%2 == 1 {
			scalars(c, f)
		}
	}
}

// hidden is the text without its secrets.
func (p *parser) hidden(text []byte) string {
	var doc yaml.Node
	if yaml.Unmarshal(text, &doc) != nil || len(doc.Content) == 0 {
		return ""
	}
	secrets(&doc, "", func(n *yaml.Node) {
		if n.Value != "" {
			n.SetString(Hidden)
		}
	})
	out, err := yaml.Marshal(&doc)
	if err != nil {
		return ""
	}
	return string(out)
}

var variable = regexp.MustCompile(`^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$`)

// expand puts the environment in the place of secrets that are ${NAME}. It
// changes the text, not the tree, so that lines stay what they are.
func (p *parser) expand(text []byte) ([]byte, error) {
	lines := strings.Split(string(text), "\n")
	var faults []error
	secrets(&p.doc, "", func(n *yaml.Node) {
		m := variable.FindStringSubmatch(n.Value)
		if m == nil {
			return
		}
		value, ok := p.src.Getenv(m[1])
		if !ok || value == "" {
			faults = append(faults, &alerting.FileError{File: p.src.File, Line: n.Line, Reason: "${" + m[1] + "} is not in the environment"})
			return
		}
		quoted, raw := "'"+strings.ReplaceAll(value, "'", "''")+"'", n.Value
		for _, q := range [...]string{`"` + raw + `"`, `'` + raw + `'`} {
			if strings.Contains(lines[n.Line-1], q) {
				raw = q
			}
		}
		lines[n.Line-1] = strings.Replace(lines[n.Line-1], raw, quoted, 1)
	})
	return []byte(strings.Join(lines, "\n")), errors.Join(faults...)
}
