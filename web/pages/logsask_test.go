package pages

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"tripod/store"
	"tripod/store/logs"
	"tripod/store/logs/logql"
)

// askedStore is a real store with half an hour of lines: in the first half
// planner-api says what it does, in the second it fails as well.
func askedStore(t testing.TB) Options {
	t.Helper()
	s, err := logs.Open(t.TempDir(), logs.Options{LogQL: logql.Parse, Now: func() time.Time { return noon }, TallyTime: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	var batch []store.Record
	add := func(at time.Time, l store.Level, service, msg string, attrs ...store.Attr) {
		batch = append(batch, store.Record{Time: at.UnixNano(), Level: l, Service: service, Body: store.String(msg), Attrs: attrs})
	}
	text := func(k, v string) store.Attr { return store.Attr{Key: k, Value: store.String(v)} }
	for i := range 1800 {
		at := noon.Add(time.Duration(i-1800) * time.Second)
		route := []string{"/api/tasks", "/api/tasks", "/today"}[i%3]
		add(at, store.LevelInfo, "planner-web", fmt.Sprintf("request %d completed", i), text("route", route), store.Attr{Key: "durationMs", Value: store.Int(int64(i % 50))}, text("took", fmt.Sprint(1+i%50, "ms")), text("user.id", fmt.Sprint("u_", i)))
		if i < 900 && i%10 == 0 {
			add(at, store.LevelInfo, "planner-api", fmt.Sprintf("cache of shard-%d is warm", i))
		}
		if i >= 900 && i%2 == 0 {
			add(at, store.LevelError, "planner-api", fmt.Sprintf("db pool: timed out after %dms", i), text("route", "/api/tasks"))
		}
		if i%60 == 0 || i >= 900 && i%4 == 1 {
			add(at, store.LevelWarn, "planner-api", fmt.Sprintf("retrying query (attempt %d of 3)", 1+i%3))
		}
	}
	if err := s.Append(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	return Options{Logs: s, Patterns: s, Compare: s, Words: s, LogQL: logql.New(s)}
}

func logsURL(pairs ...string) string {
	v := url.Values{"from": {"now-30m"}}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			v.Del(pairs[i])
			continue
		}
		v.Add(pairs[i], pairs[i+1])
	}
	return "/logs?" + v.Encode()
}

// says checks what a page has; what begins with ! it must not have.
func says(t *testing.T, name, body string, want ...string) {
	t.Helper()
	for _, s := range want {
		if no, ok := strings.CutPrefix(s, "!"); ok == strings.Contains(body, strings.TrimPrefix(s, "!")) {
			t.Errorf("%s: %q is there: %v\n%.3000s", name, no, ok, body)
		}
	}
}

func TestFiltersNarrowAndAreChips(t *testing.T) {
	mux := screenOf(t, askedStore(t))
	for name, c := range map[string]struct {
		url  string
		want []string
	}{
		"one":                 {logsURL("filter", "route:/today"), []string{"600 lines in", "route is <b>/today</b>", "!service is"}},
		"two and a query":     {logsURL("q", "level:>=warn", "filter", "route:/api/tasks", "filter", "-service:planner-web"), []string{"450 lines in", "not service <b>planner-web</b>"}},
		"a choice":            {logsURL("filter", "(route:/today or route:/api/tasks)", "q", "level:info"), []string{"1,800 lines in", "route is <b>/today or /api/tasks</b>"}},
		"with an or":          {logsURL("filter", "route:/today or level:error"), []string{"1,050 lines in"}},
		"with the scope":      {logsURL("service", "planner-api", "filter", "level:error"), []string{"450 lines in", "service is <b>planner-api</b>", "level is <b>error</b>"}},
		"a pattern":           {logsURL("filter", `msg.pattern:"db pool: timed out after <_>"`), []string{"450 lines in", "pattern is <b>db pool: timed out after &lt;_&gt;</b>"}},
		"of numbers":          {logsURL("filter", "took:>=50ms"), []string{"36 lines in", "took ≥ <b>50ms</b>"}},
		"from the form":       {logsURL("ff", "route", "fo", "-", "fv", "/today", "q", "level:info"), []string{"1,290 lines in", "not route <b>/today</b>", "filter=-route%3A%22%2Ftoday%22", "!ff="}},
		"there, by the form":  {logsURL("ff", "user.id", "fo", "*", "fv", ""), []string{"1,800 lines in", "user.id exists"}},
		"that breaks out":     {logsURL("filter", "a) or (b"), []string{"cannot be read and was left out", "!<b>a) or (b</b>"}},
		"that cannot be read": {logsURL("filter", "level:>=nope"), []string{"A filter cannot be read", `<span class="qerr">`}},
		"on LogQL":            {logsURL("q", `{service_name="planner-web"} |= "completed"`, "filter", "route:/today"), []string{"600 lines in", ">LogQL<", "<mark>completed</mark>"}},
	} {
		w := ask(mux, c.url)
		says(t, name, w.Body.String(), c.want...)
	}
}

func TestFacetsToggleTheQueryOrAFilter(t *testing.T) {
	mux := screenOf(t, askedStore(t))
	for name, c := range map[string]struct {
		url  string
		want []string
	}{
		"level changes the query":                     {logsURL(), []string{`href="/logs?from=now-30m&amp;q=level%3Aerror"`, `data-name="service"`}},
		"another field becomes a filter":              {logsURL(), []string{`href="/logs?filter=route%3A%22%2Ftoday%22&amp;from=now-30m"`}},
		"what the query says stays in it":             {logsURL("q", "route:/today"), []string{`q=%28route%3A%22%2Fapi%2Ftasks%22+or+route%3A%22%2Ftoday%22%29`}},
		"a second value joins the filter":             {logsURL("filter", `route:"/today"`), []string{`filter=%28route%3A%22%2Fapi%2Ftasks%22+or+route%3A%22%2Ftoday%22%29`, "1,650"}},
		"LogQL is narrowed by filters":                {logsURL("q", `{service_name="planner-api"}`), []string{`filter=level%3Aerror&amp;from=now-30m&amp;q=%7Bservice_name`}},
		"many values are closed and say how many":     {logsURL(), []string{"1,800 values"}},
		"numbers say from where to where":             {logsURL(), []string{"0 to 49", "1 ms to 50 ms"}},
		"excluded levels are drawn and counted":       {logsURL("q", "level:error"), []string{`class="bar unmatched"`, `<span class="c">1,890</span>`}},
		"a narrowed field shows what it excludes too": {logsURL("q", "service:planner-api"), []string{`<span class="clip" title="planner-web">planner-web</span> <span class="c">1,800</span>`}},
	} {
		says(t, name, mainOf(t, ask(mux, c.url).Body.String()), c.want...)
	}
}

func TestFacetsSayOfHowManyLinesTheyAre(t *testing.T) {
	f := &fakeLogs{}
	for i := range 60 {
		f.records = append(f.records, line(time.Duration(1+i)*time.Second, store.LevelInfo, "planner-api", "x"))
	}
	says(t, "all", ask(screenOf(t, Options{Logs: f}), "/logs").Body.String(), "!counts are of the newest")
	f.cut = true
	says(t, "cut", ask(screenOf(t, Options{Logs: f}), "/logs").Body.String(), "counts are of the newest 60 lines")
}

func TestTheBrushFiltersAndKeepsTheContext(t *testing.T) {
	mux := screenOf(t, askedStore(t))
	from, to := noon.Add(-10*time.Minute).UnixMilli(), noon.Add(-5*time.Minute).UnixMilli()
	brush := fmt.Sprintf("%d-%d", from, to)
	body := ask(mux, logsURL("q", "level:error", "brush", brush)).Body.String()
	says(t, "brushed", body, "150 lines in", "11:50 – 11:55, 150 lines", "5 min, brushed",
		fmt.Sprintf(`data-from="%d" data-to="%d"`, noon.Add(-30*time.Minute).UnixMilli(), noon.UnixMilli()), // the volume's
		fmt.Sprintf("/traces?from=%d&amp;to=%d", from, to), "!new lines every")
	first := ask(mux, logsURL("q", "level:error", "brush", brush)).Body.String()
	if !strings.Contains(first, ">11:54:58.000<") || strings.Contains(first, ">11:55:00.000<") {
		t.Error("the newest line is not the last of the brush")
	}
	for name, bad := range map[string]string{"no brush": "x", "turned round": "9-1", "far away": "1-2", "negative": "-5-9"} {
		says(t, name, ask(mux, logsURL("q", "level:error", "brush", bad)).Body.String(), "450 lines in", "!brushed", `!name="brush"`)
	}
	says(t, "partly outside", ask(mux, logsURL("q", "level:error", "brush", fmt.Sprintf("1-%d", noon.Add(-14*time.Minute).UnixMilli()))).Body.String(), "30 lines in")
}

func TestPatternsAreComparedWithTheTimeBefore(t *testing.T) {
	mux := screenOf(t, askedStore(t))
	body := mainOf(t, ask(mux, logsURL("from", "", "from", "now-15m", "view", "patterns")).Body.String())
	says(t, "patterns", body, "request <i>‹n›</i>", "db pool: timed out after <i>‹dur›</i>", `<span class="badge err">new</span>`, "gone",
		"cache of shard-<i>‹n›</i> is warm", "route /api/tasks 100 %", "route /api/tasks 67 %", "Last 15 minutes", `aria-current="page"`,
		`filter=msg.pattern%3A%22db+pool%3A+timed+out+after+%3C_%3E%22&amp;from=now-15m"`, "×")
	order := func(body string) string {
		var out []string
		for _, row := range strings.Split(body, "<tr data-row")[1:] {
			for _, word := range []string{"pool", "cache", "retrying", "request"} {
				if strings.Contains(row, word) {
					out = append(out, word)
					break
				}
			}
		}
		return strings.Join(out, " ")
	}
	for by, want := range map[string]string{"": "request pool retrying cache", "level": "pool retrying request cache", "change": "pool retrying request cache"} {
		got := order(mainOf(t, ask(mux, logsURL("from", "", "from", "now-15m", "view", "patterns", "by", by)).Body.String()))
		if got != want {
			t.Errorf("by %q: %s, want %s", by, got, want)
		}
	}
	says(t, "nothing before", ask(mux, logsURL("view", "patterns")).Body.String(), "nothing to compare with", "!>new<")
	says(t, "none", ask(mux, logsURL("view", "patterns", "q", "unheard")).Body.String(), "No lines match")
	says(t, "broken", ask(mux, logsURL("view", "patterns", "q", "level:nope")).Body.String(), "Unknown level")
}

// A service of few lines stays in the list where ten others have more, and of
// other fields one can see all values.
func TestFacetsLeadToWhatTheyDoNotShow(t *testing.T) {
	s, err := logs.Open(t.TempDir(), logs.Options{Now: func() time.Time { return noon }, TallyTime: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var batch []store.Record
	for i := range 300 {
		r := store.Record{Time: noon.Add(-time.Minute).UnixNano(), Service: fmt.Sprint("loud-", i%15), Body: store.String("x"), Attrs: store.Attrs{{Key: "route", Value: store.String(fmt.Sprintf("/r%02d", i%20))}}}
		batch = append(batch, r)
	}
	batch = append(batch, store.Record{Time: noon.Add(-time.Minute).UnixNano(), Service: "quiet", Body: store.String("x")})
	if err := s.Append(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	mux := screenOf(t, Options{Logs: s, Words: s})
	body := mainOf(t, ask(mux, "/logs").Body.String())
	says(t, "all services", body, `title="quiet"`, `title="/r09"`, `!title="/r10"`, `href="/logs?facet=route"`, "10 more", "20 values")
	body = mainOf(t, ask(mux, "/logs?facet=route").Body.String())
	says(t, "all routes", body, `title="/r19"`, `data-name="route" open`, "Fewer", `q=service%3Aquiet`, "facet=route")
	says(t, "all of them", body, "!commonest")
	wide := screenOf(t, askedStore(t))
	says(t, "as many as there are", mainOf(t, ask(wide, logsURL()).Body.String()), "190 more", "!1,790 more")
	says(t, "the commonest", mainOf(t, ask(wide, logsURL("facet", "user.id")).Body.String()), `aria-label="user.id: Fewer the 200 commonest of 1,800"`, "<span>· the 200 commonest of 1,800")
	says(t, "a chosen one that is not common", mainOf(t, ask(mux, "/logs?q=service:loud-1&filter=route:/r16").Body.String()), `title="/r16"`)
}

// Of a field whose values all pass no more are drawn, and no link is lost.
func TestFacetsOfAConditionThatAllPass(t *testing.T) {
	mux := screenOf(t, askedStore(t))
	for name, c := range map[string]struct {
		url  string
		says []string
	}{
		"in the query":  {logsURL("q", "user.id:*"), []string{"q=-user.id%3Au_"}},
		"as a filter":   {logsURL("filter", "user.id:*"), []string{"filter=-user.id%3Au_", "filter=user.id%3A%2A"}},
		"all but one":   {logsURL("q", "-user.id:u_3 route:/today"), []string{"q=-user.id%3Au_"}},
		"all, unfolded": {logsURL("q", "user.id:*", "facet", "user.id"), []string{"q=-user.id%3Au_"}},
	} {
		body := mainOf(t, ask(mux, c.url).Body.String())
		says(t, name, body, append(c.says, "!+or+user.id%3Au_")...)
		if n := strings.Count(body, `title="u_`); n == 0 || !strings.Contains(name, "unfolded") && n > 2*facetTop {
			t.Errorf("%s: %d values are drawn, want at most %d", name, n, 2*facetTop)
		}
	}
}

// compareDoor says always the same.
type compareDoor struct {
	got store.LogComparison
	err error
}

func (d compareDoor) Compare(context.Context, store.CompareQuery) (store.LogComparison, error) {
	return d.got, d.err
}

// What could not be compared is said, whichever side it is of.
func TestComparisonSaysWhatItCouldNotRead(t *testing.T) {
	lost := fmt.Errorf("others: %w", context.DeadlineExceeded)
	told := []store.LogDifference{{Field: "f", Value: "v", Lines: 7, Others: 1, Share: 0.7, OthersShare: 0.1}}
	lines := store.ComparedLogs{Lines: 10}
	for name, c := range map[string]struct {
		got  store.LogComparison
		says []string
	}{
		"the others":  {store.LogComparison{Own: lines}, []string{"Not all could be compared. ", "!no lines to compare with", "!values and patterns were compared"}},
		"one of both": {store.LogComparison{Own: lines, Others: lines, List: told, Kinds: 1}, []string{"Not all could be compared. ", "values and patterns were compared", `title="f"`}},
		"nothing":     {store.LogComparison{Own: lines, Others: lines}, []string{"Not all could be compared. ", "!Nothing differs"}},
		"all":         {store.LogComparison{}, []string{"The search did not finish", `class="against"`}},
	} {
		o := askedStore(t)
		o.Compare = compareDoor{c.got, lost}
		says(t, name, mainOf(t, ask(screenOf(t, o), logsURL("view", "compare")).Body.String()), c.says...)
	}
}

func TestLinesAreComparedWithOthers(t *testing.T) {
	mux := screenOf(t, askedStore(t))
	brush := fmt.Sprintf("%d-%d", noon.Add(-10*time.Minute).UnixMilli(), noon.Add(-5*time.Minute).UnixMilli())
	late := []string{"from", "", "from", "now-15m", "view", "compare"}
	for name, c := range map[string]struct {
		url  string
		says []string
	}{
		"just before, which is meant": {logsURL(late...), []string{
			"1,590 lines of 11:45 – 12:00 against 1,005 lines of 11:30 – 11:45.", "db pool: timed out after <i>‹dur›</i>", `<span class="badge warn">new</span>`, ">gone<", "28 %",
			`class="w-side">Just before</th>`, "with=week", "!with=all", "!with=rest", "values and patterns were compared",
			"q=msg.pattern%3A%22cache+of+shard-%3C_%3E", "q=level%3Aerror&amp;view=compare", "q=-level%3Aerror&amp;view=compare"}},
		"a day before": {logsURL(append(late, "with", "day")...), []string{"against 0 lines of Wed 11:45 – Wed 12:00.", "no lines to compare with", "!values and patterns", "with=day"}},
		"outside a brush": {logsURL(append(late, "brush", brush)...), []string{"530 lines of 11:50 – 11:55 against 1,060 lines of the rest of 11:45 – 12:00.",
			"Nothing differs by more than chance may bring", "with=rest"}},
		"a query's with all": {logsURL("view", "compare", "q", "level:error", "with", "all"), []string{"450 lines of 11:30 – 12:00 against 2,595 lines of all in that time",
			"db pool: timed out", "not here", "!>gone<", "planner-web", "!Only level = error"}},
		"a query's before":   {logsURL(append(late, "q", "service:planner-api")...), []string{"690 lines", "105 lines", "cache of shard"}},
		"nothing found":      {logsURL("view", "compare", "q", "unheard"), []string{"No lines match", `class="against"`, "with=day"}},
		"broken":             {logsURL("view", "compare", "q", "level:nope"), []string{"Unknown level"}},
		"LogQL":              {logsURL(append(late, "q", `{service_name="planner-api"}`)...), []string{"690 lines", "filter=-level%3Aerror"}},
		"LogQL with all":     {logsURL("view", "compare", "with", "all", "q", `{service_name="planner-web"}`), []string{"1,800 lines", "!Only service = planner-web", "Only service = planner-api", "Only level = info"}},
		"a pattern with all": {logsURL("view", "compare", "with", "all", "filter", `msg.pattern:"request <_> completed"`), []string{"1,800 lines", "!Only pattern = request", "Only pattern = retrying"}},
		"an unknown other":   {logsURL(append(late, "with", "moon")...), []string{`class="w-side">Just before</th>`}},
	} {
		says(t, name, mainOf(t, ask(mux, c.url).Body.String()), c.says...)
	}
	var alike []store.LogDifference
	for i := range 9 {
		alike = append(alike, store.LogDifference{Field: fmt.Sprint("f", i), Value: "v", Lines: 7, Others: 1, Share: 0.7, OthersShare: 0.1})
	}
	alike = append(alike, store.LogDifference{Field: "f0", Value: "w", Lines: 7, Others: 1, Share: 0.7, OthersShare: 0.1})
	o := askedStore(t)
	o.Compare = compareDoor{got: store.LogComparison{Own: store.ComparedLogs{Lines: 10}, Others: store.ComparedLogs{Lines: 10}, List: alike, Kinds: len(alike)}}
	body := mainOf(t, ask(screenOf(t, o), logsURL(late...)).Body.String())
	says(t, "values of the same counts", body, "f1 v", "f6 v", "!f7 v", "and 2 more", `title="f0">f0<`, `title="w"`)
	if n := strings.Count(body, "<tr data-row"); n != 2 {
		t.Errorf("%d rows of values that have the same counts, want one for each of a field", n)
	}
	says(t, "all are shown", body, "!differences are shown")
	says(t, "the change on a narrow screen", body, `<span class="only-s">f0 <span class="t-2">×7`)
	var many []store.LogDifference
	for i := range 250 {
		many = append(many, store.LogDifference{Field: fmt.Sprint("f", i%2), Value: fmt.Sprint("v", i), Lines: int64(7 + i/2), Others: 1, Share: 0.7, OthersShare: 0.1})
	}
	o.Compare = compareDoor{got: store.LogComparison{Own: store.ComparedLogs{Lines: 10}, Others: store.ComparedLogs{Lines: 10}, List: many, Kinds: 300}}
	says(t, "more than are shown", mainOf(t, ask(screenOf(t, o), logsURL(late...)).Body.String()), "200 of 300 differences are shown")
	says(t, "but for what was asked for", mainOf(t, ask(screenOf(t, o), logsURL("view", "compare", "with", "all", "q", "f0:*")).Body.String()), "100 of 175 differences are shown")
	says(t, "the brush leads there", ask(mux, logsURL("brush", fmt.Sprintf("%d-%d", noon.Add(-10*time.Minute).UnixMilli(), noon.UnixMilli()))).Body.String(), `view=compare" title="In what`)
	o.Compare = nil
	says(t, "without the door", ask(screenOf(t, o), logsURL("view", "compare")).Body.String(), "The search did not finish")
}

func TestFieldsSayWhatTheyHold(t *testing.T) {
	mux := screenOf(t, askedStore(t))
	body := mainOf(t, ask(mux, logsURL("view", "fields", "q", "service:planner-web")).Body.String())
	says(t, "fields", body, ">durationMs<", "number", "0 to 49, median 2", "1 ms to 50 ms", ">1,800<", "duration", "/api/tasks", "q=service%3Aplanner-web+user.id%3A%2A")
	says(t, "of LogQL", mainOf(t, ask(mux, logsURL("view", "fields", "q", `{service_name="planner-web"}`)).Body.String()), "filter=user.id%3A%2A")
}

func TestEmptyNamesWhatToTakeAway(t *testing.T) {
	mux := screenOf(t, askedStore(t))
	for name, c := range map[string]struct {
		url  string
		want []string
	}{
		"a term":             {logsURL("q", "level:error route:/today"), []string{"Without", "level:error</span> there are 600", "Remove that filter"}},
		"a filter":           {logsURL("q", "timed", "filter", `route:"/today"`), []string{`timed</span> there are 600`}},
		"the only term":      {logsURL("q", "unheard"), []string{"unheard</span> there are "}},
		"of LogQL":           {logsURL("q", `{a="b"}`), []string{"there are "}},
		"in a brush":         {logsURL("q", "level:error", "brush", fmt.Sprintf("%d-%d", noon.Add(-29*time.Minute).UnixMilli(), noon.Add(-28*time.Minute).UnixMilli())), []string{"Clear the brush"}},
		"more than one":      {logsURL("q", "nope nada"), []string{"Without query and filters there are", "Clear all"}},
		"a field unheard of": {logsURL("q", "rout:/today"), []string{"No line has a field rout.", "Ask for route", "q=route%3A%2Ftoday"}},
		"a field unlike any": {logsURL("q", "zzzz:1"), []string{"Without", "!Ask for"}},
		"in no time range":   {logsURL("from", "", "from", "now-3h", "to", "now-2h"), []string{"No lines in this time range", "The newest line is from 11:59"}},
	} {
		says(t, name, mainOf(t, ask(mux, c.url).Body.String()), c.want...)
	}
}

func TestMetricQueriesAreDrawn(t *testing.T) {
	mux := screenOf(t, askedStore(t))
	body := mainOf(t, ask(mux, logsURL("q", `sum by (service_name) (count_over_time({} [1m]))`)).Body.String())
	says(t, "series", body, "2 series in", "service_name=planner-api", "service_name=planner-web", `class="lseries"`, ">60<", ">LogQL<", "!facets")
	says(t, "narrowed", mainOf(t, ask(mux, logsURL("q", `sum(count_over_time({}[1m]))`, "filter", "level:error")).Body.String()), "1 series in", ">30<")
	says(t, "none", mainOf(t, ask(mux, logsURL("q", `sum(count_over_time({a="b"}[1m]))`)).Body.String()), "no values in this time range")
	says(t, "broken", mainOf(t, ask(mux, logsURL("q", `sum(count_over_time({}[1m]`)).Body.String()), `class="qmsg"`)
}

func TestReceiptsAreShownAsTheyAre(t *testing.T) {
	r := &store.Receipt{Asked: "word pool", Stored: 41e9, Read: 48e6, Took: 38 * time.Millisecond, Steps: []store.ReceiptStep{{Name: "time", Parts: 12, Blocks: 4000, Rows: 9e6}, {Name: "rows", Rows: 200}}}
	m := receiptModel(r)
	if m.Read != "read 48 MB of 41 GB, skipped the rest" || m.Steps[0].Rows != "9,000,000" || m.Steps[1].Name != "match" || m.Took != "38 ms" {
		t.Errorf("got %+v", m)
	}
	if receiptModel(&store.Receipt{}) != nil || scanned(nil, &store.Receipt{}) != nil {
		t.Error("a receipt was made up")
	}
	says(t, "page", ask(screenOf(t, askedStore(t)), logsURL("q", "level:error")).Body.String(), `id="receipt-pop"`, "in the time range")
}

func TestCompletion(t *testing.T) {
	mux := screenOf(t, askedStore(t))
	for name, c := range map[string]struct {
		q    string
		want []string
	}{
		"fields by a part":           {"level:info and ro", []string{`data-text="route:"`, "<mark>ro</mark>ute", "% of lines", `data-cut="2"`, "/api/tasks"}},
		"numbers with their range":   {"dura", []string{`data-text="durationMs:"`, "number", "0 to 49"}},
		"durations with the median":  {"too", []string{"duration", "p50 2"}},
		"phrases of messages":        {"level:error poo", []string{`data-text="&#34;db pool: timed out after&#34; "`, "“db <mark>poo</mark>l: timed out after”", "450 lines"}},
		"values with counts":         {"level:info -route:", []string{`data-text="&#34;/api/tasks&#34; "`, "1,200 lines", `data-cut="0"`}},
		"values by a part":           {"user.id:u_179", []string{"<mark>u_179</mark>0", `data-cut="5"`, "!u_18"}},
		"values of a quoted field":   {`"route":/to`, []string{"<mark>/to</mark>day", `data-cut="3"`}},
		"levels behind an operator":  {"level:>=e", []string{"<mark>e</mark>rror", `data-cut="1"`}},
		"services":                   {"service:", []string{"planner-api", "planner-web"}},
		"after what cannot be read":  {`(level:nope or ro`, []string{`data-text="route:"`}},
		"a quoted phrase":            {`"db p`, []string{"“<mark>db p</mark>ool: timed out after”", `data-cut="5"`}},
		"nothing behind a space":     {"level:info ", []string{"!opt"}},
		"a cut in UTF-16":            {"é ü😀x", []string{`data-cut="4"`}},
		"LogQL: labels":              {`{serv`, []string{`data-text="service_name=&#34;"`}},
		"LogQL: values":              {`{service_name="planner-a`, []string{`data-text="planner-api&#34;"`, "!planner-web"}},
		"LogQL: stages":              {`{service_name="planner-api"} | js`, []string{`data-text="json "`}},
		"LogQL: fields":              {`{service_name="planner-api"} | json | rou`, []string{`data-text="route="`}},
		"LogQL: functions":           {`sum(ra`, []string{`data-text="rate("`}},
		"LogQL: inside of a string":  {`{a="b"} |= "ra`, []string{"!opt"}},
		"LogQL: behind a label":      {`{service_name="a" `, []string{"!opt"}},
		"everything that can follow": {"", []string{`data-text="level:"`, `data-text="service:"`}},
	} {
		v := url.Values{"from": {"now-30m"}, "q": {c.q}}
		w := ask(mux, "/logs/complete?"+v.Encode())
		if w.Code != http.StatusOK {
			t.Errorf("%s: %d", name, w.Code)
		}
		says(t, name, w.Body.String(), c.want...)
	}
	all := ask(mux, "/logs/complete?from=now-30m&all=1&q=level:info+").Body.String()
	if n := strings.Count(all, `role="option"`); n < 6 {
		t.Errorf("all fields are %d", n)
	}
	says(t, "values for a filter", ask(mux, "/logs/values?from=now-30m&field=route").Body.String(), `<option value="/api/tasks">`, `<option value="/today">`)
}

func TestWhatIsLogQL(t *testing.T) {
	for text, want := range map[string]bool{
		`{a="b"}`: true, ` {}`: true, "rate({}[1m])": true, "sum by (a) (rate({}[1m]))": true, "sum without(a)(x)": true, "topk(3, x)": true,
		"count (a or b)": false, "rate": false, "sum by the door": false, "level:info": false, "": false, "pool(a)": false, "-{": false, "min max": false,
	} {
		if got := isLogQL(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestBalancedFilters(t *testing.T) {
	for line, want := range map[string]bool{
		"a": true, "(a or b)": true, `f:"("`: true, `f:"a\")"`: true, ")": false, "(": false, "a) or (b": false, `"`: false, `f:"a`: false, `f:"a\"`: false, "": true,
	} {
		if got := balanced(line); got != want {
			t.Errorf("%q: %v", line, got)
		}
	}
	list, problems := filters(slices.Repeat([]string{"a", " ", "b", ")"}, 20))
	if !slices.Equal(list, []string{"a", "b"}) || len(problems) != 20 {
		t.Errorf("got %q, %d problems", list, len(problems))
	}
}

// Whatever is typed, completion answers in bounds.
func FuzzCompletion(f *testing.F) {
	mux := screenOf(f, Options{Logs: storyLogs(), Words: fakeWords{}})
	for _, s := range []string{"", "a:", `{a="`, `"x`, "(a or ", "😀:", "f:(", "-!-", `{a="b`, "sum(", "a:\"b\\", "((((", "msg:/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, head string) {
		r := httptest.NewRequest("GET", "/logs/complete", nil)
		r.URL.RawQuery = url.Values{"q": {head}}.Encode()
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			t.Fatalf("%q: %d %s", head, w.Code, w.Body)
		}
		logqlSpot(head)
	})
}

// TestCompletionCountsAllLines offers values that only old lines have, with the
// lines of all; where the newest are counted alone, it says so.
func TestCompletionCountsAllLines(t *testing.T) {
	for name, c := range map[string]struct {
		tally time.Duration
		lines int
		want  []string
	}{
		"all":        {time.Minute, 20_010, []string{">old<", ">10 lines ", ">20,000 lines "}},
		"the newest": {time.Nanosecond, 60_010, []string{"!>old<", ">≥ "}},
	} {
		s, err := logs.Open(t.TempDir(), logs.Options{LogQL: logql.Parse, Now: func() time.Time { return noon }, TallyTime: c.tally})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		batch := make([]store.Record, c.lines)
		for i := range batch {
			batch[i] = store.Record{Time: noon.UnixNano() - int64(len(batch)-i)*1e6, Service: "new", Body: store.String("x")}
			if i < 10 {
				batch[i].Service = "old"
			}
		}
		if err := s.Append(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
		v := url.Values{"from": {"now-30m"}, "q": {"service:"}}
		body := ask(screenOf(t, Options{Logs: s, Words: s, LogQL: logql.New(s)}), "/logs/complete?"+v.Encode()).Body.String()
		says(t, name, body, c.want...)
	}
}
