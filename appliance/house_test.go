package appliance

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The floor plan. A folder's root package is its ground floor, its
// sub-packages stand on it, nothing looks up, and only appliance knows
// everyone. Change the plan here, in the commit that needs it, with a reason.

// mayImport lists, for each room, the rooms of ours that it may import; a
// trailing /… means the room and all above it.
var mayImport = []struct {
	room   string
	allow  []string
	reason string
}{
	{"cmd/tripod", []string{"appliance", "cmd/tripod/terminal"}, "flags and signals only; how anything works is none of its business"},
	{"cmd/tripod/terminal", nil, "a client like any other: asks over HTTP, shows on a terminal"},
	{"appliance/catalog", []string{"store", "alerting", "alerting/rulebook", "dashboard"}, "what people make and list; SQLite, never telemetry; of alerting only the words of rules, of the stores only those of a saved query"},
	{"appliance/state", nil, "small hot settings"},
	{"appliance", []string{"…"}, "the one place where every door meets its engine"},
	{"store", nil, "words and sentinels: no I/O, no wire format, no engine"},
	{"store/events", []string{"store", "store/events/columns", "store/events/termindex"}, "the engine knows neither logs nor spans nor HTTP; columns and index are its own back rooms"},
	{"store/events/columns", nil, "values of one column, packed: knows neither files nor what a row is"},
	{"store/events/termindex", nil, "terms and block numbers: bleve alone in its room"},
	{"store/logs", []string{"store", "store/events"}, "log records on events; never HTTP"},
	{"store/logs/logql", []string{"store", "store/logs"}, "a second language over the tree of log queries"},
	{"store/traces", []string{"store", "store/events", "store/traces/traceql"}, "spans on events; never HTTP; traceql is its own back room"},
	{"store/traces/traceql", []string{"store"}, "a language over spans: never I/O, nor how an engine keeps them"},
	{"store/metrics", []string{"store", "store/metrics/asked", "store/metrics/parallel"}, "tsdb and promql behind small doors; never HTTP"},
	{"store/metrics/parallel", nil, "PromQL on all cores, before the stock engine; never where samples are kept"},
	{"store/metrics/asked", nil, "answers of other languages as series of PromQL; never who gives them"},
	{"store/metrics/host", nil, "reads /proc and /sys; never what keeps the numbers"},
	{"store/metrics/scrape", []string{"store"}, "promscrape, alone in its room"},
	{"store/storetest", []string{"store"}, "the contract of each pillar; engines come to it, it goes to none"},
	{"alerting", []string{"store"}, "gets query functions, never an engine; of store only the sentinels"},
	{"alerting/config", []string{"alerting"}, "reads Alertmanager's configuration; never routes, never delivers"},
	{"alerting/dispatch", []string{"alerting", "alerting/config"}, "decides; time comes as an argument, so that a back-test runs the same code: never a clock, disk or receiver"},
	{"alerting/backtest", []string{"alerting", "alerting/config", "alerting/dispatch", "store"}, "a rule and the pipeline's decisions on a simulated clock; of store only the sentinels"},
	{"alerting/chronicle", []string{"alerting"}, "keeps the steps of alerts; never decides, never delivers"},
	{"alerting/evidence", []string{"alerting", "store"}, "freezes what was known when an alert fired; stores come as doors, never engines"},
	{"alerting/notify", []string{"alerting", "alerting/config", "alerting/dispatch", "store"}, "delivers what dispatch decides, and keeps what is owed"},
	{"alerting/notifytest", nil, "receivers of tests: the published forms alone, never how a message is made"},
	{"alerting/rulebook", []string{"alerting"}, "what a rule of the page is, its faults and its file; never where it is kept"},
	{"planner", nil, "pure rules: no I/O, HTTP or telemetry, and no store"},
	{"planner/sqlite", []string{"planner"}, "never the cache"},
	{"planner/cache", []string{"planner"}, "never the database"},
	{"planner/observed", []string{"planner"}, "never the storage"},
	{"planner/traffic", []string{"planner"}, "works through HTTP alone; never the stores"},
	{"dashboard", nil, "what a dashboard is, and its file: no I/O, no query, no drawing"},
	{"dashboard/frames", []string{"dashboard"}, "answers as tables, and the steps over them"},
	{"dashboard/grafana", []string{"dashboard", "dashboard/frames"}, "reads the files of Grafana, and says what it could not; whether an expression can be read, frames knows"},
	{"dashboard/selfmade", []string{"dashboard"}, "makes dashboards of what it is told there is"},
	{"web", []string{"store"}, "the ground floor of all wires: no engine, no wire format"},
	{"web/pages", []string{"store", "alerting", "alerting/backtest", "alerting/rulebook", "dashboard", "dashboard/…", "web", "ui", "ui/…"}, "parse, ask, render; engines come as doors, of alerting only the words"},
	{"web/planweb", []string{"planner", "web", "web/planapi", "ui", "ui/…"}, "the planner's pages; tasks come from planner-api over HTTP"},
	{"web/planapi", []string{"planner", "web", "store"}, "the planner's JSON; never its storage"},
	{"web/alertapi", []string{"alerting", "alerting/backtest", "alerting/config", "alerting/rulebook", "store", "web"}, "answers in the words of alerting; config reads Alertmanager's matchers"},
	{"web/…", []string{"store", "web"}, "one wire protocol a room: parse, ask, write; never an engine, never another room"},
	{"ui", []string{"ui/chart", "ui/assets"}, "pure functions of view models: no store, no clock"},
	{"ui/chart", []string{}, "SVG of plain numbers"},
	{"ui/markdown", []string{}, "safe HTML of Markdown, whoever wrote it"},
	{"ui/layers", []string{}, "places of nodes and edges; no markup"},
	{"ui/assets", []string{}, "embedded files"},
	{"ui/screens", []string{"ui", "ui/chart"}, "pure functions of view models: no store, no clock"},
}

// lives says in which rooms a foreign library may be imported; a library that
// is not listed may be imported nowhere. Tests may use any library that the
// module requires, as oracle or as client.
var lives = map[string][]string{
	"github.com/VictoriaMetrics/VictoriaMetrics": {"store/metrics/scrape"},
	"github.com/prometheus/prometheus":           {"store/metrics", "store/metrics/asked", "store/metrics/parallel", "store/metrics/scrape", "alerting", "alerting/backtest", "alerting/rulebook", "web/promapi", "web/promwrite", "web/promread", "web/alertapi", "web/pages", "appliance"}, // value types cross rooms: re-modelling native histograms loses things
	"github.com/prometheus/common":               {"store/metrics", "store/metrics/asked", "store/metrics/parallel", "alerting", "alerting/config", "alerting/dispatch", "alerting/notify", "alerting/backtest", "alerting/rulebook", "web/promapi", "web/promwrite", "web/promread", "web/alertapi", "web/pages", "store/metrics/scrape", "appliance"},
	"github.com/prometheus/alertmanager":         {"alerting/config", "alerting/dispatch", "alerting/notify"}, // matchers, time intervals and templates only; its pipeline is the oracle of our tests
	"github.com/prometheus/client_golang":        {"appliance", "planner/observed", "store/metrics", "alerting"},
	"github.com/prometheus/client_model":         {"appliance", "planner/observed", "store/metrics", "web/promapi", "web/promread"}, // promapi tells the server's own families, expfmt writes the pages of federation from it
	"github.com/blevesearch":                     {"store/events/termindex"},
	"github.com/klauspost/compress":              {"store/events", "store/events/columns", "web", "web/lokiapi", "web/promwrite", "web/promread"}, // s2 reads and writes the snappy of three wires
	"github.com/FastFilter/xorfilter":            {"store/events"},
	"github.com/cespare/xxhash":                  {"store/events", "store/metrics"},
	"go.opentelemetry.io/collector/pdata":        {"web/otlp", "store/metrics", "appliance"}, // the upstream OTLP-to-Prometheus translator takes pmetric
	"google.golang.org/grpc":                     {"web/otlp"},
	"google.golang.org/genproto":                 {"web/otlp"},
	"google.golang.org/protobuf":                 {"web/otlp", "web/lokiapi", "web/promwrite", "web/promapi"}, // promapi writes families as its JSON
	"modernc.org/sqlite":                         {"planner/sqlite", "appliance/catalog"},
	"github.com/XSAM/otelsql":                    {"planner/sqlite"},
	"go.etcd.io/bbolt":                           {"appliance/state", "alerting/notify", "alerting/chronicle", "alerting/evidence", "alerting"},
	"github.com/redis/go-redis":                  {"planner/cache"},
	"github.com/alicebob/miniredis":              {"planner/cache"},
	"github.com/a-h/templ":                       {"ui", "ui/chart", "ui/screens", "web/pages", "web/planweb"}, // handlers render what ui makes
	"go.opentelemetry.io/otel":                   {"appliance", "planner/observed", "planner/sqlite", "planner/cache", "web/planapi", "store/metrics", "alerting"},
	"go.opentelemetry.io/contrib":                {"appliance", "planner/observed", "web/planapi"},
	"golang.org/x/crypto":                        {"planner", "planner/sqlite", "planner/observed"},
	"gopkg.in/yaml.v3":                           {"appliance", "dashboard", "alerting", "alerting/config", "alerting/rulebook", "store/metrics/scrape", "web/promapi"}, // promapi takes one job out of the configuration
	"golang.org/x/sync":                          {"store/events", "appliance"},
	"golang.org/x/sys":                           {"store/events", "appliance"},
	"golang.org/x/term":                          {"cmd/tripod"}, // whether the output is a terminal
}

