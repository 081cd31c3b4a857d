package ui

import (
	"net/url"
	"strings"
)

// Page is what the shell needs to know of a screen.
type Page struct {
	Title    string  // of the window
	Screen   string  // key of the navigation entry: overview, logs, graph, traces, services, alerts, dashboards, planner, status
	Crumbs   []Crumb // first the screen; the last ones name what is open
	Flush    bool    // a working screen: no outer padding, panes divided by lines
	Self     string  // path and query of this very view
	Carry    Carry   // what links to other screens take along
	Time     *TimePick
	Scope    *ScopeMenu
	Firing   int    // alerts firing, for the badge
	Health   string // of the appliance: "", "warn" or "err"
	Healthy  string // the same in words: "healthy"
	Refresh  int    // seconds between refreshes, 0 for none
	Problems []string
	Assets   Assets
}

// Assets are the URLs of what a page links to.
type Assets struct {
	Styles  []string
	Scripts []string
}

// Crumb is one step of the path to what is shown.
type Crumb struct {
	Text string
	Href string // empty for the last
	Mono bool   // an identifier
}

// Carry is the part of the URL that follows from screen to screen.
type Carry struct {
	From, To string // as the URL has them; empty means the default
	Refresh  string
	Services []string
}

// Values are the carried parameters.
func (c Carry) Values() url.Values {
	v := url.Values{}
	set := func(k, s string) {
		if s != "" {
			v.Set(k, s)
		}
	}
	set("from", c.From)
	set("to", c.To)
	set("refresh", c.Refresh)
	for _, s := range c.Services {
		v.Add("service", s)
	}
	return v
}

// Href is a link to a screen that takes the carried parameters along; pairs
// are names and values, which replace carried ones of that name. An empty
// value removes the name.
func (c Carry) Href(path string, pairs ...string) string {
	v := c.Values()
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Del(pairs[i])
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			v.Add(pairs[i], pairs[i+1])
		}
	}
	return join(path, v)
}

// In is the carry limited to one service.
func (c Carry) In(service string) Carry {
	c.Services = []string{service}
	return c
}

// Between is the carry with another time range.
func (c Carry) Between(from, to string) Carry {
	c.From, c.To = from, to
	return c
}

func join(path string, v url.Values) string {
	if len(v) == 0 {
		return path
	}
	sep := "?"
	if strings.Contains(path, "?") {
		sep = "&"
	}
	return path + sep + v.Encode()
}

// Param is one name and value of a URL.
type Param struct{ Name, Value string }

// TimePick is the one time control.
type TimePick struct {
	From, To  string // as the URL has them: now-1h, now
	Label     string // Last 1 hour
	Abs       string // 13:32 – 14:32
	Zone      string // UTC
	FromMS    int64  // Unix ms, for the islands
	ToMS      int64
	FromInput string // 2026-03-12 13:32:00
	ToInput   string // the same, or now
	Earlier   string // links
	Later     string
	ZoomOut   string
	Every     string // 10 s, or empty when refresh is off
	Live      *Live  // nil where nothing comes by itself
	Presets   []Choice
	Refreshes []Choice
	Action    string  // path of the form
	Keep      []Param // what the form sends along
}

// Live begins or ends the live view of a screen.
type Live struct {
	Href string
	On   bool
}

// Choice is one option of a list.
type Choice struct {
	Text, Value, Href string
	On                bool
}

// ScopeMenu chooses the services that every screen is limited to.
type ScopeMenu struct {
	Services []ScopeService
	All      string // link that removes the limit
	Action   string
	Keep     []Param
}

// ScopeService is one service of the menu.
type ScopeService struct {
	Name string
	Slot int
	Href string // only this one
	On   bool
}

// Chosen is what the closed menu says.
func (m *ScopeMenu) Chosen() string {
	n, name := 0, ""
	for _, s := range m.Services {
		if s.On {
			n++
			name = s.Name
		}
	}
	switch n {
	case 0:
		return "all services"
	case 1:
		return name
	}
	return itoa(n) + " services"
}
