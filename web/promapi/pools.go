package promapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/relabel"
	"gopkg.in/yaml.v3"
)

func poolOf(r *http.Request) (string, error) {
	if pool := r.FormValue("scrapePool"); pool != "" {
		return pool, nil
	}
	return "", badData(errors.New("no scrapePool parameter provided"))
}

// job is one of the configuration.
func (a *API) job(pool string) (*yaml.Node, error) {
	var doc struct {
		Jobs []yaml.Node `yaml:"scrape_configs"`
	}
	if err := yaml.Unmarshal([]byte(a.process().Config), &doc); err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	for i := range doc.Jobs {
		var job struct {
			Name string `yaml:"job_name"`
		}
		if err := doc.Jobs[i].Decode(&job); err == nil && job.Name == pool {
			return &doc.Jobs[i], nil
		}
	}
	return nil, badData(fmt.Errorf("error retrieving scrape config: scrape pool %q not found", pool))
}

// poolConfig is a job as the user wrote it, without secrets; Prometheus adds
// its defaults.
func (a *API) poolConfig(r *http.Request) (answer, error) {
	pool, err := poolOf(r)
	if err != nil {
		return answer{}, err
	}
	job, err := a.job(pool)
	if err != nil {
		return answer{}, err
	}
	var b strings.Builder
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(job); err != nil {
		return answer{}, fmt.Errorf("configuration of the job: %w", err)
	}
	return answer{data: value(map[string]string{"yaml": b.String()})}, nil
}

type relabelStep struct {
	Rule   *relabel.Config `json:"rule"`
	Output labels.Labels   `json:"output"`
	Keep   bool            `json:"keep"`
}

// relabelSteps tells what each rule of a job makes of the labels of a target.
// Rules that only the scraper here knows (`if`, `match`, lists as `regex`) have
// no steps.
func (a *API) relabelSteps(r *http.Request) (answer, error) {
	pool, err := poolOf(r)
	if err != nil {
		return answer{}, err
	}
	text := r.FormValue("labels")
	if text == "" {
		return answer{}, badData(errors.New("no labels parameter provided"))
	}
	var ls labels.Labels
	if err := json.Unmarshal([]byte(text), &ls); err != nil {
		return answer{}, badData(fmt.Errorf("error parsing labels: %w", err))
	}
	job, err := a.job(pool)
	if err != nil {
		return answer{}, err
	}
	rules, err := rulesOf(job)
	if err != nil {
		return answer{}, badData(err)
	}
	steps := make([]relabelStep, len(rules))
	b, keep := labels.NewBuilder(ls), true
	for i, rule := range rules {
		keep = keep && relabel.ProcessBuilder(b, rule)
		steps[i] = relabelStep{Rule: rule, Keep: keep}
		if keep {
			steps[i].Output = b.Labels()
		}
	}
	return answer{data: value(map[string][]relabelStep{"steps": steps})}, nil
}

func rulesOf(job *yaml.Node) ([]*relabel.Config, error) {
	var in struct {
		Rules []yaml.Node `yaml:"relabel_configs"`
	}
	if err := job.Decode(&in); err != nil {
		return nil, fmt.Errorf("relabel_configs: %w", err)
	}
	var out []*relabel.Config
	for i := range in.Rules {
		rule := &relabel.Config{}
		err := onlyKnown(&in.Rules[i])
		if err == nil {
			err = in.Rules[i].Decode(rule)
		}
		if err == nil {
			rule.NameValidationScheme = model.UTF8Validation
			err = rule.Validate(model.UTF8Validation)
		}
		if err != nil {
			return nil, fmt.Errorf("rule %d of relabel_configs is none of Prometheus's: %w", i+1, err)
		}
		out = append(out, rule)
	}
	return out, nil
}

var ruleKeys = map[string]bool{
	"source_labels": true, "separator": true, "regex": true, "modulus": true, "target_label": true, "replacement": true, "action": true,
}

func onlyKnown(rule *yaml.Node) error {
	for i := 0; rule.Kind == yaml.MappingNode && i+1 < len(rule.Content); i += 2 {
		if key := rule.Content[i].Value; !ruleKeys[key] {
			return fmt.Errorf("field %s", key)
		}
	}
	return nil
}
