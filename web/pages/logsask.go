package pages

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"tripod/store"
	"tripod/ui"
)

// logAsk is a question of the screen: what was typed, and the search line of
// the scope and the filters, which narrows it.
type logAsk struct {
	st      State // its range is the brush where there is one
	whole   State // without the brush
	brushed bool
	typed   string
	syntax  store.Syntax
	metric  bool // LogQL that asks for numbers
	filters []string
	narrow  string
	view    string // "", patterns, fields or compare
	oldest  bool
	after   place          // the list begins behind it
	before  place          // the list ends in front of it
	around  place          // the list is the stream around it, whatever the query
	rows    int            // lines of a page
	receipt *store.Receipt // of the lines; nil asks for none
	live    bool           // new lines come by themselves
	host    string         // under which the reader reached us
}

func (p *Pages) logAsk(r *http.Request) logAsk {
	st := p.state(r)
	st.tidy()
	st.Path = "/logs"
	if st.Query = strings.TrimSpace(st.Query); st.Query != "" {
		st.Values.Set("q", st.Query)
	} else {
		st.Values.Del("q")
	}
	a := logAsk{st: st, typed: st.Query, oldest: st.Sort == "oldest", rows: logRows, host: r.Host}
	for name, pl := range map[string]*place{"cursor": &a.after, "before": &a.before, "around": &a.around} {
		*pl = parsePlace(st.Values.Get(name))
		st.Values.Del(name) // of another query they would be nonsense
	}
	if p.o.LogStream == nil {
		a.around = place{}
	}
	st.Values.Del("at")
	var problems []string
	a.filters, problems = filters(a.st.Values["filter"])
	a.st.Problems = append(a.st.Problems, problems...)
	a.addFilter()
	if a.st.Values.Del("filter"); len(a.filters) > 0 {
		a.st.Values["filter"] = a.filters
	}
	a.narrow = narrowLine(st.Services, a.filters)
	if v := a.st.View; v == viewPatterns || v == viewFields || v == viewCompare {
		a.view = v
	}
	a.takeBrush()
	p.takeSyntax(&a)
	if a.live = a.st.Values.Get("live") != "" && a.mayLive() && a.view == "" && !a.metric; !a.live {
		a.st.Values.Del("live")
		a.whole.Values.Del("live")
	}
	return a
}

// scopeLine is the search line of the services of the scope; empty for all.
func scopeLine(services []string) string {
	if len(services) == 0 {
		return ""
	}
	return anyOf("service", services)
}

// mayLive says whether the list's top moves along with now.
func (a *logAsk) mayLive() bool {
	return a.st.Moving() && !a.oldest && !a.context() && a.after.zero() && a.before.zero()
}

// with is this list's address with names set to values, given in pairs; the
// links of a State lead to the top of a list.
func (a *logAsk) with(pairs ...string) string {
	return a.st.With(append(pairs, "around", a.around.String())...)
}

// self is the address of this very page.
func (a *logAsk) self() string {
	return a.with("cursor", a.after.String(), "before", a.before.String())
}

// context says that the stream around a line is asked for.
func (a *logAsk) context() bool { return !a.around.zero() }

func (a *logAsk) query(text string) store.LogQuery {
	return store.LogQuery{Text: text, Syntax: a.syntax, Narrow: a.narrow, Range: a.st.Range, Oldest: a.oldest}
}

// problem is the error of a query in the words of what was typed, or nil.
func (a *logAsk) problem(err error) *ui.QueryProblem {
	var qe *store.QueryError
	if !errors.As(err, &qe) {
		return nil
	}
	if qe.Query != a.typed && qe.Query == a.narrow {
		problem := queryProblem(a.narrow, qe)
		problem.Text = "A filter cannot be read: " + problem.Text
		return problem
	}
	return queryProblem(a.typed, qe)
}

func queryProblem(typed string, qe *store.QueryError) *ui.QueryProblem {
	out := &ui.QueryProblem{Text: sentence(qe.Msg) + " at position " + strconv.Itoa(qe.Pos+1) + ".", Hint: sentence(qe.Hint)}
	out.Before, out.Wrong, out.After = ui.CutQuery(typed, qe.Pos, qe.End)
	if out.Wrong == "" && typed != "" {
		out.Before, out.Wrong = typed, " "
	}
	return out
}

// sentence starts with a capital, as everything that the screens say.
func sentence(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}

// tidy drops what a form sends empty, so that addresses stay short.
func (st *State) tidy() {
	for name, all := range st.Values {
		if name == "q" && len(all) > 1 {
			continue // an empty query box of several stays
		}
		if !slices.ContainsFunc(all, func(s string) bool { return s != "" }) {
			st.Values.Del(name)
		}
	}
}

// pushTidy makes htmx put the tidy address into the history.
func pushTidy(w http.ResponseWriter, r *http.Request, self string) {
	if r.Header.Get("HX-Request") == "true" {
		w.Header().Set("HX-Push-Url", self)
	}
}

// withoutService is the view with one service less in the scope.
func (st *State) withoutService(name string) string {
	v := clone(st.Values)
	v["service"] = slices.DeleteFunc(v["service"], func(s string) bool { return s == name })
	return address(st.Path, v)
}
