package grafana

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"tripod/dashboard"
)

// MaxBytes of a file.
const MaxBytes = 8 << 20

// importer translates one file.
type importer struct {
	out     dashboard.Dashboard
	ids     map[int]bool
	next    int
	panels  int
	sources map[string]string // type of a data source by its name, uid or variable
	said    map[string]bool
	panelOf map[int]node // panels by their ID, for those that show answers of others
	element string       // path of the panel of a new file that is read; empty in old files
}

// Is says whether a file looks like one of Grafana's.
func Is(data []byte) bool {
	var top map[string]json.RawMessage
	if json.Unmarshal(data, &top) != nil {
		return false
	}
	for _, name := range [...]string{"schemaVersion", "__inputs", "dashboard", "templating", "spec", "elements"} {
		if _, ok := top[name]; ok {
			return true
		}
	}
	var panels []struct {
		GridPos json.RawMessage `json:"gridPos"`
	}
	return json.Unmarshal(top["panels"], &panels) == nil && len(panels) > 0 && panels[0].GridPos != nil
}

// Import reads a file. What cannot be carried over is in Untranslated of the
// result; only a file that is no dashboard at all is an error.
func Import(data []byte) (*dashboard.Dashboard, error) {
	if len(data) > MaxBytes {
		return nil, fmt.Errorf("%w: %d bytes; at most %d are taken", dashboard.ErrInvalid, len(data), MaxBytes)
	}
	var top node
	if err := json.Unmarshal(data, &top); err != nil {
		return nil, fmt.Errorf("%w: %w", dashboard.ErrInvalid, err)
	}
	if in := top.sub("dashboard"); in != nil { // as the HTTP API gives it
		top = in
	}
	if spec := top.sub("spec"); spec != nil && (spec.has("panels") || spec.has("schemaVersion") || spec.has("elements")) {
		top = spec
	}
	im := &importer{ids: map[int]bool{}, sources: map[string]string{}, said: map[string]bool{}, panelOf: map[int]node{}}
	if top.sub("elements") != nil {
		im.second(top)
		return im.done()
	}
	if !top.has("panels") && !top.has("rows") && !top.has("schemaVersion") {
		return nil, fmt.Errorf("%w: this is no dashboard of Grafana: it has neither panels nor rows", dashboard.ErrInvalid)
	}
	im.head(top)
	im.variables(top)
	im.remember(top.nodes("panels"))
	for _, r := range top.nodes("rows") {
		im.remember(r.nodes("panels"))
	}
	im.rows(top)
	return im.done()
}

func (im *importer) done() (*dashboard.Dashboard, error) {
	if len(im.out.Rows) == 0 {
		im.out.Rows = []dashboard.Row{{Panels: []dashboard.Panel{}}}
	}
	im.out.Settle()
	if err := im.out.Validate(); err != nil {
		return nil, fmt.Errorf("the translated dashboard: %w", err)
	}
	return &im.out, nil
}

// lost notes something that could not be carried over; the same once.
func (im *importer) lost(path, what, why string) {
	u := dashboard.Untranslated{Path: cut(im.inFile(path), 200), What: cut(what, 200), Why: cut(why, 300)}
	key := u.Path + "\x00" + u.What
	if im.said[key] || len(im.out.Untranslated) >= dashboard.MaxList {
		return
	}
	im.said[key] = true
	im.out.Untranslated = append(im.out.Untranslated, u)
}

func (im *importer) head(top node) {
	d := &im.out
	d.Version = dashboard.FileVersion
	d.Title = cut(cmp.Or(strings.TrimSpace(top.str("title")), "Imported dashboard"), dashboard.MaxName)
	d.Description = cut(top.str("description"), dashboard.MaxText)
	for _, t := range top.strs("tags") {
		if len(d.Tags) < 20 {
			d.Tags = append(d.Tags, cut(t, 60))
		}
	}
	im.times(top)
	for _, in := range top.nodes("__inputs") {
		if name := in.str("name"); name != "" {
			im.sources[name] = in.str("pluginId")
			if in.str("type") == "constant" {
				im.constant(in)
			}
		}
	}
	for i, a := range top.nodes("annotations", "list") {
		if whole := a.at("builtIn"); whole == nil || textOf(whole) == "0" {
			im.lost("annotations.list["+strconv.Itoa(i)+"]", "annotation "+a.str("name"), "annotations come from what the appliance itself sees")
		}
	}
	for i, l := range top.nodes("links") {
		im.lost("links["+strconv.Itoa(i)+"]", "link "+cmp.Or(l.str("title"), l.str("url")), "dashboards have no links of their own")
	}
	if zone := top.str("timezone"); zone != "" && zone != "browser" && zone != "utc" {
		im.lost("timezone", zone, "times are shown in UTC")
	}
}

var moment = regexp.MustCompile(`^now(-\d+[smhdwy])?$`)

func (im *importer) times(top node) {
	d := &im.out
	from, to := top.str("time", "from"), top.str("time", "to")
	if moment.MatchString(from) && moment.MatchString(cmp.Or(to, "now")) {
		d.From, d.To = from, to
	} else if from != "" {
		im.lost("time", from+" to "+to, "a dashboard begins at a time before now, like now-6h")
	}
	if every := top.str("refresh"); every != "" && every != "false" && every != "auto" {
		if dur, err := time.ParseDuration(strings.Replace(every, "d", "h", 1)); err == nil && dur >= time.Second && dur <= 24*time.Hour && !strings.Contains(every, "d") {
			d.Refresh = every
		} else {
			im.lost("refresh", every, "is no duration from 1s to 24h")
		}
	}
}

