package scrape

import (
	"reflect"
	"slices"
	"strings"

	"github.com/VictoriaMetrics/VictoriaMetrics/lib/promscrape"
)

// Kinds are the ways in which targets are found, as in the names of their
// lists: file for file_sd_configs.
func Kinds() []string {
	var out []string
	job := reflect.TypeFor[promscrape.ScrapeConfig]()
	for i := range job.NumField() {
		name, _, _ := strings.Cut(job.Field(i).Tag.Get("yaml"), ",")
		if name == "vultr_configs" { // its name in their code; see adapt
			name = "vultr_sd_configs"
		}
		if kind, ok := strings.CutSuffix(strings.TrimSuffix(name, "_configs"), "_sd"); ok || kind == "static" {
			out = append(out, kind)
		}
	}
	slices.Sort(out)
	return out
}
