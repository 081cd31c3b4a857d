package logs_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tripod/store"
	"tripod/store/events"
	"tripod/store/logs"
	"tripod/store/logs/logql"
)

// The oracle answers the search line from records, in the plainest way that
// says what it means, and knows nothing of events.

func oracle(n logs.Node, r *store.Record) bool {
	switch n := n.(type) {
	case logs.And:
		for _, x := range n {
			if !oracle(x, r) {
				return false
			}
		}
		return true
	case logs.Or:
		for _, x := range n {
			if oracle(x, r) {
				return true
			}
		}
		return false
	case *logs.Not:
		return !oracle(n.X, r)
	case *logs.Text:
		texts := []string{r.Message(), r.Service, r.EventName}
		if !r.TraceID.IsZero() {
			texts = append(texts, r.TraceID.String())
		}
		if !r.SpanID.IsZero() {
			texts = append(texts, r.SpanID.String())
		}
		for _, a := range r.Attrs {
			texts = append(texts, a.Value.Text())
		}
		return slices.ContainsFunc(texts, func(s string) bool { return textMatches(n.Pattern, s) })
	case *logs.Field:
		return oracleField(n, r)
	}
	return true
}

var compileds = map[string]*regexp.Regexp{}

func compiled(expr string) *regexp.Regexp {
	re := compileds[expr]
	if re == nil {
		re = regexp.MustCompile(expr)
		compileds[expr] = re
	}
	return re
}

// textMatches says what a text's pattern means, by a regular expression.
func textMatches(p logs.Pattern, s string) bool {
	if p.Kind == logs.Regexp {
		expr := p.Text
		if p.Fold {
			expr = "(?i)" + expr
		}
		return compiled(expr).MatchString(s)
	}
	expr := regexp.QuoteMeta(p.Text)
	if p.Kind == logs.Glob {
		expr = strings.ReplaceAll(expr, `\*`, `\S*`)
	}
	if compiled(`^[\pL\p{Nd}_]`).MatchString(p.Text) {
		expr = `(^|[^\pL\p{Nd}_])` + expr
	}
	if compiled(`[\pL\p{Nd}_]$`).MatchString(p.Text) {
		expr += `([^\pL\p{Nd}_]|$)`
	}
	return compiled("(?i)" + expr).MatchString(s)
}

func oracleField(n *logs.Field, r *store.Record) bool {
	if n.Name == "line" {
		if n.Op == logs.Contains {
			return strings.Contains(r.Line(), n.Pattern.Text)
		}
		return textMatches(n.Pattern, r.Line())
	}
	values := oracleValues(n.Name, r)
	switch {
	case n.Name == "level":
		return oracleLevel(n, r.Level)
	case n.Name == "msg" && n.Op == logs.Is:
		return textMatches(n.Pattern, r.Message())
	case n.Op == logs.Exists:
		return len(values) > 0
	}
	for _, v := range values {
		if v.Kind == store.KindList && n.Op == logs.Is {
			for _, item := range v.In() {
				if oracleValue(n, item.Value) {
					return true
				}
			}
		}
		if oracleValue(n, v) {
			return true
		}
	}
	return false
}

func oracleValues(name string, r *store.Record) []store.Value {
	var out []store.Value
	if v, ok := r.Lookup(name); ok && slices.Contains([]string{"service", "msg", "trace_id", "span_id"}, name) {
		out = append(out, v)
	}
	lists := []store.Attrs{r.Attrs}
	if r.Resource != nil {
		lists = append(lists, r.Resource.Attrs)
	}
	if r.Scope != nil {
		lists = append(lists, r.Scope.Attrs)
	}
	for _, list := range lists {
		for _, a := range list {
			if a.Key == name || logs.LabelName(a.Key) == name {
				out = append(out, a.Value)
			}
		}
	}
	return out
}

func oracleValue(n *logs.Field, v store.Value) bool {
	text := v.Text()
	switch n.Op {
	case logs.Is:
		switch n.Pattern.Kind {
		case logs.Glob:
			return compiled("(?s)^" + strings.ReplaceAll(regexp.QuoteMeta(n.Pattern.Text), `\*`, ".*") + "$").MatchString(text)
		case logs.Regexp:
			return textMatches(n.Pattern, text)
		}
		return text == n.Pattern.Text
	case logs.Equal:
		return text == n.Pattern.Text
	case logs.Contains:
		return strings.Contains(text, n.Pattern.Text)
	}
	var a, b float64
	if d, err := time.ParseDuration(n.Pattern.Text); err == nil && n.Pattern.Text != "0" {
		a = float64(d)
		if f, ok := v.Number(); ok {
			b = f * 1e6
		} else if d, err := time.ParseDuration(text); err == nil {
			b = float64(d)
		} else {
			return false
		}
	} else {
		fmt.Sscan(n.Pattern.Text, &a)
		f, ok := v.Number()
		if !ok {
			return false
		}
		b = f
	}
	switch n.Op {
	case logs.Less:
		return b < a
	case logs.LessEqual:
		return b <= a
	case logs.Greater:
		return b > a
	case logs.GreaterEqual:
		return b >= a
	}
	var to float64
	fmt.Sscan(n.To, &to)
	return a <= b && b <= to
}

