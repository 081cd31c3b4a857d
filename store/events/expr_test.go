package events

import (
	"regexp"
	"testing"

	"tripod/store"
)

func testEvent() *Event {
	return &Event{Time: 1, Class: 3, Fields: []Field{
		{"msg", store.String("Connection REFUSED by db-7: naïve Übung_2")},
		{"status", store.Int(503)},
		{"took", store.Float(1.5)},
		{"text", store.String("42")},
		{"ok", store.Bool(true)},
		{"tags", store.List(store.String("a"), store.Int(9))},
		{"twice", store.String("one")},
		{"twice", store.String("two")},
	}}
}

func TestExprMatch(t *testing.T) {
	all := Not{Or(nil)}
	for name, c := range map[string]struct {
		x    Expr
		want bool
	}{
		"word ignores case":                {Word{Text: "refused"}, true},
		"word is whole":                    {Word{Text: "refuse"}, false},
		"word beyond ASCII":                {Word{Text: "übung_2"}, true},
		"word of a number":                 {Word{Text: "503"}, true},
		"word of a truth":                  {Word{Text: "TRUE"}, true},
		"word in a list":                   {Word{Text: "9"}, true},
		"word in other field":              {Word{[]string{"text"}, "refused"}, false},
		"phrase":                           {Phrase{Text: "refused BY db"}, true},
		"phrase begins inside a token":     {Phrase{Text: "fused by"}, false},
		"phrase ends inside a token":       {Phrase{Text: "by d"}, false},
		"phrase beyond ASCII":              {Phrase{Text: "NAÏVE übung_2"}, true},
		"phrase with edges of punctuation": {Phrase{Text: "-7: "}, true},
		"equal":                            {Equal{"status", "503"}, true},
		"equal is exact":                   {Equal{"msg", "connection"}, false},
		"equal any of a repeated name":     {Equal{"twice", "two"}, true},
		"one of":                           {OneOf{"status", map[string]bool{"503": true}}, true},
		"one of none":                      {OneOf{Field: "status"}, false},
		"substring":                        {Substring{Text: "USED"}, true},
		"substring with case":              {Substring{Text: "used"}, false},
		"substring folded":                 {Substring{Text: "used BY", Fold: true}, true},
		"substring folded beyond ASCII":    {Substring{Text: "ÏVE ü", Fold: true}, true},
		"substring of other field":         {Substring{[]string{"took", "text"}, "used", true}, false},
		"regexp":                           {Regexp{nil, regexp.MustCompile(`db-\d`)}, true},
		"compare int":                      {Compare{"status", OpGreaterEqual, 500}, true},
		"compare float":                    {Compare{"took", OpLess, 1.5}, false},
		"compare text":                     {Compare{"text", OpEqual, 42}, true},
		"compare what is no number":        {Compare{"msg", OpLess, 1e9}, false},
		"exists":                           {Exists{"tags"}, true},
		"exists not":                       {Exists{"tag"}, false},
		"class":                            {ClassIn(1 << 3), true},
		"other class":                      {ClassIn(^uint8(1 << 3)), false},
		"empty and":                        {And{}, true},
		"empty or":                         {Or{}, false},
		"and":                              {And{all, Exists{"x"}}, false},
		"or":                               {Or{Exists{"x"}, all}, true},
		"func":                             {Func{Fn: func(e *Event) bool { return e.Time == 1 }}, true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.x.Match(testEvent()); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}
