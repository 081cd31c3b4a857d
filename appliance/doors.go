package appliance

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"

	"tripod/store/logs/logql"
	"tripod/web"
	"tripod/web/esapi"
	"tripod/web/jaegerapi"
	"tripod/web/jsonline"
	"tripod/web/logsapi"
	"tripod/web/lokiapi"
	"tripod/web/otlp"
	"tripod/web/pages"
	"tripod/web/planweb"
	"tripod/web/tempoapi"
	"tripod/web/zipkinapi"
)

// openDoors is where every door meets its engine: the rooms under web get
// what they ask for, and the main mux gets them.
func (a *Appliance) openDoors() error {
	m := &a.meters
	a.otlpGRPC = otlp.New(otlp.Doors{
		Logs: meteredLogs{a.logs, &m.otlpGRPC}, Traces: meteredSpans{a.traces, &m.otlpGRPC}, Metrics: meteredMetrics{a.metrics, &m.otlpGRPC},
	}, otlp.Options{Rejected: m.otlpGRPC.refuse})
	a.otlpHTTP = otlp.New(otlp.Doors{
		Logs: meteredLogs{a.logs, &m.otlpHTTP}, Traces: meteredSpans{a.traces, &m.otlpHTTP}, Metrics: meteredMetrics{a.metrics, &m.otlpHTTP},
	}, otlp.Options{Rejected: m.otlpHTTP.refuse, Origins: a.o.OTLPOrigins})

	mux := http.NewServeMux()
	a.otlpHTTP.Register(mux)
	logQL := logql.New(a.logs)
	lokiapi.New(lokiapi.Doors{Logs: meteredLogs{a.logs, &m.loki}, Query: logQL, Labels: a.logs, Patterns: a.logs}, lokiapi.Options{Rejected: m.loki.refuseLogs}).Register(mux)
	queries := logsapi.New(logsapi.Doors{Records: a.logs, Entries: logQL, Numbers: logQL}, logsapi.Options{Log: a.log})
	queries.Register(mux)
	a.life.onRun(servers, "log queries", queries.Run)
	jsonline.New(jsonline.Doors{Logs: meteredLogs{a.logs, &m.jsonLines}}, jsonline.Options{Rejected: m.jsonLines.refuseLogs}).Register(mux)
	bulk := esapi.New(esapi.Doors{Logs: meteredLogs{a.logs, &m.bulk}}, esapi.Options{Rejected: m.bulk.refuseLogs})
	bulk.Register(mux)
	zipkinapi.New(zipkinapi.Doors{Traces: meteredSpans{a.traces, &m.zipkin}}, zipkinapi.Options{Rejected: m.zipkin.refuseSpans}).Register(mux)
	jaegerapi.New(jaegerapi.Doors{Services: a.traces, Operations: a.traces, Traces: a.traces, Dependencies: a.traces, OTLP: otlp.MarshalTracesJSON}, jaegerapi.Options{}).Register(mux)
	tempo := tempoapi.New(tempoapi.Doors{Traces: a.traces, Metrics: a.traces, Tags: a.traces, Encode: tempoapi.Encode{Proto: otlp.MarshalTraces, JSON: otlp.MarshalTracesJSON}}, tempoapi.Options{})
	tempo.Register(mux)
	a.openPrometheus(mux)

	screens, err := pages.New(pages.Options{
		Logs: a.logs, Patterns: a.logs, Compare: a.logs, Words: a.logs, LogQL: logql.New(a.logs), LogStream: a.logs, LogTail: a.logs, Traces: a.traces, Latencies: a.traces, TraceFiles: traceFiles{}, TraceQL: a.traces, Graph: a.traces, Thinned: a.traces.Thinned, Metrics: a.metrics, Alerts: a.alertDoors(), Active: activeAlerts{a.rules}, Changes: a.changes, Status: a, Labels: a.metrics, Cardinality: a.metrics, TraceNumbers: a.traces, Dashboards: a.catalog, Saved: a.catalog, DashboardDesk: a.catalog,
		Services: a.services, Slots: a.state.Slot, Firing: a.rules.Firing, Health: a.Health, Oldest: a.oldest, Scrape: a.o.ScrapeInterval, Log: a.log,
	})
	if err != nil {
		return fmt.Errorf("screens: %w", err)
	}
	screens.Register(mux)
	a.life.onRun(servers, "live tails", screens.Run)
	a.planner.SetPages(planweb.New(planweb.NewRemote(a.planner.Client()), planweb.Options{Assets: screens.Assets, Headers: screens.Headers, Guest: a.o.Demo, Log: a.log}))

	mux.Handle("GET /metrics", a.expo)
	mux.Handle("GET /planner/metrics", &exposition{parts: a.expo.parts, only: []string{"planner"}})
	mux.Handle("/planner/", a.toPlanner())
	mux.HandleFunc("GET /planner", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/planner/", http.StatusMovedPermanently)
	})
	mux.HandleFunc("GET /ready", a.answerReady) // Loki's name for it
	mux.HandleFunc("POST /-/reload", a.answerReload)

	guarded, err := a.guard(a.seen.middleware(bulk.Before(tempo.Before(mux))), a.o.Listen, a.main.Addr().String())
	if err != nil {
		return err
	}
	a.life.onRun(servers, "HTTP", serveHTTP(a.main, guarded))

	collector := http.NewServeMux()
	a.otlpHTTP.Register(collector)
	a.collector, err = a.guard(collector, a.o.OTLPHTTP, a.doors[2].Addr)
	return err
}

