package pages

import (
	"net"
	"strings"

	"tripod/ui/screens"
)

// send fills the snippets with this appliance's addresses. The host is the one
// under which the reader reached it, since that is the one that works.
func send(a Appliance, host string) screens.Send {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	if strings.ContainsAny(name, " \t\r\n'\"`$\\;") || name == "" {
		name = "127.0.0.1" // a Host header is the sender's word; it must not become part of a command
	}
	at := func(addr, fallback string) string {
		_, port, err := net.SplitHostPort(addr)
		if err != nil {
			port = fallback
		}
		return "http://" + joinHost(name, port)
	}
	main := at(a.HTTP, "7333")
	if _, port, err := net.SplitHostPort(host); err == nil {
		main = at(net.JoinHostPort(name, port), "")
	}
	otlp := at(a.OTLPHTTP, "4318")
	if a.HTTP != "" && a.OTLPHTTP == "" {
		otlp = main // its own door is shut, and the main one takes the same
	}
	fill := strings.NewReplacer("{main}", main, "{grpc}", at(a.OTLPGRPC, "4317"), "{http}", otlp)
	s := screens.Send{Hint: "snippets are filled in with this appliance’s address"}
	for _, sn := range snippets {
		if a.HTTP != "" && sn.ID == "otel" && a.OTLPGRPC == "" {
			continue
		}
		sn.Code = fill.Replace(sn.Code)
		sn.Note = fill.Replace(sn.Note)
		s.Snippets = append(s.Snippets, sn)
	}
	return s
}

func joinHost(name, port string) string {
	return net.JoinHostPort(strings.Trim(name, "[]"), port)
}

var snippets = [...]screens.Snippet{
	{ID: "otel", Name: "OTel SDK, gRPC", Code: `# any OpenTelemetry SDK
export OTEL_EXPORTER_OTLP_ENDPOINT={grpc}
export OTEL_EXPORTER_OTLP_PROTOCOL=grpc
export OTEL_SERVICE_NAME=my-app
export OTEL_RESOURCE_ATTRIBUTES=service.version=1.0.0,deployment.environment.name=prod`},
	{ID: "otelhttp", Name: "OTel SDK, HTTP", Code: `# any OpenTelemetry SDK
export OTEL_EXPORTER_OTLP_ENDPOINT={http}
export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf
export OTEL_SERVICE_NAME=my-app`, Note: "{main} takes the same."},
	{ID: "pino", Name: "Pino", Code: `import pino from 'pino'

const log = pino(pino.transport({
  target: 'pino-loki',
  options: { host: '{main}', batching: { interval: 1 }, labels: { service_name: 'my-app' } }
}))
log.info({ reqId: 'r-1' }, 'hello')`, Note: "JSON lines become fields; level, time, reqId and trace_id are understood as Pino writes them."},
	{ID: "promclient", Name: "prom-client", Code: `# tripod.yaml, read again with: kill -HUP, or POST {main}/-/reload
scrape_configs:
  - job_name: my-app
    scrape_interval: 15s
    static_configs:
      - targets: ['127.0.0.1:3000']`, Note: "The application serves /metrics with prom-client’s register.metrics()."},
	{ID: "remotewrite", Name: "Prometheus", Code: `# prometheus.yml
remote_write:
  - url: {main}/api/v1/write`},
	{ID: "promtail", Name: "promtail", Code: `clients:
  - url: {main}/loki/api/v1/push
scrape_configs:
  - job_name: my-app
    static_configs:
      - targets: [localhost]
        labels: { service_name: my-app, __path__: "logs/*.log" }`},
	{ID: "loki", Name: "curl", Code: `curl {main}/loki/api/v1/push -H 'Content-Type: application/json' -d "{
  \"streams\": [{ \"stream\": { \"service_name\": \"my-app\" },
    \"values\": [[ \"$(date +%s%N)\", \"hello\" ]] }]
}"`},
}
