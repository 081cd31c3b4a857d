package pages

import "net/http"

func (p *Pages) xray(mux *http.ServeMux) {}
