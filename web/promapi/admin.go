package promapi

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/timestamp"
)

// deleteSeries reads all selectors before it deletes anything.
func (a *API) deleteSeries(r *http.Request) (answer, error) {
	if err := r.ParseForm(); err != nil {
		return answer{}, badData(fmt.Errorf("error parsing form values: %w", err))
	}
	if len(r.Form["match[]"]) == 0 {
		return answer{}, badData(errors.New("no match[] parameter provided"))
	}
	from, to, err := rangeParams(r)
	if err != nil {
		return answer{}, err
	}
	var sets [][]*labels.Matcher
	for _, s := range r.Form["match[]"] {
		ms, err := a.parser.ParseMetricSelector(s)
		if err != nil {
			return answer{}, badParam("match[]", err)
		}
		sets = append(sets, ms)
	}
	for _, ms := range sets {
		if err := a.d.Admin.Delete(r.Context(), timestamp.FromTime(from), timestamp.FromTime(to), ms...); err != nil {
			return answer{}, err
		}
	}
	return answer{}, nil
}

func (a *API) cleanTombstones(*http.Request) (answer, error) {
	return answer{}, a.d.Admin.CleanTombstones()
}

func (a *API) snapshot(r *http.Request) (answer, error) {
	skipHead := false
	if s := r.FormValue("skip_head"); s != "" {
		var err error
		if skipHead, err = strconv.ParseBool(s); err != nil {
			return answer{}, badParam("skip_head", fmt.Errorf("unable to parse boolean: %w", err))
		}
	}
	name, err := a.d.Admin.Snapshot(r.Context(), !skipHead)
	if err != nil {
		return answer{}, fmt.Errorf("create snapshot: %w", err)
	}
	return answer{data: value(map[string]string{"name": name})}, nil
}
