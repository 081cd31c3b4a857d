package pages

import "net/http"

// Status asks how the appliance does.
type Status interface{}

func (p *Pages) status(mux *http.ServeMux) {}
