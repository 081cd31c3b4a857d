package store

import "testing"

func TestQueryErrorsSayWhere(t *testing.T) {
	for want, e := range map[string]QueryError{
		"wrong at position 3":                {Query: "a wrong", Pos: 2, Msg: "wrong"},
		"wrong at position 1: right?":        {Msg: "wrong", Hint: "right?"},
		"wrong at line 2, column 3":          {Query: "ünï\nä wrong", Pos: 9, Msg: "wrong"},
		"wrong at line 3, column 1":          {Query: "a\n\n", Pos: 3, Msg: "wrong"},
		"wrong at line 2, column 1: a hint.": {Query: "a\n", Pos: 77, Msg: "wrong", Hint: "a hint."},
	} {
		if got := e.Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
