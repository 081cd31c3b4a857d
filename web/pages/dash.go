package pages

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"tripod/dashboard"
	"tripod/dashboard/selfmade"
	"tripod/store"
	"tripod/ui"
	"tripod/ui/screens"
)

// Labels says what labels series have.
type Labels interface {
	LabelNames(ctx context.Context, from, to time.Time) ([]string, error)
	LabelValues(ctx context.Context, name string, from, to time.Time) ([]string, error)
}

// TraceNumbers answers TraceQL that counts and measures.
type TraceNumbers interface {
	SpanMetrics(ctx context.Context, q store.SpanMetricQuery) (store.SpanMetrics, error)
}

// Dashboards gives the dashboards that people made.
type Dashboards interface {
	List(ctx context.Context) ([]dashboard.Entry, error)
	Get(ctx context.Context, id string, version int) (*dashboard.Kept, error) // the newest version when 0
	Editions(ctx context.Context, id string) ([]dashboard.Edition, error)     // newest first
}

const (
	dashAtOnce  = 4                      // panels that are asked at a time
	dashPatient = 800 * time.Millisecond // a page waits so long for its panels; later ones load by themselves
	dashTime    = 20 * time.Second       // for one panel
	dashRefresh = 15 * time.Second       // unless the address or the dashboard says otherwise
	dashNames   = 2 * time.Second        // for what metrics there are
	dashRecent  = time.Hour              // a metric that is silent for longer makes no dashboard
)

func (p *Pages) dashboards(mux *http.ServeMux) {
	p.get(mux, "GET /dashboards", p.dashListPage)
	p.get(mux, "GET /dashboards/names", p.dashNames)
	p.get(mux, "GET /dashboards/{id}", p.dashPage)
	p.get(mux, "GET /dashboards/{id}/panels/{key}", p.dashPanel)
}

// dashFound is a dashboard with where it comes from.
type dashFound struct {
	id   string
	own  *dashboard.Kept // nil when it made itself
	dash *dashboard.Dashboard
	old  bool // an old version was asked for
}

// dashOf finds the dashboard of an address.
func (p *Pages) dashOf(ctx context.Context, r *http.Request) (*dashFound, error) {
	id := r.PathValue("id")
	if strings.HasPrefix(id, selfmade.Prefix) {
		for _, m := range p.selfmade(ctx) {
			if m.ID == id {
				return &dashFound{id: id, dash: &m.Dashboard}, nil
			}
		}
		return nil, fmt.Errorf("there is no dashboard %.80q, or what it would show has not been received: %w", id, store.ErrNotFound)
	}
	if p.o.Dashboards == nil {
		return nil, errNoDoor
	}
	version := 0
	if text := r.URL.Query().Get("version"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return nil, dashWrong("version is no number from 1 on")
		}
		version = n
	}
	kept, err := p.o.Dashboards.Get(ctx, id, version)
	if err != nil {
		return nil, dashFault(err)
	}
	return &dashFound{id: id, own: kept, dash: &kept.Dashboard, old: version > 0}, nil
}

// selfmade are the dashboards of what there is.
func (p *Pages) selfmade(ctx context.Context) []selfmade.Made {
	have := selfmade.Have{Metrics: map[string]bool{}}
	if p.o.Services != nil {
		have.Services = p.o.Services(ctx)
	}
	if p.o.Labels != nil {
		ctx, cancel := context.WithTimeout(ctx, dashNames)
		defer cancel()
		now := p.o.Now()
		names, err := p.o.Labels.LabelValues(ctx, "__name__", now.Add(-dashRecent), now)
		if err != nil {
			p.o.Log.Warn("dashboards: names of metrics", "err", err)
		}
		for _, n := range names {
			have.Metrics[n] = true
		}
	}
	return selfmade.All(have)
}

func (p *Pages) dashPage(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	found, err := p.dashOf(ctx, r)
	if err != nil {
		return err
	}
	v := p.dashView(ctx, r, found)
	m := v.screen()
	p.dashDesk(ctx, v, &m)
	m.Rows = v.rows(p.dashPanels(ctx, v))
	pg := p.page(ctx, v.st, "dashboards", found.dash.Title, "plot.css", "dashboard.css", "dashboard.js")
	pg.Crumbs = []ui.Crumb{{Text: "Dashboards", Href: v.st.Carry().Href("/dashboards")}, {Text: found.dash.Title}}
	return p.show(w, r, pg, screens.DashboardPage(m))
}

// dashPanels asks all panels, a few at a time. One that takes longer than a
// page may wait comes back as one that has yet to load.
func (p *Pages) dashPanels(ctx context.Context, v *dashView) map[string]screens.DashBody {
	ctx, cancel := context.WithTimeout(ctx, dashPatient)
	defer cancel()
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		out  = map[string]screens.DashBody{}
		gate = make(chan struct{}, dashAtOnce)
	)
	for _, row := range v.spread {
		if row.Closed && row.Title != "" {
			continue
		}
		for i := range row.Scoped {
			one := &row.Scoped[i]
			wg.Go(func() {
				select {
				case gate <- struct{}{}:
					defer func() { <-gate }()
				case <-ctx.Done():
					return
				}
				body := p.dashBody(ctx, v, one)
				if ctx.Err() != nil {
					return // it may only have been too slow for the page
				}
				mu.Lock()
				defer mu.Unlock()
				out[one.Key] = body
			})
		}
	}
	wg.Wait()
	return out
}

// dashPanel is one panel alone, for those that load by themselves.
func (p *Pages) dashPanel(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), dashTime)
	defer cancel()
	found, err := p.dashOf(ctx, r)
	if err != nil {
		return err
	}
	v := p.dashView(ctx, r, found)
	for _, row := range v.spread {
		for i := range row.Scoped {
			if one := &row.Scoped[i]; one.Key == r.PathValue("key") {
				body := p.dashBody(ctx, v, one)
				return p.fragment(w, r, http.StatusOK, screens.DashPanelBox(v.panel(one, &body)))
			}
		}
	}
	return store.ErrNotFound
}
