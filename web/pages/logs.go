package pages

import (
	"context"
	"iter"
	"net/http"
	"time"

	"tripod/store"
)

// Logs asks for log records.
type Logs interface {
	Search(ctx context.Context, q store.LogQuery) iter.Seq2[store.Record, error]
	Volume(ctx context.Context, q store.LogQuery, step time.Duration) ([]store.LogBucket, error)
	Facets(ctx context.Context, q store.LogQuery, top int) ([]store.Facet, error)
}

func (p *Pages) logs(mux *http.ServeMux) {}
