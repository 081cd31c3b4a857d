package grafana

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"tripod/dashboard"
)

// A file of the second schema (apiVersion dashboard.grafana.app/v2…) has its
// panels by name in elements, and where they lie in layout. What they say is
// that of the first one in other places: it is put where the first has it, and
// read from there.

// second reads such a file.
func (im *importer) second(top node) {
	times := top.sub("timeSettings")
	im.head(node{
		"title": top.at("title"), "description": top.at("description"), "tags": top.at("tags"), "links": top.at("links"),
		"time":    map[string]any{"from": times.at("from"), "to": times.at("to")},
		"refresh": times.at("autoRefresh"), "timezone": times.at("timezone"),
	})
	for i, a := range top.nodes("annotations") {
		if s := a.sub("spec"); !s.bool("builtIn") {
			im.lost("annotations["+strconv.Itoa(i)+"]", "annotation "+s.str("name"), "annotations come from what the appliance itself sees")
		}
	}
	variables := top.nodes("variables")
	for _, v := range variables {
		if v.str("kind") == "DatasourceVariable" {
			im.sources[v.str("spec", "name")] = v.str("spec", "pluginId")
		}
	}
	for i, v := range variables {
		im.addVariable("variables["+strconv.Itoa(i)+"]", variableOf(v))
	}
	for _, e := range top.sub("elements") {
		if e, ok := e.(map[string]any); ok {
			p := panelOf(e)
			shorten(p)
			im.panelOf[p.whole("id")] = p
		}
	}
	l := &layout{im: im, elements: top.sub("elements"), placed: map[string]bool{}}
	l.within("layout", top.sub("layout"), "", 0)
	for _, name := range slices.Sorted(maps.Keys(l.elements)) {
		if !l.placed[name] {
			im.lost("elements."+name, "the panel "+strconv.Quote(cut(l.elements.str(name, "spec", "title"), 100)), "the layout does not show it")
		}
	}
}

// variableKinds are the types of the first schema.
var variableKinds = map[string]string{
	"QueryVariable": "query", "CustomVariable": "custom", "IntervalVariable": "interval", "DatasourceVariable": "datasource",
	"ConstantVariable": "constant", "TextVariable": "textbox", "AdhocVariable": "adhoc", "GroupByVariable": "groupby", "SwitchVariable": "switch",
}

var sortOrders = map[string]float64{
	"alphabeticalAsc": 1, "alphabeticalDesc": 2, "numericalAsc": 3, "numericalDesc": 4, "alphabeticalCaseInsensitiveAsc": 5, "alphabeticalCaseInsensitiveDesc": 6, "naturalAsc": 7, "naturalDesc": 8,
}

// variableOf is a variable as the first schema writes it.
func variableOf(v node) node {
	out := maps.Clone(v.sub("spec"))
	if out == nil {
		out = node{}
	}
	kind := v.str("kind")
	out["type"] = cmp.Or(variableKinds[kind], kind)
	if out.str("hide") == "hideVariable" {
		out["hide"] = 2.0
	}
	if n, ok := sortOrders[out.str("sort")]; ok {
		out["sort"] = n
	}
	switch out["type"] {
	case "datasource":
		out["query"] = out.at("pluginId")
	case "query":
		q := out.sub("query")
		out["datasource"] = source(q, out)
		if text := q.str("spec", "query"); text != "" {
			out["query"] = text
		} else if spec := q.sub("spec"); spec != nil {
			out["query"] = map[string]any(spec)
		}
	}
	return out
}

// source is the data source of a query, with its type; a query names it by
// group and name, in early files it stands beside the query, whose kind is the
// type.
func source(query, beside node) any {
	typ := cmp.Or(query.str("group"), beside.str("datasource", "type"))
	if kind := query.str("kind"); typ == "" && kind != "DataQuery" {
		typ = kind
	}
	uid := cmp.Or(query.str("datasource", "name"), beside.str("datasource", "uid"))
	return map[string]any{"type": typ, "uid": uid}
}

// inFile is where something of a panel stands in the file.
func (im *importer) inFile(path string) string {
	rest, ok := strings.CutPrefix(path, im.element)
	if im.element == "" || !ok {
		return path
	}
	for from, to := range map[string]string{
		".targets": ".spec.data.spec.queries", ".transformations": ".spec.data.spec.transformations", ".fieldConfig": ".spec.vizConfig.spec.fieldConfig",
		".options": ".spec.vizConfig.spec.options", ".links": ".spec.links", ".timeFrom": ".spec.data.spec.queryOptions.timeFrom", ".timeShift": ".spec.data.spec.queryOptions.timeShift",
	} {
		if in, ok := strings.CutPrefix(rest, from); ok {
			return im.element + to + in
		}
	}
	return path
}

// panelOf is an element as the first schema writes a panel.
func panelOf(e node) node {
	s := e.sub("spec")
	out := node{"id": s.at("id"), "title": s.at("title"), "description": s.at("description"), "links": s.at("links")}
	if e.str("kind") == "LibraryPanel" {
		out["libraryPanel"] = s.at("libraryPanel")
		return out
	}
	viz := s.sub("vizConfig")
	out["type"] = viz.str("group")
	if kind := viz.str("kind"); kind != "VizConfig" {
		out["type"] = kind
	}
	out["options"], out["fieldConfig"] = viz.at("spec", "options"), viz.at("spec", "fieldConfig")
	data := s.sub("data", "spec")
	for _, name := range [...]string{"interval", "timeFrom", "timeShift"} {
		out[name] = data.at("queryOptions", name)
	}
	var targets, steps []any
	for _, q := range data.nodes("queries") {
		spec := q.sub("spec")
		t := maps.Clone(spec.sub("query", "spec"))
		if t == nil {
			t = node{}
		}
		t["refId"], t["hide"], t["datasource"] = spec.at("refId"), spec.at("hidden"), source(spec.sub("query"), spec)
		targets = append(targets, map[string]any(t))
	}
	for _, step := range data.nodes("transformations") {
		t := maps.Clone(step.sub("spec"))
		if t == nil {
			t = node{}
		}
		t["id"] = cmp.Or(t.str("id"), step.str("group"), step.str("kind"))
		steps = append(steps, map[string]any(t))
	}
	out["targets"], out["transformations"] = targets, steps
	return out
}

