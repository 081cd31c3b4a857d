package appliance

import (
	"net/http"
	"net/netip"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"tripod/store"
)

// exposition answers /metrics: everything, or the parts named by collect[],
// as node_exporter does it.
type exposition struct {
	parts map[string]prometheus.Gatherer
	only  []string // parts of this page; nil means that the request chooses
}

func (e *exposition) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	names := e.only
	if names == nil {
		names = r.URL.Query()["collect[]"]
	}
	var chosen prometheus.Gatherers
	for _, name := range []string{"tripod", "planner"} {
		if len(names) == 0 || slices.Contains(names, name) {
			chosen = append(chosen, e.parts[name])
		}
	}
	promhttp.HandlerFor(chosen, promhttp.HandlerOpts{
		EnableOpenMetrics: true, EnableOpenMetricsTextCreatedSamples: false, DisableCompression: fromHere(r.RemoteAddr),
	}).ServeHTTP(w, r)
}

// fromHere says that an address is of this machine, where to compress costs
// more than to copy.
func fromHere(addr string) bool {
	from, err := netip.ParseAddrPort(addr)
	return err == nil && from.Addr().Unmap().IsLoopback()
}

// engineUsage tells a pillar's Usage as metrics at the time of the scrape.
type engineUsage struct {
	pillars map[string]func() store.Usage
	bytes   *prometheus.Desc
	items   *prometheus.Desc
	taken   *prometheus.Desc
	refused *prometheus.Desc
}

func newEngineUsage(pillars map[string]func() store.Usage) *engineUsage {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, []string{"pillar"}, nil)
	}
	return &engineUsage{
		pillars: pillars,
		bytes:   desc("tripod_store_bytes", "Bytes on disk, journal included."),
		items:   desc("tripod_store_items", "Records, spans or samples held."),
		taken:   desc("tripod_store_accepted_total", "Records, spans or samples accepted since start."),
		refused: desc("tripod_store_rejected_total", "Records, spans or samples refused since start."),
	}
}

func (u *engineUsage) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{u.bytes, u.items, u.taken, u.refused} {
		ch <- d
	}
}

func (u *engineUsage) Collect(ch chan<- prometheus.Metric) {
	for pillar, usage := range u.pillars {
		now := usage()
		ch <- prometheus.MustNewConstMetric(u.bytes, prometheus.GaugeValue, float64(now.Bytes), pillar)
		ch <- prometheus.MustNewConstMetric(u.items, prometheus.GaugeValue, float64(now.Items), pillar)
		ch <- prometheus.MustNewConstMetric(u.taken, prometheus.CounterValue, float64(now.Accepted), pillar)
		ch <- prometheus.MustNewConstMetric(u.refused, prometheus.CounterValue, float64(now.Rejected), pillar)
	}
}

// newRegistry holds what the appliance tells about itself.
func newRegistry(version string, usage *engineUsage, bridges ...prometheus.Collector) *prometheus.Registry {
	reg := prometheus.NewRegistry()
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "tripod_build_info", Help: "Always 1; the version is the label.",
		ConstLabels: prometheus.Labels{"version": version},
	})
	build.Set(1)
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), build, usage)
	reg.MustRegister(bridges...)
	return reg
}