func oracleLevel(n *logs.Field, l store.Level) bool {
	slot := store.LevelSlot(l)
	want := slices.Index(store.LevelNames[:], n.Pattern.Text) + 1
	switch n.Op {
	case logs.Exists:
		return slot > 0
	case logs.GreaterEqual:
		return slot >= want
	case logs.Less:
		return slot > 0 && slot < want
	}
	return slot == want
}

var oracleWords = []string{"pool", "Timeout", "connection", "refused", "planner", "re_try", "GET", "/api/tasks", "12", "5ms", "100%", "ünïcode", "a-b"}

func pick[T any](rnd *rand.Rand, from []T) T { return from[rnd.IntN(len(from))] }

func randomText(rnd *rand.Rand) string {
	var parts []string
	for range 1 + rnd.IntN(5) {
		parts = append(parts, pick(rnd, oracleWords))
	}
	return strings.Join(parts, pick(rnd, []string{" ", " ", ": ", "-", ""}))
}

var oracleFields = []string{"took", "n", "http.route", "user.id", "tags", "host.name", "lib", "k v", "\x01odd"}

func randomValue(rnd *rand.Rand, depth int) store.Value {
	switch n := rnd.IntN(10); {
	case n < 3:
		return store.String(randomText(rnd))
	case n < 5:
		return store.Int(int64(rnd.IntN(20)))
	case n == 5:
		return store.Float(float64(rnd.IntN(40)) / 4)
	case n == 6:
		return store.String(fmt.Sprintf("%dms", rnd.IntN(20)))
	case n == 7 && depth < 3:
		return store.List(randomValue(rnd, depth+1), randomValue(rnd, depth+1))
	case n == 8 && depth < 3:
		return store.Map(store.Attrs{{Key: "in", Value: randomValue(rnd, depth+1)}})
	case n == 9:
		return pick(rnd, []store.Value{{}, store.Bool(true), store.String(""), store.Bytes([]byte{1, 2, 255})})
	}
	return store.String(pick(rnd, oracleWords))
}

func randomAttrs(rnd *rand.Rand, most int) store.Attrs {
	var out store.Attrs
	for range rnd.IntN(most) {
		out = append(out, store.Attr{Key: pick(rnd, oracleFields), Value: randomValue(rnd, 0)})
	}
	return out
}

// randomRecord has the time of its number n, with some of equal time.
func randomRecord(rnd *rand.Rand, n int) store.Record {
	r := store.Record{Time: scriptStart.UnixNano() + int64(n/3)*int64(time.Second)}
	if rnd.IntN(3) == 0 {
		r.SetLine(fmt.Sprintf(`{"level":%q,"msg":%q,"http":{"route":"/api/tasks"},"n":%d,"took":"%dms"}`,
			pick(rnd, store.LevelNames[:]), randomText(rnd), rnd.IntN(20), rnd.IntN(20)))
	} else {
		r.Body = pick(rnd, []store.Value{store.String(randomText(rnd)), store.String(randomText(rnd)), randomValue(rnd, 0)})
		r.Level = store.Level(rnd.IntN(26))
		r.LevelText = pick(rnd, []string{"", "x", "WARN"})
	}
	r.Attrs = append(r.Attrs, randomAttrs(rnd, 5)...)
	r.Service = pick(rnd, []string{"", "planner-api", "planner-web", "db"})
	r.EventName = pick(rnd, []string{"", "", "pool"})
	r.Dropped, r.Flags = uint32(rnd.IntN(2)), uint32(rnd.IntN(3))
	r.Observed = pick(rnd, []int64{0, r.Time + 5})
	if rnd.IntN(2) == 0 {
		r.TraceID[15], r.SpanID[0] = byte(1+rnd.IntN(3)), 7
	}
	if rnd.IntN(2) == 0 {
		r.Resource = &store.Resource{Attrs: append(randomAttrs(rnd, 3), store.Attr{Key: "host.name", Value: store.String("node-b")}), SchemaURL: pick(rnd, []string{"", "s"}), Dropped: 1}
	}
	if rnd.IntN(4) == 0 {
		r.Scope = &store.Scope{Name: "lib", Version: pick(rnd, []string{"", "1"}), Attrs: randomAttrs(rnd, 2)}
	}
	return r
}

