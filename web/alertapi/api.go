package alertapi

import (
	"net/http"

	"tripod/alerting"
	"tripod/web"
)

// Rules gives the rules and their state at this moment, ordered by file and
// name of the group.
type Rules interface {
	Groups() []alerting.Group
}

// API is the room's handlers.
type API struct{ rules Rules }

// New makes the API on its one door.
func New(rules Rules) *API { return &API{rules} }

// Register puts the handlers under Prometheus's own paths. Each answers OPTIONS
// too, which browsers ask before a page of another origin may.
func (a *API) Register(mux web.Routes) {
	for path, h := range map[string]http.HandlerFunc{"/api/v1/rules": a.listRules, "/api/v1/alerts": a.listAlerts} {
		mux.Handle("GET "+path, h)
		mux.Handle("OPTIONS "+path, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	}
}

func (a *API) listRules(w http.ResponseWriter, r *http.Request) {
	f, err := parseFilter(r)
	if err != nil {
		refuse(w, err)
		return
	}
	data, err := f.discover(a.rules.Groups())
	if err != nil {
		refuse(w, err)
		return
	}
	answer(w, data)
}

func (a *API) listAlerts(w http.ResponseWriter, _ *http.Request) {
	data := alertDiscovery{Alerts: []alert{}}
	for _, g := range a.rules.Groups() {
		for _, rule := range g.Rules {
			data.Alerts = append(data.Alerts, alertsOf(rule)...)
		}
	}
	answer(w, data)
}

type envelope struct {
	Status    string `json:"status"`
	Data      any    `json:"data,omitempty"`
	ErrorType string `json:"errorType,omitempty"`
	Error     string `json:"error,omitempty"`
}

func answer(w http.ResponseWriter, data any) {
	web.JSON(w, http.StatusOK, envelope{Status: "success", Data: data})
}

// refuse is for what is wrong with the request; nothing else can go wrong here.
func refuse(w http.ResponseWriter, err error) {
	web.JSON(w, http.StatusBadRequest, envelope{Status: "error", ErrorType: "bad_data", Error: err.Error()})
}
