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
		data = append(data, found[key].asMap())
	}
	writeData(w, data)
}

func (a *API) findSeries(w http.ResponseWriter, r *http.Request) (map[string]labelSet, error) {
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
	found := map[string]labelSet{}
	for _, sel := range match {
		err := a.scanSets(r, sel, rng, func(key string, set labelSet) bool {
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
func (a *API) scanSets(r *http.Request, sel string, rng store.TimeRange, each func(key string, set labelSet) bool) error {
	q := store.LogQuery{Text: sel, Syntax: store.LogQL, Range: rng, Limit: maxScan}
	if sel == "{}" {
		q.Text, q.Syntax = "", store.SearchLine // all there is
	}
	seen := newSetCache()
	for rec, err := range a.doors.Search.Search(r.Context(), q) {
		if err != nil {
			return err
		}
		if key, set, fresh := seen.of(&rec); fresh && !each(key, set) {
			return nil
		}
	}
	return nil
}

// scanLabels lists the label names, or the values of one, of what a selector
// finds.
func (a *API) scanLabels(r *http.Request, sel string, rng store.TimeRange, name string) ([]string, error) {
	found := map[string]bool{}
	err := a.scanSets(r, sel, rng, func(_ string, set labelSet) bool {
		for _, l := range set {
			if name == "" {
				found[l.name] = true
			} else if name == l.name {
				found[l.value] = true
			}
		}
		return len(found) < maxValueNames
	})
	return slices.Sorted(maps.Keys(found)), err
}
