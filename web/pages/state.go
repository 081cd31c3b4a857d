package pages

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"tripod/store"
	"tripod/ui"
	"tripod/ui/chart"
)

// Bounds on what an address may ask for.
const (
	maxServices = 50
	maxValue    = 8 << 10 // bytes of one parameter
)

// defaultFrom is where a screen without a time range begins.
const defaultFrom = "now-1h"

// defaults are the ranges of an appliance that keeps less than an hour.
var defaults = [...]struct {
	younger time.Duration
	from    string
}{{4 * time.Minute, "now-5m"}, {12 * time.Minute, "now-15m"}}

// State is the address of a view: where, when and what.
type State struct {
	Path     string
	From, To string          // as the address has them, or the defaults
	Range    store.TimeRange // the same in Unix ns, at Now
	Kept     time.Duration   // of the range, from when on there is anything: what rates are over
	Brush    store.TimeRange // a part of the range that other screens go on with; zero for none
	Now      time.Time
	Refresh  time.Duration // 0 for none
	Services []string
	Query    string // the first q
	Queries  []string
	View     string
	Sel      string
	Sort     string
	Cols     []string
	Values   url.Values // everything, bounded
	Problems []string   // what of the address could not be used
}

// state reads an address. It always gives a usable state: what cannot be used
// is replaced by the default and named in Problems.
func (p *Pages) state(r *http.Request) State {
	v := r.URL.Query()
	st := State{Path: r.URL.Path, Now: p.o.Now().UTC(), Values: v}
	for name, all := range v {
		if slices.ContainsFunc(all, func(s string) bool { return len(s) > maxValue }) {
			v.Del(name)
			st.Problems = append(st.Problems, name+" is longer than 8 KB and was left out.")
		}
	}
	st.readTime(cmp.Or(v.Get("from"), p.defaultFrom(st.Now, v.Get("to"))), v.Get("to"))
	st.Kept = p.keptOf(st.Range)
	st.readRefresh(v.Get("refresh"))
	for _, s := range v["service"] {
		if s != "" && len(st.Services) < maxServices && !st.HasService(s) {
			st.Services = append(st.Services, s)
		}
	}
	st.Query, st.Queries = v.Get("q"), v["q"]
	st.View, st.Sel, st.Sort = v.Get("view"), v.Get("sel"), v.Get("sort")
	st.Cols = v["cols"]
	return st
}

// keptOf is how much of a range lies behind the oldest thing that is kept.
func (p *Pages) keptOf(r store.TimeRange) time.Duration {
	from := r.From
	if p.o.Oldest != nil {
		if oldest := p.o.Oldest(); !oldest.IsZero() {
			from = min(max(from, oldest.UnixNano()), r.To)
		}
	}
	return time.Duration(r.To - from)
}

// defaultFrom is the last hour, or less while less than that is kept.
func (p *Pages) defaultFrom(now time.Time, to string) string {
	if p.o.Oldest == nil || to != "" && to != "now" {
		return defaultFrom
	}
	oldest := p.o.Oldest()
	for _, d := range defaults {
		if !oldest.IsZero() && now.Sub(oldest) < d.younger {
			return d.from
		}
	}
	return defaultFrom
}

func (st *State) readTime(from, to string) {
	if to == "" {
		to = "now"
	}
	f, errFrom := ParseTime(from, st.Now)
	t, errTo := ParseTime(to, st.Now)
	switch {
	case errFrom != nil || errTo != nil:
		st.Problems = append(st.Problems, "The time range could not be read: "+firstOf(errFrom, errTo).Error()+". This is the last hour.")
	case !f.Before(t):
		st.Problems = append(st.Problems, "The time range ends before it begins. This is the last hour.")
	default:
		st.From, st.To, st.Range = from, to, store.Between(f, t)
		return
	}
	st.From, st.To = defaultFrom, "now"
	st.Range = store.Between(st.Now.Add(-time.Hour), st.Now)
}

// readRefresh takes seconds or a duration; less than 1 s means none.
func (st *State) readRefresh(s string) {
	if s == "" || s == "off" {
		return
	}
	d, err := time.ParseDuration(s)
	if n, e := strconv.Atoi(s); e == nil {
		d, err = time.Duration(n)*time.Second, nil
	}
	if err != nil || d < 0 || d > 24*time.Hour {
		st.Problems = append(st.Problems, "The refresh interval could not be read.")
		return
	}
	if d >= time.Second {
		st.Refresh = d
	}
}

// refreshDefault sets the interval of a screen that refreshes by itself.
func (st *State) refreshDefault(d time.Duration) {
	if st.Values.Get("refresh") == "" {
		st.Refresh = d
	}
}

// Width is the length of the time range.
func (st *State) Width() time.Duration { return time.Duration(st.Range.To - st.Range.From) }

// Step is a round step that cuts the range into at most n parts.
func (st *State) Step(n int) time.Duration { return chart.Step(st.Width(), n) }

// Moving says that the range follows the clock.
func (st *State) Moving() bool { return relative(st.To) }

// HasService says whether the scope names a service.
func (st *State) HasService(name string) bool { return slices.Contains(st.Services, name) }

// Carry is what links to other screens take along; defaults are left out.
func (st *State) Carry() ui.Carry {
	c := ui.Carry{From: st.Values.Get("from"), To: st.Values.Get("to"), Refresh: st.Values.Get("refresh"), Services: st.Services}
	if len(st.Problems) > 0 {
		c.From, c.To = "", ""
	}
	if st.Brush.To > 0 {
		c.From, c.To = msText(st.Brush.From), msText(st.Brush.To)
	}
	return c
}

// Self is the address of this view.
func (st *State) Self() string { return address(st.Path, st.Values) }

// at is another address with what this view's says.
func (st *State) at(path string) string { return address(path, st.Values) }

// With is this view's address with names set to values, given in pairs; an
// empty value removes a name.
func (st *State) With(pairs ...string) string {
	v := clone(st.Values)
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Del(pairs[i])
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			v.Add(pairs[i], pairs[i+1])
		}
	}
	return address(st.Path, v)
}

// Without is this view's address without some names.
func (st *State) Without(names ...string) string {
	v := clone(st.Values)
	for _, n := range names {
		v.Del(n)
	}
	return address(st.Path, v)
}

// Hidden is this view's address as fields of a GET form, without the names
// that the form has itself.
func (st *State) Hidden(except ...string) []ui.Param {
	names := make([]string, 0, len(st.Values))
	for n := range st.Values {
		if !slices.Contains(except, n) {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	var out []ui.Param
	for _, n := range names {
		for _, s := range st.Values[n] {
			out = append(out, ui.Param{Name: n, Value: s})
		}
	}
	return out
}

func address(path string, v url.Values) string {
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

func clone(v url.Values) url.Values {
	out := make(url.Values, len(v))
	for k, s := range v {
		out[k] = slices.Clone(s)
	}
	return out
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
