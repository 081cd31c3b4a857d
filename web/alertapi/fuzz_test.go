package alertapi

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tripod/alerting/config"
	"tripod/alerting/notify"
)

// FuzzManager posts anything as alerts and as silences. What is refused is a
// fault of the request; what is taken can be read back, with what every alert
// and silence must have.
func FuzzManager(f *testing.F) {
	f.Add(`[{"labels":{"alertname":"A"},"annotations":{"x":"y"},"startsAt":"2000-01-01T00:00:00Z"}]`)
	f.Add(`{"comment":"c","createdBy":"me","endsAt":"2100-01-01T01:00:00.000Z","matchers":[{"isEqual":true,"isRegex":true,"name":"alertname","value":"Di.*"}],"startsAt":"2000-01-01T00:00:00.000Z"}`)
	f.Add(`[{"labels":{"a":""}},{"labels":null},null]`)
	f.Add(`{"matchers":[{}],"startsAt":"","endsAt":null}`)
	f.Add(`[`)
	cfg, err := config.Parse([]byte(managed), config.Source{File: "am.yml"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body string) {
		p, err := notify.Open(notify.Options{Dir: t.TempDir(), Config: cfg, Sender: func(string, string) notify.Sender { return taker{} }})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		mux := http.NewServeMux()
		NewManager(ManagerDoors{Alerts: p, Silences: p, Tester: p, Config: p.Config}).Register(mux)
		ask := func(method, path, body string) (int, string) {
			w := httptest.NewRecorder()
			mux.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
			return w.Code, w.Body.String()
		}
		for _, path := range []string{"/api/v2/alerts", "/api/v2/silences"} {
			if code, said := ask("POST", path, body); code != 200 && code != 400 && code != 404 {
				t.Errorf("%s answers %d %s", path, code, said)
			}
		}
		var alerts []managedAlert
		var silences []silenceForm
		for path, into := range map[string]any{"/api/v2/alerts": &alerts, "/api/v2/silences": &silences} {
			if code, said := ask("GET", path, ""); code != 200 || json.Unmarshal([]byte(said), into) != nil {
				t.Errorf("%s answers %d %s", path, code, said)
			}
		}
		for _, a := range alerts {
			if len(a.Labels) == 0 || a.Fingerprint == "" || len(a.Receivers) == 0 || a.Status.State == "" {
				t.Errorf("an alert lacks something: %+v", a)
			}
		}
		for _, s := range silences {
			if len(s.Matchers) == 0 || s.ID == "" || s.Status == nil {
				t.Errorf("a silence lacks something: %+v", s)
			}
		}
	})
}
