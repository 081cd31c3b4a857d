package alertapi

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"time"

	"tripod/alerting"
	"tripod/alerting/config"
	"tripod/web"
)

// Alerts are the alerts of the pipeline.
type Alerts interface {
	Alerts() []alerting.AlertStatus
	Groups() []alerting.AlertGroup
	// Send takes alerts; what changes is kept when it returns.
	Send(ctx context.Context, alerts ...alerting.Alert)
}

// Silences hold notifications back.
type Silences interface {
	Silences() []alerting.Silence
	SetSilence(s alerting.Silence) (id string, err error)
	ExpireSilence(id string) error
}

// Tester sends an alert through the real routes.
type Tester interface {
	Test(ctx context.Context, labels, annotations map[string]string) []alerting.TestResult
}

// Manager answers Alertmanager's API v2, whose forms are in its openapi.yaml.
type Manager struct {
	doors   ManagerDoors
	started time.Time
}

// ManagerDoors are what a Manager asks.
type ManagerDoors struct {
	Alerts   Alerts
	Silences Silences
	Tester   Tester
	Config   func() *config.Config
	Reload   func() error
	Version  string
}

// NewManager makes the API on its doors.
func NewManager(d ManagerDoors) *Manager { return &Manager{d, time.Now()} }

// Register puts the handlers where Alertmanager has them, and below
// /alertmanager for clients that know two servers at one address.
func (m *Manager) Register(mux *http.ServeMux) {
	for _, prefix := range [...]string{"", "/alertmanager"} {
		api := prefix + "/api/v2"
		mux.HandleFunc("GET "+api+"/status", m.status)
		mux.HandleFunc("GET "+api+"/receivers", m.receivers)
		mux.HandleFunc("GET "+api+"/alerts", m.listAlerts)
		mux.HandleFunc("POST "+api+"/alerts", m.postAlerts)
		mux.HandleFunc("GET "+api+"/alerts/groups", m.listGroups)
		mux.HandleFunc("GET "+api+"/silences", m.listSilences)
		mux.HandleFunc("POST "+api+"/silences", m.postSilence)
		mux.HandleFunc("GET "+api+"/silence/{id}", m.getSilence)
		mux.HandleFunc("DELETE "+api+"/silence/{id}", m.deleteSilence)
	}
	for _, name := range [...]string{"healthy", "ready"} {
		mux.HandleFunc("GET /alertmanager/-/"+name, func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("OK")) })
	}
	mux.HandleFunc("POST /alertmanager/-/reload", m.reload)
	mux.HandleFunc("POST /api/v1/alerts/test", m.test)
}

func (m *Manager) status(w http.ResponseWriter, _ *http.Request) {
	web.JSON(w, http.StatusOK, map[string]any{
		"cluster": map[string]any{"status": "disabled", "peers": []any{}},
		"versionInfo": map[string]string{
			"version": m.doors.Version, "revision": "", "branch": "", "buildUser": "", "buildDate": "", "goVersion": runtime.Version(),
		},
		"config": map[string]string{"original": m.doors.Config().Original},
		"uptime": m.started.UTC().Format(timeForm),
	})
}

func (m *Manager) receivers(w http.ResponseWriter, r *http.Request) {
	_, fits, err := config.Filter(r.URL.Query()["receiver_matchers"])
	if err != nil {
		sorry(w, err)
		return
	}
	out := []receiver{}
	for _, x := range m.doors.Config().Receivers {
		if labels := receiverLabels(x); fits(labels) {
			out = append(out, receiver{Name: x.Name, Labels: labels})
		}
	}
	web.JSON(w, http.StatusOK, out)
}

func receiverLabels(r config.Receiver) map[string]string {
	labels := map[string]string{"name": r.Name}
	for k, v := range r.Labels {
		labels[k] = v
	}
	return labels
}

func (m *Manager) reload(w http.ResponseWriter, _ *http.Request) {
	if err := m.doors.Reload(); err != nil {
		http.Error(w, "failed to reload config: "+err.Error(), http.StatusInternalServerError)
	}
}

// sorry answers with a text in JSON, as the API does.
func sorry(w http.ResponseWriter, err error) {
	status := web.Status(err)
	if errors.Is(err, alerting.ErrInvalid) {
		status = http.StatusBadRequest
	}
	web.JSON(w, status, err.Error())
}
