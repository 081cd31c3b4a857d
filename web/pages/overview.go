package pages

import "net/http"

// Active asks for the alerts that are pending or firing.
type Active interface{}

func (p *Pages) overview(mux *http.ServeMux) {}
