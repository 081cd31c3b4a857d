package pages

import "net/http"

// Metrics asks for series.
type Metrics interface{}

func (p *Pages) graph(mux *http.ServeMux) {}
