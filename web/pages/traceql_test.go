package pages

import (
	"errors"
	"strings"
	"testing"

	"tripod/store"
	"tripod/store/traces/traceql"
)

// What is written with a query's conditions can be read, and says the same.
func TestWithConditions(t *testing.T) {
	for _, c := range []struct {
		text     string
		q        store.TraceQuery
		services []string
		want     string
	}{
		{`{ name = "a" }`, store.TraceQuery{}, nil, `{ name = "a" }`},
		{`{ name = "a" }`, store.TraceQuery{Errors: true}, nil, `({ name = "a" }) && {status=error}`},
		{` {} | count() > 1`, store.TraceQuery{Operation: `GET "/"`}, []string{"web"}, `({} | count() > 1) && {resource.service.name="web" && name="GET \"/\""}`},
		{`{}`, store.TraceQuery{Errors: true}, []string{"a.b", "c"}, `({}) && {resource.service.name=~"a\\.b|c"} && {status=error}`},
	} {
		got := withConditions(c.text, c.q, c.services)
		if got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
		if _, err := traceql.Parse(got); err != nil {
			t.Errorf("%s: %v", got, err)
		}
	}
}

func TestWrongQueryIsShownAsTyped(t *testing.T) {
	for _, typed := range []string{`{ bad }`, ` { name = }`, `{ name = "a" } | nope()`} {
		_, alone := traceql.Parse(typed)
		_, with := traceql.Parse(withConditions(typed, store.TraceQuery{Errors: true}, nil))
		a, okA := wrongQuery(typed, alone)
		w, okW := wrongQuery(typed, with)
		if !okA || !okW || a.Query != typed || w.Query != typed || a.Pos != w.Pos || a.Msg != w.Msg {
			t.Errorf("%s: alone %+v, with conditions %+v", typed, a, w)
		}
	}
	if _, ok := wrongQuery("{}", errors.New("torn")); ok {
		t.Error("damage is no wrong query")
	}
}

func TestTraceqlSpot(t *testing.T) {
	for head, want := range map[string]spot{
		`{ `:                               {kind: spotLabel},
		`{ span.ht`:                        {kind: spotLabel, typed: "span.ht"},
		`{ name = "x" && res`:              {kind: spotLabel, typed: "res"},
		`{ (na`:                            {kind: spotLabel, typed: "na"},
		`{ span.http.route = "/a`:          {kind: spotValue, label: "span.http.route", typed: "/a"},
		`{ span.http.route=~"`:             {kind: spotValue, label: "span.http.route"},
		`{ name = "a\"b`:                   {kind: spotValue, label: "name", typed: `a\"b`},
		"{ name = `":                       {kind: spotValue, label: "name"},
		`{ name `:                          {},
		`{ duration > 5`:                   {},
		`{} | co`:                          {kind: spotStage, typed: "co"},
		`{} | by(sp`:                       {kind: spotLabel, typed: "sp"},
		`{} || `:                           {},
		`{ name = "a" } `:                  {},
		`{ name = "a" } >> { resource.ser`: {kind: spotLabel, typed: "resource.ser"},
		``:                                 {},
	} {
		if got := traceqlSpot(head); got != want {
			t.Errorf("%s: got %+v, want %+v", head, got, want)
		}
	}
}

func FuzzTraceqlSpot(f *testing.F) {
	f.Add(`{ span.http.route = "/a`)
	f.Add("{} | by(")
	f.Fuzz(func(t *testing.T, head string) {
		if got := traceqlSpot(head); !strings.HasSuffix(head, got.typed) {
			t.Errorf("%q is not at the end of %q", got.typed, head)
		}
	})
}