// houseFaults checks one file's imports.
func houseFaults(room string, imports []string, test bool) []string {
	var faults []string
	for _, imp := range imports {
		switch own, ok := strings.CutPrefix(imp, "tripod/"); {
		case ok && !test && !allowedRoom(room, own):
			faults = append(faults, room+" may not import "+own+": "+reasonOf(room))
		case !ok && strings.Contains(strings.Split(imp, "/")[0], ".") && !test && !allowedLibrary(room, imp):
			faults = append(faults, room+" may not import "+imp+": a foreign library lives in one room (see lives)")
		}
	}
	return faults
}

func allowedRoom(room, own string) bool {
	for _, r := range mayImport {
		if matches(r.room, room) {
			return own == room || slices.ContainsFunc(r.allow, func(a string) bool { return matches(a, own) })
		}
	}
	return false
}

func reasonOf(room string) string {
	for _, r := range mayImport {
		if matches(r.room, room) {
			return r.reason
		}
	}
	return "the room is not on the floor plan"
}

func matches(pattern, room string) bool {
	base, all := strings.CutSuffix(pattern, "…")
	return pattern == room || all && strings.HasPrefix(room+"/", base)
}

func allowedLibrary(room, imp string) bool {
	for lib, rooms := range lives {
		if imp == lib || strings.HasPrefix(imp, lib+"/") {
			return slices.Contains(rooms, room)
		}
	}
	return false
}

func TestHouse(t *testing.T) {
	root := ".."
	files := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && (name == "node_modules" || name == "testdata" || strings.HasPrefix(name, ".") && name != "..") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		files++
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		var imports []string
		for _, i := range f.Imports {
			imports = append(imports, strings.Trim(i.Path.Value, `"`))
		}
		room, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		for _, fault := range houseFaults(filepath.ToSlash(room), imports, strings.HasSuffix(name, "_test.go")) {
			t.Errorf("%s: %s", path, fault)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 20 {
		t.Fatalf("looked at %d files only: is the root right?", files)
	}
}

func TestHouseRefuses(t *testing.T) {
	for name, c := range map[string]struct{ room, imp string }{
		"a wire that imports an engine":         {"web/otlp", "tripod/store/logs"},
		"a wire that imports another wire":      {"web/lokiapi", "tripod/web/otlp"},
		"an engine that looks up":               {"store/events", "tripod/store/logs"},
		"a planner that knows a store":          {"planner", "tripod/store"},
		"a screen that knows a store":           {"ui/screens", "tripod/store"},
		"a second room for promscrape":          {"store/metrics", "github.com/VictoriaMetrics/VictoriaMetrics/lib/promscrape"},
		"a library that nobody has asked about": {"appliance", "example.com/anything"},
		"a room that is not on the plan":        {"util", "tripod/store"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := houseFaults(c.room, []string{c.imp}, false); len(got) != 1 {
				t.Errorf("got %q, want one fault", got)
			}
		})
	}
}

// The top level is part of the plan: a stranger finds a thing where its name says.
func TestTopLevel(t *testing.T) {
	want := []string{"LICENSE", "Makefile", "README.md", "alerting", "appliance", "cmd", "dashboard", "go.mod", "go.sum", "planner", "store", "testdata", "ui", "web"}
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	ignored := []string{"bin", "out", "tripod-data", "node_modules"} // made by make, never committed
	var got []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && !slices.Contains(ignored, e.Name()) {
			got = append(got, e.Name())
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("top level is\n%v, want\n%v", got, want)
	}
}
