package pages

import (
	"math"
	"net/url"
	"strconv"
	"strings"

	"tripod/dashboard/frames"
	"tripod/ui/screens"
)

// follow is where the panel's link leads for one row or cell; within the
// appliance it goes on with the time of the dashboard.
func (d *dashDraw) follow(value func(part string) (string, bool)) string {
	scope := d.v.scope(d.one, nil)
	to := scope.Follow(d.one.Link, value)
	if !strings.HasPrefix(to, "/") {
		return to
	}
	join := "?"
	if strings.Contains(to, "?") {
		join = "&"
	}
	return to + join + url.Values{"from": {d.v.st.From}, "to": {d.v.st.To}}.Encode()
}

// rowLink is where a row of a table leads; its parts are columns, by the names
// that are shown.
func (d *dashDraw) rowLink(f *frames.Frame, row int) string {
	if d.one.Link == "" {
		return ""
	}
	return d.follow(func(part string) (string, bool) {
		for i := range f.Fields {
			if fd := &f.Fields[i]; fd.Name == part || fd.Display() == part {
				return fd.String(row), true
			}
		}
		return "", false
	})
}

// heatLinks are where cells of a heat map lead: lower and upper are the ends of
// their bucket, and the time is that of the cell.
func (d *dashDraw) heatLinks(uppers []float64) *screens.HeatLinks {
	if d.one.Link == "" {
		return nil
	}
	out := &screens.HeatLinks{Step: d.a.step.Milliseconds()}
	for _, t := range d.a.times {
		out.Ends = append(out.Ends, int64(t))
	}
	lower, scope := math.Inf(-1), d.v.scope(d.one, nil)
	for _, upper := range uppers {
		bounds := map[string]float64{"lower": lower, "upper": upper}
		out.Rows = append(out.Rows, scope.Follow(d.one.Link, func(part string) (string, bool) {
			n, ok := bounds[part]
			if !ok || math.IsInf(n, 0) || math.IsNaN(n) {
				return "", false
			}
			return strconv.FormatFloat(n, 'f', -1, 64), true
		}))
		lower = upper
	}
	return out
}
