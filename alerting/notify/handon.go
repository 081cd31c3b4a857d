package notify

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"tripod/alerting/config"
)

// alertmanager hands alerts on to a second Alertmanager, through its API v2.
type alertmanager struct {
	caller
	conf *config.Alertmanager
}

func newAlertmanager(c *config.Alertmanager) (*alertmanager, error) {
	client, err := httpClient(c.HTTPConfig)
	return &alertmanager{caller{client: client, url: c.URL, urlFile: c.URLFile, timeout: c.Timeout}, c}, err
}

type postedAlert struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL,omitempty"`
}

// Send makes one attempt. What fires is sent again with each repeat only, so
// it gets an end far off; that of a resolved alert is its own.
func (a *alertmanager) Send(ctx context.Context, n Notification) error {
	address, err := a.address()
	if err != nil {
		return err
	}
	alerts := make([]postedAlert, 0, len(n.Alerts))
	for _, x := range n.Alerts {
		end := x.EndsAt
		if !x.Resolved {
			end = n.At.Add(handedOnFor)
		}
		alerts = append(alerts, postedAlert{
			Labels: x.Labels, Annotations: n.annotations(&x), StartsAt: x.StartsAt, EndsAt: end, GeneratorURL: link(x.GeneratorURL),
		})
	}
	body, err := json.Marshal(alerts)
	if err != nil {
		return err
	}
	_, _, err = a.post(ctx, strings.TrimSuffix(address, "/")+"/api/v2/alerts", body)
	return err
}

// handedOnFor is longer than any repeat_interval in use.
const handedOnFor = 7 * 24 * time.Hour

// sortedNames are the keys of a map in order.
func sortedNames[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }
