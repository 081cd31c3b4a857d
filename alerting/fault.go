package alerting

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/model/rulefmt"
	"gopkg.in/yaml.v3"
)

// FileError is one fault of a rule file.
type FileError struct {
	File   string
	Line   int // from 1, 0 when the fault has no place
	Reason string
}

func (e *FileError) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Reason
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Reason)
}

func (e *FileError) Unwrap() error { return ErrInvalid }

var (
	yamlLine = regexp.MustCompile(`^(?:yaml: )?(?:unmarshal errors:\s*)?line (\d+): `)
	nodeLine = regexp.MustCompile(`^(?:\d+:\d+: )*?(\d+):\d+: `)
	position = regexp.MustCompile(`^(?:\d+:\d+: )+`)
)

// fileErrors finds the line of each fault: upstream tells it in the text, in
// one of three forms, or not at all; then it is the line of the rule.
func fileErrors(path string, text []byte, errs []error) error {
	var out []error
	seen := map[string]bool{}
	for _, err := range errs {
		fault := fileError(path, text, err)
		// The same YAML is read twice upstream, for values and for positions.
		if s := fault.Error(); !seen[s] {
			seen[s] = true
			out = append(out, fault)
		}
	}
	return errors.Join(out...)
}

func fileError(path string, text []byte, err error) *FileError {
	fault := &FileError{File: path, Reason: oneLine(err.Error())}
	if m := yamlLine.FindStringSubmatch(fault.Reason); m != nil {
		fault.Line, _ = strconv.Atoi(m[1])
		fault.Reason = fault.Reason[len(m[0]):]
	} else if m := nodeLine.FindStringSubmatch(fault.Reason); m != nil {
		fault.Line, _ = strconv.Atoi(m[1])
		fault.Reason = position.ReplaceAllString(fault.Reason, "")
	}
	var inRule *rulefmt.Error
	switch {
	case fault.Line != 0:
	case errors.As(err, &inRule):
		fault.Line = ruleLine(text, inRule.Group, inRule.Rule)
	default:
		fault.Line = groupLine(text)
	}
	return fault
}

// oneLine folds the lists that the YAML reader breaks over lines.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// ruleLine is the line on which the n-th rule, from 1, of a group starts, or 0.
func ruleLine(text []byte, group string, n int) int {
	var file struct {
		Groups []struct {
			Name  string      `yaml:"name"`
			Rules []yaml.Node `yaml:"rules"`
		} `yaml:"groups"`
	}
	if yaml.Unmarshal(text, &file) != nil {
		return 0
	}
	for _, g := range file.Groups {
		if g.Name == group && n >= 1 && n <= len(g.Rules) {
			return g.Rules[n-1].Line
		}
	}
	return 0
}

// groupLine is the line of the first group without a name of its own, or 0:
// those are the faults of groups for which upstream tells no line.
func groupLine(text []byte) int {
	var file struct {
		Groups []yaml.Node `yaml:"groups"`
	}
	if yaml.Unmarshal(text, &file) != nil {
		return 0
	}
	seen := map[string]bool{"": true}
	for _, node := range file.Groups {
		var g struct {
			Name string `yaml:"name"`
		}
		if node.Decode(&g) == nil && seen[g.Name] {
			return node.Line
		}
		seen[g.Name] = true
	}
	return 0
}
