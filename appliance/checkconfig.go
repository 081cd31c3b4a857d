package appliance

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/prometheus/prometheus/promql/parser"

	"tripod/alerting"
	"tripod/alerting/config"
	"tripod/alerting/notify"
	"tripod/store/metrics/scrape"
)

// ConfigReport is what a sound configuration says.
type ConfigReport struct {
	File      string   // empty when there is none
	Jobs      int      // of scrape_configs
	RuleFiles int      // found
	Receivers int      // of alerts
	Notes     []string // what has no effect and is no fault
}

// CheckConfig reads a configuration as a start does, and opens nothing. Its
// error names every fault, with file and line where it is in a file.
func CheckConfig(src Sources) (ConfigReport, error) {
	o, err := Load(src)
	r := ConfigReport{File: o.Config}
	faults := []error{err}
	if o.SyslogTLS != "" && o.TLSCert != "" && o.TLSKey != "" {
		_, err := loadCertificate(o.TLSCert, o.TLSKey)
		faults = append(faults, err)
	}
	for _, pattern := range o.Rules {
		found, err := filepath.Glob(pattern) // a bad pattern is a fault of Load
		if r.RuleFiles += len(found); err == nil && len(found) == 0 {
			r.Notes = append(r.Notes, fmt.Sprintf("rule_files: no file matches %s", pattern))
		}
	}
	if o.Alerts != nil {
		r.Receivers = len(o.Alerts.Receivers)
		r.Notes = append(r.Notes, o.Alerts.Notes...)
	}
	if err == nil && o.ScrapeConfigs != "" {
		r.Notes = append(r.Notes, o.ScrapeNotes...)
		faults = append(faults, r.addJobs(o.ScrapeConfigs, baseOf(o.Config)))
	}
	return r, errors.Join(faults...)
}

// addJobs counts jobs that are sound, and says what is wrong with them all together.
func (r *ConfigReport) addJobs(list, base string) error {
	var jobs []yaml.Node
	if err := yaml.Unmarshal([]byte(list), &jobs); err != nil {
		return err
	}
	r.Jobs = len(jobs)
	_, err := scrape.Check([]byte("scrape_configs:\n"+list), base)
	return err
}

// CheckFile checks a configuration file by itself, or a file of rules, which
// it knows by its groups. An error that is fs.ErrNotExist or the like is of the
// file, all others are faults in it.
func CheckFile(path string) (ConfigReport, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return ConfigReport{}, err
	}
	if isRuleFile(text) {
		return ConfigReport{File: path, RuleFiles: 1}, alerting.Check(ruleParser(parser.Options{}), escapeGlob(path))
	}
	if isAlertmanagerFile(text) {
		c, err := config.ReadFile(path, os.LookupEnv)
		if err != nil {
			return ConfigReport{File: path}, err
		}
		return ConfigReport{File: path, Receivers: len(c.Receivers), Notes: c.Notes}, notify.Check(c)
	}
	return CheckConfig(Sources{Flags: map[string]string{"config": path}})
}

// isAlertmanagerFile says that a file has a route and nothing that Alertmanager
// does not know.
func isAlertmanagerFile(text []byte) bool {
	var file map[string]yaml.Node
	if yaml.Unmarshal(text, &file) != nil {
		return false
	}
	for name := range file {
		if !slices.Contains(config.Sections, name) && name != "tracing" && name != "event_recorder" {
			return false
		}
	}
	_, route := file["route"]
	return route
}

func isRuleFile(text []byte) bool {
	var file map[string]yaml.Node
	if yaml.Unmarshal(text, &file) != nil {
		return false
	}
	_, groups := file["groups"]
	return groups
}

// escapeGlob is a pattern that matches just the path.
func escapeGlob(path string) string {
	var out []byte
	for i := range len(path) {
		switch path[i] {
		case '*', '?', '[', '\\':
			out = append(out, '\\')
		}
		out = append(out, path[i])
	}
	return string(out)
}
