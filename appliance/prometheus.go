package appliance

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/prometheus/prometheus/template"
	"github.com/prometheus/prometheus/util/features"
	"gopkg.in/yaml.v3"

	"tripod/store/metrics/scrape"
	"tripod/web"
	"tripod/web/alertapi"
	"tripod/web/promapi"
	"tripod/web/promread"
	"tripod/web/promwrite"
)

// openPrometheus hangs up all that speaks to Prometheus's clients.
func (a *Appliance) openPrometheus(mux *http.ServeMux) {
	a.tellAbilities()
	readable := web.Around(mux, web.Readable(a.o.mayRead()))
	promapi.New(promapi.Doors{
		Engine: a.metrics, Samples: a.metrics, Families: a.metrics, Scraper: allTargets{a.scrape, a.hostTargets}, Insight: a.metrics, Admin: a.metrics, Process: a.process, Ready: a.readyNow,
		Notices: a.notices, Features: a.abilities, Own: a.registry,
	}, promapi.Options{Parser: a.metrics.Parser()}).Register(readable)
	alertapi.New(a.rules).Register(readable)
	alertapi.NewWhy(a.chronicle, a.evidence).Register(readable)
	alertapi.NewEvidence(a.evidence).Register(readable)
	alertapi.NewManager(alertapi.ManagerDoors{Alerts: a.notify, Silences: a.notify, Tester: a.notify, Config: a.notify.Config, Reload: a.Reload, Version: a.o.Version}).Register(mux)
	alertapi.NewBacktests(a, a.metrics.Parser(), nil).Register(mux)
	alertapi.NewOwnRules(a.catalog, a.desk).Register(mux)
	promread.New(a.metrics, promread.Options{Parser: a.metrics.Parser()}).Register(mux)
	promwrite.New(promwrite.Doors{Sink: a.metrics, Families: a.metrics}, promwrite.Options{Took: a.meters.write.took}).Register(mux)
}

// maxFollowers bounds who follows notices at a time; it is Prometheus's own.
const maxFollowers = 16

// tellAbilities says, in Prometheus's words, what no engine says of itself.
func (a *Appliance) tellAbilities() {
	promapi.TellFeatures(a.abilities)
	template.RegisterFeatures(a.abilities)
	for _, name := range [...]string{"remote_write_receiver", "otlp_write_receiver"} {
		a.abilities.Enable(features.API, name)
	}
	a.abilities.Enable(features.OTLPReceiver, "delta_conversion")
	a.abilities.Enable(features.Prometheus, "server_mode")
	a.abilities.Disable(features.Prometheus, "agent_mode")
	for _, kind := range scrape.Kinds() {
		a.abilities.Enable(features.ServiceDiscoveryProviders, kind)
	}
}

// fromPage says whether a page of another origin may post a request.
func (a *Appliance) fromPage(r *http.Request) bool {
	may := a.o.mayRead()
	return a.otlpHTTP.FromPage(r) || may != nil && promapi.Reads(r) && may(r.Header.Get("Origin"))
}

// mayRead is nil when pages of no other origin may read the Prometheus API.
func (o *Options) mayRead() func(origin string) bool {
	re, err := compileOrigins(o.CORSOrigin)
	if err != nil || re == nil { // a fault was found by validate
		return nil
	}
	return re.MatchString
}

func compileOrigins(expr string) (*regexp.Regexp, error) {
	if expr == "" {
		return nil, nil
	}
	return regexp.Compile("^(?:" + expr + ")$")
}

// process is what the status pages of the Prometheus API tell.
func (a *Appliance) process() promapi.Process {
	a.reloading.Lock()
	defer a.reloading.Unlock()
	read := a.readConfigTime()
	if read.IsZero() {
		read = a.started
	}
	return promapi.Process{
		Started: a.started, ConfigRead: read, ConfigBad: a.configBad, Retention: shownRetention(a.o.RetentionMetrics),
		Config: shownConfig(a.scrapeConfig(a.scraping)), Flags: a.o.shownFlags(),
		Managers: []string{a.URL() + "/alertmanager/api/v2/alerts"}, // our own
	}
}

func shownRetention(d time.Duration) string {
	if days := d / (24 * time.Hour); d == days*24*time.Hour {
		return strings.Replace(days.String(), "ns", "d", 1)
	}
	return d.String()
}

const hidden = "<secret>" // as Prometheus shows one

// secretName fits the names of settings and of keys of scrape_configs whose
// values nobody is to see; a path to a file with one is none.
var secretName = regexp.MustCompile(`(?i)(password|secret|token|credentials|webhook|api_?key|access_key|secret_key|private_key|authorization|cookie|passphrase|license_key|routing-key)$`)

// shownFlags are all settings: as they were given, or their defaults.
func (o *Options) shownFlags() map[string]string {
	out := map[string]string{}
	for _, s := range Settings() {
		if s.Demo && !o.Demo {
			continue
		}
		v, ok := o.given[s.Name]
		switch {
		case !ok:
			v = s.Default
		case secretName.MatchString(s.Name) && v != "":
			v = hidden
		}
		out[s.Name] = withoutPassword(v)
	}
	out["config"] = o.Config // which is looked for where it was not told
	return out
}

// shownConfig is a configuration of scraping without its secrets.
func shownConfig(config []byte) string {
	var doc yaml.Node
	if err := yaml.Unmarshal(config, &doc); err != nil {
		return "" // it was read before
	}
	hide(&doc, false)
	var b strings.Builder
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(&doc); err != nil {
		return ""
	}
	return b.String()
}

// hide walks a document; secret is said of all below a key.
func hide(n *yaml.Node, secret bool) {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i].Value
			// the values of headers are as often secret as not
			hide(n.Content[i+1], secret || key == "headers" || key == "proxy_connect_header" || secretName.MatchString(key))
		}
	case yaml.ScalarNode:
		if secret && n.Value != "" {
			n.SetString(hidden)
			return
		}
		n.Value = withoutPassword(n.Value)
	default:
		for _, in := range n.Content {
			hide(in, secret)
		}
	}
}

// withoutPassword hides that of a URL.
func withoutPassword(s string) string {
	if !strings.Contains(s, "@") {
		return s
	}
	u, err := url.Parse(s)
	if err != nil || u.User == nil {
		return s
	}
	if _, has := u.User.Password(); !has {
		return s
	}
	before, rest, _ := strings.Cut(s, "://")
	return before + "://" + u.User.Username() + ":" + hidden + rest[strings.LastIndex(rest[:hostEnd(rest)], "@"):]
}

// hostEnd is where a URL's path begins.
func hostEnd(rest string) int {
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		return i
	}
	return len(rest)
}
