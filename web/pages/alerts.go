package pages

import "net/http"

// Alerts asks for rules and their state.
type Alerts interface{}

func (p *Pages) alerts(mux *http.ServeMux) {}
