package appliance

import (
	"errors"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

func TestAlertMeters(t *testing.T) {
	m := newAlertMeters()
	e := m.events()
	e.Attempt("team", time.Second, nil)
	e.Attempt("team", time.Second, errors.New("down"))
	e.Refused()
	m.evidence(time.Second, 2)
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(m)
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		got[f.GetName()] = f.GetMetric()[0].GetCounter().GetValue() + float64(f.GetMetric()[0].GetHistogram().GetSampleCount())
	}
	for name, want := range map[string]float64{
		"alertmanager_notification_requests_total": 2, "alertmanager_notification_requests_failed_total": 1,
		"alertmanager_notification_latency_seconds": 2, "tripod_alerts_refused_total": 1,
		"tripod_alert_evidence_seconds": 1, "tripod_alert_evidence_missing_total": 2,
	} {
		if got[name] != want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
}
