package appliance

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/prometheus/prometheus/promql/parser"

	"tripod/alerting"
	"tripod/alerting/config"
)

// Sources are the places from which Load reads, strongest first.
type Sources struct {
	Flags map[string]string // by setting name; only those that were given
	Env   []string          // NAME=value, as os.Environ gives them
	Demo  bool              // tripod demo
}

func (s Sources) env(name string) string {
	for _, kv := range s.Env {
		if v, ok := strings.CutPrefix(kv, name+"="); ok {
			return v
		}
	}
	return ""
}

// Load makes Options of flags, environment and file, in that order of
// strength. Its error names every fault with the place it came from.
func Load(src Sources) (Options, error) {
	o := Options{Demo: src.Demo, given: map[string]string{}}
	settings := Settings()
	path, asked := src.ConfigPath()
	file, fileErr := readConfig(path, asked)
	faults := []error{fileErr}
	for _, s := range settings {
		if s.Demo && !src.Demo {
			continue
		}
		value, origin, ok := find(s, src, file)
		if !ok {
			continue
		}
		if s.Name == "alertmanager-config" && strings.HasPrefix(origin, file.path+":") {
			value = besideFile(value, file.path)
		}
		if s.Name == "rules" && strings.HasPrefix(origin, file.path+":") {
			value = besideFile(value, file.path) // as Prometheus reads rule_files
		}
		o.given[s.Name] = value
		if err := s.set(&o, value); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", origin, err))
		}
	}
	o.Config = file.path
	o.ScrapeConfigs, o.ScrapeNotes = file.scrape, file.notes
	faults = append(faults, unknownEnv(src, settings))
	faults = append(faults, o.loadAlerts(src, file))
	o.fill()
	faults = append(faults, src.placed(o.faults(), file)...)
	faults = append(faults, src.placed(ruleFaults(ruleParser(o.PromQLFeatures.Syntax), o.Rules), file)...)
	return o, errors.Join(faults...)
}

// placed says of the faults of settings that come from the file where in it
// they are.
func (s Sources) placed(faults []error, file configFile) []error {
	for i, err := range faults {
		var of *settingFault
		if !errors.As(err, &of) || s.Flags[of.name] != "" || s.env(Setting{Name: of.name}.Env()) != "" {
			continue
		}
		if v, ok := file.values[of.name]; ok {
			faults[i] = fmt.Errorf("%s:%d: %w", file.path, v.line, err)
		}
	}
	return faults
}

// ruleFaults are those in rule files, which say where they are, and those of
// the setting that names the files.
func ruleFaults(p parser.Parser, rules []string) []error {
	err := alerting.Check(p, rules...)
	if err == nil {
		return nil
	}
	var inFile *alerting.FileError
	if errors.As(err, &inFile) {
		return []error{err}
	}
	return []error{&settingFault{"rules", err}}
}

// besideFile makes relative paths start where the file is.
func besideFile(list, file string) string {
	paths := splitList(list)
	for i, p := range paths {
		if !filepath.IsAbs(p) {
			paths[i] = filepath.Join(filepath.Dir(file), p)
		}
	}
	return strings.Join(paths, ",")
}

func find(s Setting, src Sources, file configFile) (value, origin string, ok bool) {
	if v, ok := src.Flags[s.Name]; ok {
		return v, fmt.Sprintf("--%s %q", s.Name, v), true
	}
	if v := src.env(s.Env()); v != "" {
		return v, fmt.Sprintf("%s=%q", s.Env(), v), true
	}
	if v, ok := file.values[s.Name]; ok {
		return v.text, fmt.Sprintf("%s:%d: %s %q", file.path, v.line, s.Name, v.text), true
	}
	return "", "", false
}

