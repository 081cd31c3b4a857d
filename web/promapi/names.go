package promapi

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/timestamp"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"

	"tripod/web"
)

func (a *API) labelNames(r *http.Request) (answer, error) {
	return a.strings(r, func(ctx context.Context, q storage.Querier, h *storage.LabelHints, ms []*labels.Matcher) ([]string, annotations.Annotations, error) {
		return q.LabelNames(ctx, h, ms...)
	})
}

func (a *API) labelValues(r *http.Request) (answer, error) {
	name := r.PathValue("name")
	if strings.HasPrefix(name, "U__") {
		name = model.UnescapeName(name, model.ValueEncodingEscaping)
	}
	if !model.UTF8Validation.IsValidLabelName(name) {
		return answer{}, badData(fmt.Errorf("invalid label name: %q", name))
	}
	return a.strings(r, func(ctx context.Context, q storage.Querier, h *storage.LabelHints, ms []*labels.Matcher) ([]string, annotations.Annotations, error) {
		return q.LabelValues(ctx, name, h, ms...)
	})
}

type asker func(context.Context, storage.Querier, *storage.LabelHints, []*labels.Matcher) ([]string, annotations.Annotations, error)

// strings asks once for each selector and gives what any of them found, sorted.
func (a *API) strings(r *http.Request, ask asker) (answer, error) {
	limit, err := limitParam(r)
	if err != nil {
		return answer{}, err
	}
	from, to, err := rangeParams(r)
	if err != nil {
		return answer{}, err
	}
	sets, err := a.matchers(r)
	if err != nil {
		return answer{}, badData(err)
	}
	q, err := a.d.Samples.Querier(timestamp.FromTime(from), timestamp.FromTime(to))
	if err != nil {
		return answer{}, executing(err)
	}
	defer q.Close()
	if len(sets) == 0 {
		sets = [][]*labels.Matcher{nil}
	}
	found := map[string]struct{}{}
	var warnings annotations.Annotations
	for _, ms := range sets {
		list, w, err := ask(r.Context(), q, &storage.LabelHints{Limit: oneMore(limit)}, ms)
		if err != nil {
			return answer{}, executing(err)
		}
		warnings.Merge(w)
		for _, s := range list {
			found[strings.Clone(s)] = struct{}{} // the block may be unmapped after Close
		}
	}
	out := slices.Sorted(maps.Keys(found))
	if limit > 0 && len(out) > limit {
		out = out[:limit]
		warnings = warnings.Add(errTruncated)
	}
	return answer{data: func(b []byte) []byte { return appendList(b, out, web.AppendString) }, warnings: warnings}, nil
}

func (a *API) series(r *http.Request) (answer, error) {
	if err := r.ParseForm(); err != nil {
		return answer{}, badData(fmt.Errorf("error parsing form values: %w", err))
	}
	if len(r.Form["match[]"]) == 0 {
		return answer{}, badData(errors.New("no match[] parameter provided"))
	}
	limit, err := limitParam(r)
	if err != nil {
		return answer{}, err
	}
	from, to, err := rangeParams(r)
	if err != nil {
		return answer{}, err
	}
	sets, err := a.matchers(r)
	if err != nil {
		return answer{}, badParam("match[]", err)
	}
	mint, maxt := timestamp.FromTime(from), timestamp.FromTime(to)
	q, err := a.d.Samples.Querier(mint, maxt)
	if err != nil {
		return answer{}, executing(err)
	}
	hints := &storage.SelectHints{Start: mint, End: maxt, Func: "series", Limit: oneMore(limit)}
	return listSeries(r.Context(), q, sets, hints, limit)
}

// listSeries closes q when the answer was written: labels point into blocks.
func listSeries(ctx context.Context, q storage.Querier, sets [][]*labels.Matcher, hints *storage.SelectHints, limit int) (answer, error) {
	ans := answer{done: func() { q.Close() }}
	var found []storage.SeriesSet
	for _, ms := range sets {
		found = append(found, q.Select(ctx, len(sets) > 1, hints, ms...)) // merging needs them sorted
	}
	set := found[0]
	if len(found) > 1 {
		set = storage.NewMergeSeriesSet(found, 0, storage.ChainedSeriesMerge)
	}
	var out []labels.Labels
	for set.Next() {
		if limit > 0 && len(out) == limit {
			ans.warnings = ans.warnings.Add(errTruncated)
			break
		}
		if len(out)%128 == 127 && ctx.Err() != nil {
			return ans, executing(ctx.Err())
		}
		out = append(out, set.At().Labels())
	}
	if err := set.Err(); err != nil {
		return ans, executing(err)
	}
	ans.warnings.Merge(set.Warnings())
	ans.data = func(b []byte) []byte { return appendList(b, out, appendLabels) }
	return ans, nil
}