func randomQuery(rnd *rand.Rand, depth int) string {
	word := func() string { return `"` + strings.ReplaceAll(pick(rnd, oracleWords), `"`, ``) + `"` }
	field := func() string {
		return pick(rnd, []string{"took", "n", "http.route", "http_route", "user_id", "tags", "host.name", `"k v"`, "service", "lib", "\"\x01odd\""})
	}
	if depth < 3 && rnd.IntN(3) > 0 {
		a, b := randomQuery(rnd, depth+1), randomQuery(rnd, depth+1)
		return pick(rnd, []string{a + " " + b, a + " or " + b, "(" + a + ") and (" + b + ")", "(" + a + " or " + b + ")", "-(" + a + ")", "not " + b})
	}
	switch rnd.IntN(14) {
	case 0:
		return "level:" + pick(rnd, []string{"", ">=", "<"}) + pick(rnd, store.LevelNames[:])
	case 1:
		return field() + ":" + pick(rnd, []string{">", ">=", "<", "<="}) + pick(rnd, []string{"5", "5ms", "0", "12"})
	case 2:
		return field() + ":3..12"
	case 3:
		return field() + ":*"
	case 4:
		return field() + ":" + pick(rnd, []string{"planner-*", "*5*", "p*l", "/api/*"})
	case 5:
		return field() + ":" + pick(rnd, []string{"/^p/", "/POOL/i", "/[0-9]ms/"})
	case 6:
		return field() + ":" + pick(rnd, []string{"", "=", "~"}) + word()
	case 7:
		return "msg:" + word()
	case 8:
		return pick(rnd, []string{"line:~", "line:"}) + word()
	case 9:
		return pick(rnd, []string{"conn*", "*out", "p*l", "re*"})
	case 10:
		return pick(rnd, []string{"/pool|refused/", "/TIMEOUT/i"})
	case 11:
		return pick(rnd, []string{"trace_id:*", "level:*", "trace_id:00000000000000000000000000000002"})
	}
	return word()
}

// normal is a record as it comes back: empty things are nil.
func normal(r store.Record) string {
	show := func(a store.Attrs) string { return store.Map(a).Text() + kinds(store.Map(a)) }
	s := fmt.Sprintf("%d %d %d %q %q %s%s %q %v %v %d %s %d %q", r.Time, r.Observed, r.Level, r.LevelText, r.Service,
		r.Body.Text(), kinds(r.Body), r.EventName, r.TraceID, r.SpanID, r.Flags, show(r.Attrs), r.Dropped, r.Raw)
	if r.Resource != nil {
		s += fmt.Sprintf(" resource %s %d %q", show(r.Resource.Attrs), r.Resource.Dropped, r.Resource.SchemaURL)
	}
	if r.Scope != nil {
		s += fmt.Sprintf(" scope %q %q %s %d %q", r.Scope.Name, r.Scope.Version, show(r.Scope.Attrs), r.Scope.Dropped, r.Scope.SchemaURL)
	}
	return s
}

func kinds(v store.Value) string {
	s := fmt.Sprint(v.Kind)
	for _, a := range v.In() {
		s += fmt.Sprintf("[%q%s]", a.Key, kinds(a.Value))
	}
	return s
}

