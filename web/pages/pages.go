// Package pages answers with the appliance's screens: it reads the URL, asks
// the doors, builds the view model and renders it.
//
// It must never know an engine; each screen's file declares the door it asks.
package pages

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"tripod/ui"
	"tripod/ui/assets"
	"tripod/web"
)

// Options are the doors behind the screens. A door that is nil makes its
// panels say that they cannot be shown; everything else goes on.
type Options struct {
	Logs        Logs
	Patterns    LogPatterns
	Compare     LogCompare
	Words       LogWords
	LogQL       LogQL
	LogStream   LogStream
	LogTail     LogTail
	Traces      Traces
	Latencies   Latencies
	TraceFiles  TraceFiles
	TraceQL     TraceQL
	Graph       Graph
	Metrics     Metrics
	Alerts      Alerts
	Active      Active  // alerts that are pending or firing, for the overview
	Changes     Changes // flags on charts
	Status      Status
	Cardinality Cardinality

	Labels        Labels
	TraceNumbers  TraceNumbers
	Dashboards    Dashboards
	Saved         SavedQueries
	DashboardDesk DashboardDesk // may be nil: then nothing can be changed

	// Thinned is the time up to which only some traces are kept, zero while all
	// are. May be nil.
	Thinned func() time.Time
	// Services are all service names, for the scope menu.
	Services func(ctx context.Context) []string
	// Slots is the colour slot of a service, 1 to 10; nil gives every service the same.
	Slots func(service string) int
	// Firing is the number of alerts that fire, for the badge.
	Firing func() int
	// Health of the appliance: "", "warn" or "err", and the same in words.
	Health func() (health, words string)

	// Oldest is the time of the oldest thing kept, zero when there is none. An
	// appliance that is minutes old shows these minutes and not an hour that
	// is almost empty. May be nil.
	Oldest func() time.Time

	// Scrape is the interval of scraping, from which $__rate follows; 15 s unless set.
	Scrape time.Duration

	Now func() time.Time // time.Now unless set
	Log *slog.Logger     // slog.Default unless set
}

// Pages are the handlers of all screens.
type Pages struct {
	o      Options
	assets *assets.Set
	policy string
	known  known
	values quietValues

	typicals typicals
	files    heldFiles
	opening  web.Gate // files that are read at a time

	tails   chan struct{} // live tails at work
	ending  chan struct{} // closed by Run
	endOnce sync.Once
}

// New prepares the assets; it fails only if those embedded cannot be read.
func New(o Options) (*Pages, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Scrape <= 0 {
		o.Scrape = 15 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Slots == nil {
		o.Slots = func(string) int { return 8 }
	}
	set, err := assets.New()
	if err != nil {
		return nil, err
	}
	return &Pages{o: o, assets: set, policy: Policy(), tails: make(chan struct{}, maxTails), ending: make(chan struct{}), opening: web.NewGate(1)}, nil
}

// Register adds every screen and /static/ to a mux.
func (p *Pages) Register(mux *http.ServeMux) {
	p.static(mux)
	p.overview(mux)
	p.logs(mux)
	p.metrics(mux)
	p.traces(mux)
	p.services(mux)
	p.alerts(mux)
	p.dashboards(mux)
	p.dashboardDesk(mux)
	p.status(mux)
	p.xray(mux)
}

// Policy is the Content-Security-Policy of every page: scripts and styles of
// our own only, the theme script by its hash, and style attributes, which
// charts need for their sizes.
func Policy() string {
	return strings.Join([]string{
		"default-src 'none'",
		"script-src 'self' " + ui.ThemeScriptSource(),
		"style-src 'self'",
		"style-src-attr 'unsafe-inline'",
		"img-src 'self' data:",
		"connect-src 'self'",
		"font-src 'self'",
		"form-action 'self'",
		"base-uri 'none'",
		"frame-ancestors 'none'",
	}, "; ")
}

// page is the shell around a screen: key names its navigation entry, title its
// crumb, and files the styles and scripts it needs beside the shared ones.
func (p *Pages) page(ctx context.Context, st State, key, title string, files ...string) ui.Page {
	pg := ui.Page{
		Title:    title,
		Screen:   key,
		Crumbs:   []ui.Crumb{{Text: title}},
		Self:     st.Self(),
		Carry:    st.Carry(),
		Time:     st.pick(),
		Scope:    p.scope(ctx, st),
		Refresh:  int(st.Refresh / time.Second),
		Problems: st.Problems,
		Assets:   p.Assets(files...),
	}
	if p.o.Firing != nil {
		pg.Firing = p.o.Firing()
	}
	if p.o.Health != nil {
		pg.Health, pg.Healthy = p.o.Health()
	}
	return pg
}

// Assets are the shared files and those named, as a page links to them.
func (p *Pages) Assets(files ...string) ui.Assets {
	styles, scripts := []string{"tokens.css", "shell.css"}, []string{"app.js"}
	for _, f := range files {
		if strings.HasSuffix(f, ".css") {
			styles = append(styles, f)
		} else {
			scripts = append(scripts, f)
		}
	}
	return ui.Assets{Styles: p.assets.URLs(styles...), Scripts: p.assets.URLs(scripts...)}
}

// service is a service's name with its colour and, unless path is empty, a
// link to a screen limited to it.
func (p *Pages) service(st State, name, path string) ui.Service {
	s := ui.Service{Name: name, Slot: p.o.Slots(name)}
	if path != "" {
		s.Href = st.Carry().In(name).Href(path)
	}
	return s
}

func (p *Pages) scope(ctx context.Context, st State) *ui.ScopeMenu {
	m := &ui.ScopeMenu{All: st.Without("service"), Action: st.Path, Keep: st.Hidden("service")}
	var names []string
	if p.o.Services != nil {
		names = p.o.Services(ctx)
	}
	for _, name := range withChosen(names, st.Services) {
		m.Services = append(m.Services, ui.ScopeService{
			Name: name,
			Slot: p.o.Slots(name),
			Href: st.With("service", name),
			On:   st.HasService(name),
		})
	}
	return m
}

// withChosen adds the chosen names that are not known (any more), so that what
// limits a screen can always be seen and taken away.
func withChosen(names, chosen []string) []string {
	known := map[string]bool{}
	for _, n := range names {
		known[n] = true
	}
	out := append([]string(nil), names...)
	for _, c := range chosen {
		if !known[c] {
			known[c] = true
			out = append(out, c)
		}
	}
	return out
}
