package logs_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"tripod/store"
	"tripod/store/logs"
)

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
	switch rnd.IntN(15) {
	case 14:
		return (&logs.Field{Name: "msg.pattern", Pattern: logs.Pattern{Text: logs.ShapeText(randomText(rnd))}}).String()
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