// unknownEnv names TRIPOD_* variables that nobody reads: a misspelt one would
// otherwise be silently without effect.
func unknownEnv(src Sources, settings []Setting) error {
	known := map[string]bool{}
	for _, s := range settings {
		known[s.Env()] = true
	}
	var faults []error
	for _, kv := range src.Env {
		name, _, _ := strings.Cut(kv, "=")
		if strings.HasPrefix(name, "TRIPOD_") && !known[name] {
			faults = append(faults, fmt.Errorf("%s: no such setting", name))
		}
	}
	return errors.Join(faults...)
}

// ConfigPath is where the file is, and whether it was asked for.
func (s Sources) ConfigPath() (path string, asked bool) {
	if p, ok := s.Flags["config"]; ok {
		return p, true
	}
	if p := s.env("TRIPOD_CONFIG"); p != "" {
		return p, true
	}
	return "tripod.yaml", false
}

type configFile struct {
	path   string // empty when there is no file
	values map[string]configValue
	scrape string   // YAML list of scrape_configs, empty when there are none
	notes  []string // what of it has no effect
	alerts []byte   // what belongs to Alertmanager, on its own lines; nil when there is none
}

type configValue struct {
	text string
	line int
}

func readConfig(path string, asked bool) (configFile, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && !asked {
		return configFile{}, nil
	}
	if err != nil {
		return configFile{}, fmt.Errorf("config: %w", err)
	}
	f, err := parseConfig(path, b)
	return f, err
}

// parseConfig reads settings under their flag names (dashes or underscores),
// and scrape_configs and rule_files as Prometheus writes them.
func parseConfig(path string, b []byte) (configFile, error) {
	f := configFile{path: path, values: map[string]configValue{}}
	var doc yaml.Node
	if err := yaml.Unmarshal(b, &doc); err != nil {
		return f, yamlFault(path, err)
	}
	if len(doc.Content) == 0 {
		return f, nil
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		return f, fmt.Errorf("%s:%d: want a mapping of settings", path, root.Line)
	}
	known := map[string]bool{}
	for _, s := range Settings() {
		known[s.Name] = s.Name != "config"
	}
	f.alerts = alertSections(b, root)
	var faults []error
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, val := root.Content[i], root.Content[i+1]
		if err := f.take(key, val, known); err != nil {
			faults = append(faults, err)
		}
	}
	return f, errors.Join(faults...)
}

// yamlLine is how the YAML reader says where it is.
var yamlLine = regexp.MustCompile(`^yaml: line (\d+): `)

func yamlFault(path string, err error) error {
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		return fmt.Errorf("%s:%s: %s", path, m[1], err.Error()[len(m[0]):])
	}
	return fmt.Errorf("%s: %w", path, err)
}

func (f *configFile) take(key, val *yaml.Node, known map[string]bool) error {
	name := strings.ReplaceAll(key.Value, "_", "-")
	switch {
	case slices.Contains(config.Sections, key.Value):
		return nil // read by itself
	case name == "scrape-configs":
		var err error
		f.scrape, f.notes, err = readJobs(val, f.path)
		return err
	case name == "rule-files":
		name = "rules"
	case !known[name]:
		return fmt.Errorf("%s:%d: %s: no such setting", f.path, key.Line, key.Value)
	}
	text, err := scalarText(val)
	if err != nil {
		return fmt.Errorf("%s:%d: %s: %w", f.path, key.Line, key.Value, err)
	}
	if _, twice := f.values[name]; twice {
		return fmt.Errorf("%s:%d: %s: given twice", f.path, key.Line, key.Value)
	}
	f.values[name] = configValue{text, key.Line}
	return nil
}

// scalarText is a scalar's text, and a list of scalars with commas between.
func scalarText(n *yaml.Node) (string, error) {
	switch n.Kind {
	case yaml.ScalarNode:
		return n.Value, nil
	case yaml.SequenceNode:
		items := make([]string, len(n.Content))
		for i, c := range n.Content {
			if c.Kind != yaml.ScalarNode {
				return "", errors.New("want a list of plain values")
			}
			items[i] = c.Value
		}
		return strings.Join(items, ","), nil
	}
	return "", errors.New("want a plain value")
}