func (im *importer) constant(in node) {
	name := in.str("name")
	if varName.MatchString(name) && len(im.out.Variables) < dashboard.MaxVariables && im.out.Variable(name) == nil {
		v := cut(in.str("value"), dashboard.MaxText)
		im.out.Variables = append(im.out.Variables, dashboard.Variable{Name: name, Kind: dashboard.VarConstant, Values: []dashboard.Option{{Value: v}}, Hidden: true})
	}
}

var varName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,200}$`)

// rows takes panels of new files, which lie in one list with rows between
// them, and of old ones, which lie in rows.
func (im *importer) rows(top node) {
	for i, r := range top.nodes("rows") {
		im.oldRow("rows["+strconv.Itoa(i)+"]", r)
	}
	current := -1 // the row that panels go into
	for i, p := range top.nodes("panels") {
		at := "panels[" + strconv.Itoa(i) + "]"
		if p.str("type") == "row" {
			current = im.row(at, p)
			continue
		}
		if current < 0 {
			current = im.addRow(dashboard.Row{})
		}
		if current >= 0 {
			im.add(current, at, p, placeOf(p))
		}
	}
}

func (im *importer) remember(panels []node) {
	for _, p := range panels {
		shorten(p)
		im.panelOf[p.whole("id")] = p
		for _, in := range p.nodes("panels") { // of a closed row
			shorten(in)
			im.panelOf[in.whole("id")] = in
		}
	}
}

// addRow gives the place of a new row; below 0 when there are too many.
func (im *importer) addRow(r dashboard.Row) int {
	if len(im.out.Rows) >= dashboard.MaxRows {
		im.lost("rows", "further rows", "a dashboard has at most "+strconv.Itoa(dashboard.MaxRows))
		return len(im.out.Rows) - 1
	}
	r.Panels = []dashboard.Panel{}
	im.out.Rows = append(im.out.Rows, r)
	return len(im.out.Rows) - 1
}

func (im *importer) row(at string, p node) int {
	r := dashboard.Row{Title: cut(cmp.Or(p.str("title"), "Row"), dashboard.MaxName), Closed: p.bool("collapsed"), Repeat: im.repeat(p)}
	no := im.addRow(r)
	for i, inner := range p.nodes("panels") {
		im.add(no, at+".panels["+strconv.Itoa(i)+"]", inner, placeOf(inner))
	}
	return no
}

func (im *importer) repeat(p node) string {
	if name := p.str("repeat"); varName.MatchString(name) {
		return name
	}
	return ""
}

// oldRow has panels side by side: each as wide as its span of twelve.
func (im *importer) oldRow(at string, r node) {
	row := dashboard.Row{Closed: r.bool("collapse"), Repeat: im.repeat(r)}
	if title := r.str("title"); title != "" && (r.bool("showTitle") || row.Closed || row.Repeat != "") {
		row.Title = cut(title, dashboard.MaxName)
	} else if row.Closed || row.Repeat != "" {
		row.Title = cut(cmp.Or(title, "Row"), dashboard.MaxName)
	}
	no := im.addRow(row)
	height, _ := numberOf(strings.TrimSuffix(cmp.Or(r.str("height"), "250px"), "px"))
	x, y := 0.0, 0
	h := min(max(int(height/38+0.5), 3), dashboard.MaxHeight)
	for i, p := range r.nodes("panels") {
		span, ok := p.num("span")
		if !ok || span <= 0 || span > 12 {
			span = 12
		}
		if x+span > 12.001 {
			x, y = 0, y+h
		}
		im.add(no, at+".panels["+strconv.Itoa(i)+"]", p, onGrid(x*2, span*2, y, h))
		x += span
	}
}

// placeOf is where a panel of a new file lies.
func placeOf(p node) dashboard.Place {
	g := p.sub("gridPos")
	x, _ := g.num("x")
	w, ok := g.num("w")
	if !ok || w <= 0 {
		w = 12
	}
	h := g.whole("h")
	if h <= 0 {
		h = 8
	}
	return onGrid(x, w, g.whole("y"), h)
}

// onGrid brings Grafana's 24 columns to ours; edges that met still meet.
func onGrid(x, w float64, y, h int) dashboard.Place {
	edge := func(c float64) int { return int(min(max(c, 0), 24)*dashboard.Columns/24 + 0.5) }
	p := dashboard.Place{X: edge(x), Y: min(max(y, 0), 1<<19), H: min(max(h, 1), dashboard.MaxHeight)}
	p.W = max(edge(x+w)-p.X, 1)
	if p.X+p.W > dashboard.Columns {
		p.X = dashboard.Columns - p.W
	}
	return p
}

// id is the panel's own when nobody has it yet.
func (im *importer) id(p node) int {
	if id := p.whole("id"); id > 0 && id < 1e6 && !im.ids[id] {
		im.ids[id] = true
		return id
	}
	for im.next++; im.ids[im.next]; im.next++ {
	}
	im.ids[im.next] = true
	return im.next
}
