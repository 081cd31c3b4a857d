package pages

import (
	"context"

	"tripod/store"
)

// LogWords knows with which words a query can go on.
type LogWords interface {
	Values(ctx context.Context, q store.FacetQuery) (store.Facet, error)
	LabelNames(ctx context.Context, r store.TimeRange) ([]string, error)
	LabelValues(ctx context.Context, name string, r store.TimeRange) ([]string, error)
}
