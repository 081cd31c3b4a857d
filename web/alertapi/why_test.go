package alertapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tripod/alerting"
)

// known answers with one silenced alert, and keeps what it was asked.
type known struct{ asked alerting.EpisodeQuery }

func (k *known) Episodes(_ context.Context, q alerting.EpisodeQuery) ([]alerting.Episode, error) {
	k.asked = q
	return []alerting.Episode{{
		Alert: "0123456789abcdef", Name: "Down", Labels: map[string]string{"alertname": "Down"}, Start: at, Steps: []alerting.Step{
			{Time: at, Kind: alerting.StepReceived, Detail: "3"},
			{Time: at.Add(time.Second), Kind: alerting.StepSilenced, Receiver: "chat", By: []string{"id1"}, Detail: "new disks (alice)"},
		},
	}}, nil
}

func TestWhy(t *testing.T) {
	for name, c := range map[string]struct {
		query  string
		status int
		want   string
		asked  alerting.EpisodeQuery
	}{
		"by name":        {"name=Down", 200, "", alerting.EpisodeQuery{Name: "Down"}},
		"by all":         {"name=Down&fingerprint=0123456789abcdef&limit=3&start=1700000000.5&end=2026-03-12T14:06:00Z", 200, "", alerting.EpisodeQuery{Name: "Down", Alert: "0123456789abcdef", From: time.Unix(1700000000, 5e8), To: time.Date(2026, 3, 12, 14, 6, 0, 0, time.UTC), Limit: 3}},
		"without a name": {"", 400, "want the name of a rule", alerting.EpisodeQuery{}},
		"bad limit":      {"name=x&limit=-1", 400, "want a number from 1", alerting.EpisodeQuery{}},
		"bad times":      {"name=x&start=soon&end=1e30", 400, `invalid parameter \"end\"`, alerting.EpisodeQuery{}},
	} {
		t.Run(name, func(t *testing.T) {
			k := &known{}
			mux := http.NewServeMux()
			NewWhy(k, nil).Register(mux)
			rec := httptest.NewRecorder()
			mux.ServeHTTP(rec, httptest.NewRequest("GET", "/api/v1/alerts/why?"+c.query, nil))
			if rec.Code != c.status || !strings.Contains(rec.Body.String(), c.want) {
				t.Fatalf("%d %s, want %d %q", rec.Code, rec.Body, c.status, c.want)
			}
			if !k.asked.From.Equal(c.asked.From) || !k.asked.To.Equal(c.asked.To) || k.asked.Name != c.asked.Name || k.asked.Alert != c.asked.Alert || k.asked.Limit != c.asked.Limit {
				t.Errorf("asked %+v, want %+v", k.asked, c.asked)
			}
			if c.status != 200 {
				return
			}
			var got struct{ Data []whyEpisode }
			if err := json.Unmarshal(rec.Body.Bytes(), &got); err != nil || len(got.Data) != 1 || len(got.Data[0].Steps) != 2 {
				t.Fatalf("%v: %s", err, rec.Body)
			}
			e := got.Data[0]
			if e.Outcome != alerting.OutcomeHeld || e.Sentence != "Nobody is told: silenced by new disks (alice) since 14:06:01." || e.End != nil {
				t.Errorf("episode %+v", e)
			}
			if s := fmt.Sprint(e.Steps[1].Text, e.Steps[1].By); s != "held back from chat: silenced by new disks (alice)[id1]" {
				t.Error(s)
			}
		})
	}
}
