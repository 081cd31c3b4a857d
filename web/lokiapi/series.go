package lokiapi

import (
	"fmt"
	"maps"
	"net/http"
	"slices"

	"tripod/store"
)

const (
	maxMatchers   = 32
	maxScan       = 100_000 // newest records looked at per selector
	maxSeries     = 5000
	maxValueNames = 5000
)

// series answers with the label sets of the records that some match[] selects.
func (a *API) series(w http.ResponseWriter, r *http.Request) {
	found, err := a.findSeries(w, r)
	if err != nil {
		writeError(w, err)
		return
	}
	data := make([]map[string]string, 0, len(found))
	for _, key := range slices.Sorted(maps.Keys(found)) {
		data = append(data, asMap(found[key]))
	}
	writeData(w, data)
}

func (a *API) findSeries(w http.ResponseWriter, r *http.Request) (map[string]store.LogLabels, error) {
	if err := form(w, r); err != nil {
		return nil, err
	}
	rng, err := a.timeRange(r)
	if err != nil {
		return nil, err
	}
	match := slices.Concat(r.Form["match[]"], r.Form["match"])
	if len(match) > maxMatchers {
		return nil, fmt.Errorf("more than %d selectors: %w", maxMatchers, store.ErrTooLarge)
	}
	if len(match) == 0 {
		match = []string{"{}"}
	}
	found := map[string]store.LogLabels{}
	for _, sel := range match {
		err := a.scanSets(r, sel, rng, func(key string, set store.LogLabels) bool {
			found[key] = set
			return len(found) < maxSeries
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// scanSets calls each with the distinct label sets of what a selector finds,
// until it says no.
func (a *API) scanSets(r *http.Request, sel string, rng store.TimeRange, each func(key string, set store.LogLabels) bool) error {
	q := store.LogQuery{Text: sel, Syntax: store.LogQL, Range: rng, Limit: maxScan}
	seen := map[string]bool{}
	for labels, err := range a.doors.Query.Streams(r.Context(), q) {
		if err != nil {
			if err = noted(err); err != nil {
				return err
			}
			continue
		}
		key := labelsKey(labels)
		if seen[key] {
			continue
		}
		if seen[key] = true; !each(key, labels) {
			return nil
		}
	}
	return nil
}

// scanLabels lists the label names, or the values of one, of what a selector
// finds.
func (a *API) scanLabels(r *http.Request, sel string, rng store.TimeRange, name string) ([]string, error) {
	found := map[string]bool{}
	err := a.scanSets(r, sel, rng, func(_ string, set store.LogLabels) bool {
		for _, l := range set {
			if name == "" {
				found[l.Name] = true
			} else if name == l.Name {
				found[l.Value] = true
			}
		}
		return len(found) < maxValueNames
	})
	return slices.Sorted(maps.Keys(found)), err
}
