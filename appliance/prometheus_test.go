package appliance

import (
	"strings"
	"testing"
	"time"
)

func TestShownConfigHidesSecrets(t *testing.T) {
	const in = `global:
  scrape_interval: 15s
scrape_configs:
- job_name: tripod
  static_configs:
  - targets: ["127.0.0.1:7333"]
- job_name: theirs
  scheme: https
  proxy_url: http://me:hunter2@proxy.example.com:3128/x@y
  basic_auth: {username: me, password: hunter2}
  authorization: {type: Bearer, credentials: hunter2}
  bearer_token: hunter2
  headers: ["X-Key: hunter2"]
  oauth2: {client_id: id, client_secret: hunter2, client_secret_file: /etc/secret}
  tls_config: {key_file: /etc/key.pem}
  ec2_sd_configs: [{access_key: hunter2, secret_key: hunter2, region: eu}]
  static_configs:
  - targets: [a:1]
    labels: {team: web}
`
	got := shownConfig([]byte(in))
	if strings.Contains(got, "hunter2") {
		t.Errorf("a secret is shown in\n%s", got)
	}
	for _, want := range []string{"job_name: theirs", "username: me", "client_id: id", "/etc/secret", "/etc/key.pem", "region: eu", "team: web",
		"http://me:<secret>@proxy.example.com:3128/x@y", "scrape_interval: 15s", "127.0.0.1:7333"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not shown in\n%s", want, got)
		}
	}
}

func TestShownFlags(t *testing.T) {
	o, err := Load(Sources{Flags: map[string]string{"slack-webhook": "https://hooks.example.com/hunter2", "retention-metrics": "7d"}, Env: []string{"TRIPOD_CORS_ORIGIN=https://.*"}})
	if err != nil {
		t.Fatal(err)
	}
	got := o.shownFlags()
	for name, want := range map[string]string{"slack-webhook": "<secret>", "retention-metrics": "7d", "retention-logs": "30d", "cors-origin": "https://.*", "listen": defaultListen} {
		if got[name] != want {
			t.Errorf("%s is shown as %q, want %q", name, got[name], want)
		}
	}
	if _, ok := got["fault"]; ok {
		t.Error("a setting of the demo is shown")
	}
}

func TestOriginsThatMayRead(t *testing.T) {
	o := Options{CORSOrigin: `https://.*\.example\.com`}
	may := o.mayRead()
	for origin, want := range map[string]bool{"https://a.example.com": true, "https://a.example.com.evil.org": false, "http://a.example.com": false, "": false} {
		if may(origin) != want {
			t.Errorf("%q: %v, want %v", origin, !want, want)
		}
	}
	if (&Options{}).mayRead() != nil {
		t.Error("without the setting pages may read")
	}
	o.CORSOrigin = "("
	if err := o.validate(); err == nil || !strings.Contains(err.Error(), "cors-origin") {
		t.Error(err)
	}
}

func TestShownRetention(t *testing.T) {
	for d, want := range map[time.Duration]string{90 * 24 * time.Hour: "90d", 36 * time.Hour: "36h0m0s"} {
		if got := shownRetention(d); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
