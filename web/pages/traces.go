package pages

import (
	"context"
	"net/http"
	"time"

	"tripod/store"
)

// Traces asks for traces.
type Traces interface {
	Trace(ctx context.Context, id store.TraceID) (store.Trace, error)
	Search(ctx context.Context, q store.TraceQuery) ([]store.TraceSummary, error)
	Services(ctx context.Context) ([]string, error)
	RED(ctx context.Context, r store.TimeRange, step time.Duration) ([]store.RED, error)
}

func (p *Pages) traces(mux *http.ServeMux) {
	p.get(mux, "GET /traces/{id}", p.tracePage)
}
