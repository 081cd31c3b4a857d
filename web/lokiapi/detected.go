package lokiapi

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"tripod/store"
	"tripod/web"
)

// Bounds of what is looked at for detected fields.
const (
	detectLines = 1000
	detectMost  = 5000
)

// detectedLabels answers with the labels of streams and how many values each has.
func (a *API) detectedLabels(w http.ResponseWriter, r *http.Request) {
	query, rng, err := a.ranged(w, r)
	values := map[string]map[string]bool{}
	if err == nil {
		err = a.scanSets(r, query, rng, func(_ string, set store.LogLabels) bool {
			for _, l := range set {
				if values[l.Name] == nil {
					values[l.Name] = map[string]bool{}
				}
				values[l.Name][l.Value] = true
			}
			return len(values) < maxValueNames
		})
	}
	if err != nil {
		writeError(w, err)
		return
	}
	type label struct {
		Label       string `json:"label"`
		Cardinality int    `json:"cardinality"`
	}
	out := []label{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		out = append(out, label{name, len(values[name])})
	}
	web.JSON(w, http.StatusOK, struct {
		Labels []label `json:"detectedLabels"`
	}{out})
}

// detected is a field that lines or their metadata hold.
type detected struct {
	Label       string   `json:"label"`
	Type        string   `json:"type"`
	Cardinality int      `json:"cardinality"`
	Parsers     []string `json:"parsers"`
	values      map[string]bool
}

// detectedFields answers with the fields of the newest lines.
func (a *API) detectedFields(w http.ResponseWriter, r *http.Request) {
	found, limit, err := a.detect(w, r)
	if err != nil {
		writeError(w, err)
		return
	}
	out := []*detected{}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		if f := found[name]; len(out) < limit {
			f.Cardinality = len(f.values)
			out = append(out, f)
		}
	}
	web.JSON(w, http.StatusOK, struct {
		Fields []*detected `json:"fields"`
		Limit  int         `json:"limit"`
	}{out, limit})
}

// detectedValues answers with the values of one field in the newest lines.
func (a *API) detectedValues(w http.ResponseWriter, r *http.Request) {
	found, limit, err := a.detect(w, r)
	if err != nil {
		writeError(w, err)
		return
	}
	values := []string{}
	if f := found[r.PathValue("name")]; f != nil {
		values = slices.Sorted(maps.Keys(f.values))
	}
	web.JSON(w, http.StatusOK, struct {
		Values []string `json:"values"`
		Limit  int      `json:"limit"`
	}{values[:min(limit, len(values))], limit})
}

// detect takes the newest lines apart, as JSON or else as logfmt.
func (a *API) detect(w http.ResponseWriter, r *http.Request) (map[string]*detected, int, error) {
	query, rng, err := a.ranged(w, r)
	if err != nil {
		return nil, 0, err
	}
	limit, err := countParam(r, "limit", 1000, detectMost)
	if err != nil {
		return nil, 0, err
	}
	lines, err := countParam(r, "line_limit", detectLines, detectMost)
	if err != nil {
		return nil, 0, err
	}
	found := map[string]*detected{}
	for _, parser := range []string{"json", "logfmt"} {
		q := store.LogQuery{Text: query + "\n| " + parser, Syntax: store.LogQL, Range: rng, Limit: lines}
		for e, err := range a.doors.Query.Lines(r.Context(), q) {
			if err != nil {
				if err = noted(err); err != nil {
					return nil, 0, err
				}
				continue
			}
			if strings.HasPrefix(strings.TrimSpace(e.Line), "{") == (parser == "json") {
				note(found, e.Metadata, "")
				note(found, e.Parsed, parser)
			}
		}
	}
	return found, limit, nil
}

func note(found map[string]*detected, labels store.LogLabels, parser string) {
	for _, l := range labels {
		if strings.HasPrefix(l.Name, "__error") {
			continue
		}
		f := found[l.Name]
		if f == nil {
			if len(found) >= detectMost {
				continue
			}
			f = &detected{Label: l.Name, Type: typeOf(l.Value), values: map[string]bool{}}
			found[l.Name] = f
		}
		if t := typeOf(l.Value); t != f.Type {
			f.Type = widened(t, f.Type)
		}
		if parser != "" && !slices.Contains(f.Parsers, parser) {
			f.Parsers = append(f.Parsers, parser)
		}
		if len(f.values) < detectMost {
			f.values[l.Value] = true
		}
	}
}

// typeOf is the narrowest type that a value reads as.
func typeOf(text string) string {
	if _, err := strconv.ParseInt(text, 10, 64); err == nil {
		return "int"
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		return "float"
	}
	if text == "true" || text == "false" {
		return "boolean"
	}
	if _, err := time.ParseDuration(text); err == nil {
		return "duration"
	}
	number := strings.TrimRight(text, "KMGTPEikmgtpeBb")
	if _, err := strconv.ParseFloat(strings.TrimSpace(number), 64); err == nil && strings.HasSuffix(strings.ToLower(text), "b") {
		return "bytes"
	}
	return "string"
}

// widened is the type of a field whose values have two.
func widened(a, b string) string {
	if a == "int" && b == "float" || a == "float" && b == "int" {
		return "float"
	}
	return "string"
}