// inStates runs a test on the same records where some lie in the head and some
// in flushed parts, after a restart, and when all lie in parts.
func inStates(t *testing.T, records []store.Record, test func(t *testing.T, s *logs.Store)) {
	dir := t.TempDir()
	s, flushed := running(t, dir, events.Options{HeadBytes: 48 << 10, MaxBlockRows: 50, HeadAge: time.Hour})
	n := 0
	for batch := range slices.Chunk(records, 20) {
		err := s.Append(context.Background(), batch)
		for ; errors.Is(err, store.ErrOverloaded); err = s.Append(context.Background(), batch) {
			n += <-flushed
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for n == 0 {
		n = <-flushed
	}
	t.Run("head and parts", func(t *testing.T) { test(t, s.Store) })
	s.stop()
	for len(flushed) > 0 {
		n += <-flushed
	}
	if n == 0 || n == len(records) {
		t.Errorf("%d of %d records flushed: nothing is left in the head", n, len(records))
	}
	s, flushed = running(t, dir, events.Options{MaxBlockRows: 50, HeadAge: 1})
	t.Run("restarted", func(t *testing.T) { test(t, s.Store) })
	for n < len(records) {
		n += <-flushed
	}
	t.Run("parts", func(t *testing.T) { test(t, s.Store) })
}

type runningStore struct {
	*logs.Store
	stop func()
}

// running opens a store that runs until stop, and tells what it flushes.
func running(t *testing.T, dir string, eo events.Options) (runningStore, chan int) {
	t.Helper()
	flushed := make(chan int, 1000)
	o := logs.Options{LogQL: logql.Parse}
	o.Events.Flushed = func(rows int, _ int64, _ time.Duration) { flushed <- rows }
	o.Events.Failed = func(what string, err error) { t.Errorf("%s: %v", what, err) }
	s, err := logs.OpenTuned(dir, o, eo)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { s.Run(ctx); close(done) }()
	stop := sync.OnceFunc(func() {
		cancel()
		<-done
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return runningStore{s, stop}, flushed
}

func TestSearchAgreesWithTheOracle(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	records := make([]store.Record, 400)
	for i := range records {
		records[i] = randomRecord(rnd, i)
	}
	queries := make([]store.LogQuery, 120)
	for i := range queries {
		from := scriptStart.Add(time.Duration(rnd.IntN(100)) * time.Second)
		queries[i] = store.LogQuery{Text: randomQuery(rnd, 0), Range: store.Between(from, from.Add(time.Duration(rnd.IntN(200))*time.Second)),
			Oldest: rnd.IntN(2) == 0, Limit: pick(rnd, []int{0, 0, 1, 20})}
	}
	found := 0
	inStates(t, records, func(t *testing.T, s *logs.Store) {
		for _, q := range queries {
			want := oracleSearch(t, records, q)
			got := search(t, s, q)
			found += len(got)
			if !slices.Equal(got, want) {
				t.Fatalf("%s (%+v): got %d records, want %d\ngot  %.300s\nwant %.300s", q.Text, q, len(got), len(want), first(got, want), first(want, got))
			}
			volumeAgrees(t, s, records, q)
		}
	})
	if found < 5000 {
		t.Errorf("only %d records found by all queries: the test says little", found)
	}
}

// first is the first of a that b has not at the same place.
func first(a, b []string) string {
	for i := range a {
		if i >= len(b) || a[i] != b[i] {
			return a[i]
		}
	}
	return "none"
}

func oracleSearch(t *testing.T, records []store.Record, q store.LogQuery) []string {
	n, err := logs.Parse(q.Text)
	if err != nil {
		t.Fatalf("%s: %v", q.Text, err)
	}
	var out []string
	for i := range records {
		r := &records[i]
		if !q.Oldest {
			r = &records[len(records)-1-i]
		}
		if q.Range.Has(r.Time) && oracle(n, r) && (q.Limit == 0 || len(out) < q.Limit) {
			out = append(out, normal(*r))
		}
	}
	return out
}

func search(t *testing.T, s *logs.Store, q store.LogQuery) []string {
	var out []string
	for r, err := range s.Search(context.Background(), q) {
		if err != nil {
			t.Fatalf("%s: %v", q.Text, err)
		}
		out = append(out, normal(r))
	}
	return out
}

func volumeAgrees(t *testing.T, s *logs.Store, records []store.Record, q store.LogQuery) {
	n, _ := logs.Parse(q.Text)
	const step = 7 * time.Second
	got, err := s.Volume(context.Background(), q, step)
	if err != nil {
		t.Fatal(err)
	}
	want := map[int64][7]int64{}
	for i := range records {
		if r := &records[i]; q.Range.Has(r.Time) && oracle(n, r) {
			b := want[r.Time/int64(step)]
			b[store.LevelSlot(r.Level)]++
			want[r.Time/int64(step)] = b
		}
	}
	for i, b := range got {
		if b.Start%int64(step) != 0 || i > 0 && b.Start != got[i-1].Start+int64(step) {
			t.Fatalf("bucket %d begins at %d", i, b.Start)
		}
		if b.Counts != want[b.Start/int64(step)] {
			t.Fatalf("%s: bucket %d: got %v, want %v", q.Text, i, b.Counts, want[b.Start/int64(step)])
		}
		delete(want, b.Start/int64(step))
	}
	if len(want) > 0 {
		t.Fatalf("%s: no buckets for %v", q.Text, want)
	}
}
