package pages

import (
	"strings"
	"testing"
	"time"

	"tripod/store"
	"tripod/store/logs/logql"
)

// oddLines are of shippers that know little of levels, ids and messages.
func oddLines() []store.Record {
	at := noon.Add(-time.Minute).UnixNano()
	named := func(k, v string) store.Attr { return store.Attr{Key: k, Value: store.String(v)} }
	odd := store.Record{Time: at, Service: "a", Level: store.LevelError, LevelText: "ERR", Body: store.String("odd"),
		Attrs: store.Attrs{named("level", "banana"), named("trace_id", "t-1")}}
	same := store.Record{Time: at + 1, Service: "a", Level: store.LevelError, LevelText: "ERR", Body: store.String("same"),
		Attrs: store.Attrs{named("level", "ERR")}}
	mute := store.Record{Time: at + 2, Service: "mute"}
	mute.SetLine(`{"n":7}`)
	return []store.Record{odd, same, mute}
}

func TestOddLevelsAndIDsAreShown(t *testing.T) {
	s := keep(t, oddLines())
	h := screenOf(t, Options{Logs: s, Patterns: s, Words: s, LogQL: logql.New(s)})
	open := func(q string) string {
		body := ask(h, "/logs?q="+q).Body.String()
		_, id, _ := strings.Cut(body, `class="lr `)
		_, id, _ = strings.Cut(id, `id="`)
		id, _, _ = strings.Cut(id, `"`)
		return ask(h, "/logs?q="+q+"&sel="+id).Body.String()
	}
	says(t, "odd", open("odd"), "level as sent", ">banana<", "trace_id as sent", ">t-1<")
	says(t, "same", open("same"), "Line as sent", "!level as sent")
}

func TestPatternWithoutMessage(t *testing.T) {
	s := keep(t, oddLines())
	h := screenOf(t, Options{Logs: s, Patterns: s, Words: s, LogQL: logql.New(s)})
	says(t, "patterns", ask(h, "/logs?view=patterns").Body.String(), "no message", "/logs?filter=-msg%3A%2A")
	body := ask(h, "/logs?filter=-msg%3A%2A").Body.String()
	says(t, "its lines", body, "1 line in", ">mute<")
}