// guard keeps pages of other sites out of a listener.
func (a *Appliance) guard(next http.Handler, asked, bound string) (http.Handler, error) {
	o := web.GuardOptions{Hosts: append(ownHosts(asked, bound), a.o.Hosts...), Allow: a.fromPage}
	for _, h := range a.o.Hosts {
		// a proxy may hand on another Host than the one in the browser's address
		o.Origins = append(o.Origins, "http://"+h, "https://"+h)
	}
	return web.Guard(next, o)
}

// ownHosts are the names under which the listener was asked for; one that
// listens on every address answers to the machine's name and addresses too.
func ownHosts(asked, bound string) []string {
	hosts := []string{hostOf(asked)}
	if loopback(bound) {
		return hosts
	}
	if name, err := os.Hostname(); err == nil {
		hosts = append(hosts, name)
	}
	if addrs, err := net.InterfaceAddrs(); err == nil {
		for _, addr := range addrs {
			if ip, ok := addr.(*net.IPNet); ok {
				hosts = append(hosts, ip.IP.String())
			}
		}
	}
	return hosts
}

// toPlanner hands requests to planner-web over its loopback socket.
func (a *Appliance) toPlanner() http.Handler {
	to := &url.URL{Scheme: "http", Host: a.planner.WebAddr()}
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.Host = r.In.Host         // so that the planner's own origin check sees what the browser sees
			if loopback(r.In.RemoteAddr) { // a proxy on this machine knows better than we do
				r.Out.Header["X-Forwarded-For"] = r.In.Header["X-Forwarded-For"]
			}
			proto := r.In.Header.Get("X-Forwarded-Proto")
			r.SetXForwarded()
			if loopback(r.In.RemoteAddr) && proto == "https" {
				r.Out.Header.Set("X-Forwarded-Proto", proto)
			}
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if r.Context().Err() == nil {
				a.log.Warn("planner-web did not answer", "err", err)
			}
			http.Error(w, "the planner does not answer", http.StatusBadGateway)
		},
	}
}

func (a *Appliance) readyNow() error {
	if !a.ready.Load() {
		return errors.New("not ready")
	}
	return nil
}

func (a *Appliance) answerReady(w http.ResponseWriter, _ *http.Request) {
	if err := a.readyNow(); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ready")
}

func (a *Appliance) answerReload(w http.ResponseWriter, _ *http.Request) {
	if err := a.Reload(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}