// layout walks where panels lie.
type layout struct {
	im       *importer
	elements node
	placed   map[string]bool
}

// maxNested is how deep layouts may lie in each other: tabs, rows and a grid
// are three.
const maxNested = 8

// within reads a layout; title is that of the row or tab around it, whose
// panels go into one row of ours.
func (l *layout) within(at string, n node, title string, depth int) {
	if depth > maxNested {
		l.im.lost(at, "a layout in a layout", "at most "+strconv.Itoa(maxNested)+" are read")
		return
	}
	spec := n.sub("spec")
	switch kind := n.str("kind"); kind {
	case "GridLayout":
		l.grid(at+".spec.items", spec.nodes("items"), dashboard.Row{Title: title})
	case "AutoGridLayout":
		l.auto(at+".spec.items", spec, dashboard.Row{Title: title})
	case "RowsLayout":
		for i, r := range spec.nodes("rows") {
			l.part(at+".spec.rows["+strconv.Itoa(i)+"]", r.sub("spec"), title, depth)
		}
	case "TabsLayout":
		l.im.lost(at, "tabs", "a dashboard is one page: each tab is a row")
		for i, t := range spec.nodes("tabs") {
			l.part(at+".spec.tabs["+strconv.Itoa(i)+"]", t.sub("spec"), title, depth)
		}
	default:
		l.im.lost(at, "a layout of the kind "+strconv.Quote(cut(kind, 60)), "it is not known here")
	}
}

// part is a row or a tab.
func (l *layout) part(at string, s node, above string, depth int) {
	title := cmp.Or(s.str("title"), "Row")
	if s.bool("hideHeader") {
		title = ""
	}
	if above != "" {
		title = strings.TrimSuffix(above+": "+title, ": ")
	}
	if s.has("conditionalRendering") {
		l.im.lost(at+".spec.conditionalRendering", "a row that shows only sometimes", "it shows always")
	}
	before := len(l.im.out.Rows)
	l.within(at+".spec.layout", s.sub("layout"), cut(title, dashboard.MaxName), depth+1)
	for i := before; i < len(l.im.out.Rows); i++ {
		r := &l.im.out.Rows[i]
		r.Closed = r.Closed || s.bool("collapse")
		r.Repeat = cmp.Or(r.Repeat, repeated(s))
		if r.Title == "" && (r.Closed || r.Repeat != "") {
			r.Title = "Row"
		}
	}
}

// repeated is the variable for each of whose values something is shown.
func repeated(s node) string {
	if name := s.str("repeat", "value"); varName.MatchString(name) {
		return name
	}
	return ""
}

// grid has panels with places, in early files rows among them.
func (l *layout) grid(at string, items []node, row dashboard.Row) {
	no := -1
	for i, item := range items {
		at, s := at+"["+strconv.Itoa(i)+"]", item.sub("spec")
		if item.str("kind") == "GridLayoutRow" {
			r := dashboard.Row{Title: cut(cmp.Or(s.str("title"), "Row"), dashboard.MaxName), Closed: s.bool("collapsed"), Repeat: repeated(s)}
			l.grid(at+".spec.elements", s.nodes("elements"), r)
			no, row = -1, dashboard.Row{}
			continue
		}
		if no < 0 {
			no = l.im.addRow(row)
		}
		x, _ := s.num("x")
		w, ok := s.num("width")
		if !ok || w <= 0 {
			w = 12
		}
		l.panel(no, at, s, onGrid(x, w, s.whole("y"), max(s.whole("height"), 1)))
	}
	if len(items) == 0 && row.Title != "" {
		l.im.addRow(row)
	}
}

// auto has panels side by side, as many as there is room for.
func (l *layout) auto(at string, spec node, row dashboard.Row) {
	columns := spec.whole("maxColumnCount")
	if columns <= 0 || columns > 10 {
		columns = 3
	}
	h := map[string]int{"short": 5, "tall": 13}[spec.str("rowHeightMode")]
	h = cmp.Or(h, 8)
	no := l.im.addRow(row)
	w := 24 / float64(columns)
	for i, item := range spec.nodes("items") {
		l.panel(no, at+"["+strconv.Itoa(i)+"]", item.sub("spec"), onGrid(float64(i%columns)*w, w, i/columns*h, h))
	}
}

// panel puts the element that an item names.
func (l *layout) panel(row int, at string, item node, place dashboard.Place) {
	name := item.str("element", "name")
	e := l.elements.sub(name)
	if e == nil || row < 0 {
		l.im.lost(at, "the element "+strconv.Quote(cut(name, 60)), "the file has no element of this name")
		return
	}
	l.placed[name] = true
	if item.has("conditionalRendering") {
		l.im.lost(at+".spec.conditionalRendering", "a panel that shows only sometimes", "it shows always")
	}
	p := panelOf(e)
	if v := repeated(item); v != "" {
		p["repeat"], p["repeatDirection"] = v, item.at("repeat", "direction")
	}
	l.im.element = "elements." + name
	l.im.add(row, l.im.element, p, place)
	l.im.element = ""
}
