package pages

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestRuleQueries holds that what is written beside each other is stored as
// PromQL, and found there again.
func TestRuleQueries(t *testing.T) {
	for expr, want := range map[string]ruleQuery{
		"{__logql__=`sum(count_over_time({level=\"error\"} [5m]))`} > 10":       {lang: "logql", text: `sum(count_over_time({level="error"} [5m]))`, op: ">", limit: "10"},
		"{__traceql__=`{ status = error } | rate()`, __range__=\"10m\"} <= 0.5": {lang: "traceql", text: "{ status = error } | rate()", over: "10m", op: "<=", limit: "0.5"},
		`{__logql__="count_over_time({a=\"b\"} |~ ` + "`x`" + ` [5m])"}`:        {lang: "logql", text: "count_over_time({a=\"b\"} |~ `x` [5m])"},
		"{__logql__=\"sum(rate({a=\\\"b\\\"} |= `x`\\n [1m]))\"} != -1":         {lang: "logql", text: "sum(rate({a=\"b\"} |= `x`\n [1m]))", op: "!=", limit: "-1"},
	} {
		if got := readRuleQuery(expr); got != want {
			t.Errorf("%s: got %+v, want %+v", expr, got, want)
		}
		if got := want.expr(); got != expr {
			t.Errorf("%+v: got %s, want %s", want, got, expr)
		}
	}
	if got := readRuleQuery("3 < ({__logql__=`x`})"); got.op != ">" || got.limit != "3" || got.text != "x" {
		t.Errorf("the other way round: %+v", got)
	}
	for _, expr := range []string{
		"up > 3", "sum({__logql__=`x`}) > 3", "{__logql__=`x`} offset 5m > 3", "{__logql__=`x`} > bool 3", "{__logql__=`x`} > 3 and up", "{__logql__=`x`} > up",
		"{__logql__=~`x`} > 3", "{__logql__=`x`, job=\"y\"} > 3", "{__logql__=`x`, __range__=\"5m\"} > 3", "x{__logql__=`x`}", "{__logql__=`x`, __traceql__=`y`}", "not promql (", "",
	} {
		if got := readRuleQuery(expr); got != (ruleQuery{lang: "promql"}) {
			t.Errorf("%s: got %+v, want PromQL", expr, got)
		}
	}
}

// TestFormsKeepTheNumber holds that what a form shows of a stored rule is saved
// as the same comparison, and that what its fields cannot hold stays PromQL.
func TestFormsKeepTheNumber(t *testing.T) {
	for limit, lang := range map[string]string{
		"10": "logql", "-1": "logql", "0.005": "logql", "1e3": "logql", "1_000": "logql", "Inf": "logql", "1234567.5": "logql",
		"6 * 0.005": "promql", "-(3)": "promql", "010": "promql", "0x10": "promql", "5m": "promql", "NaN": "promql",
	} {
		expr := "{__logql__=`x`} >= " + limit
		before, ok := splitComparison(nil, expr)
		q := formQuery(expr)
		if q.lang != lang || !ok {
			t.Errorf("%s opens as %s, %t", expr, q.lang, ok)
			continue
		}
		if lang == "promql" {
			continue
		}
		fields := map[string]string{"lang": q.lang, "op": q.op, "than": q.limit, "over": q.over}
		typed, fault := typedRuleQuery(func(name string) string { return fields[name] }, func(string) string { return q.text })
		after, ok := splitComparison(nil, typed.expr())
		if fault != nil || !ok || after.limit != before.limit || after.op != before.op || after.plain != before.plain {
			t.Errorf("%s is saved as %s, %v", expr, typed.expr(), fault)
		}
	}
	if got, want := exprShown("{__logql__=`x`} > 6 * 0.005"), "x > 6 * 0.005"; got != want {
		t.Errorf("shown as %s, want %s", got, want)
	}
}

// TestTypedNumbersAreStoredWhole holds that no digit of a number is lost, nor
// one read by PromQL as another.
func TestTypedNumbersAreStoredWhole(t *testing.T) {
	for typed, want := range map[string]string{
		"1234567,5": "> 1234567.5", "1234567.5": "> 1234567.5", "12.3456789 %": "> 0.123456789", "0,05": "> 0.05", "010": "> 10", "1e3": "> 1e3", "1,000": "", "many": "",
	} {
		fields := map[string]string{"lang": "logql", "than": typed}
		q, fault := typedRuleQuery(func(name string) string { return fields[name] }, func(string) string { return "x" })
		if fault != nil && want == "" {
			continue
		}
		if got := q.expr(); fault != nil || got != "{__logql__=`x`} "+want {
			t.Errorf("%q is stored as %s, %v, want %s", typed, got, fault, want)
		}
	}
}

// FuzzRuleQuery: a text of any form is found again in what is stored.
func FuzzRuleQuery(f *testing.F) {
	f.Add("sum(rate({a=\"b\"} |= `x` [1m]))", "10m", 1, true)
	f.Add("{ name = \"\\`\" } | rate()", "", 4, false)
	f.Add("\u00a0\x00\n\\`\"", "5m", 0, true)
	f.Fuzz(func(t *testing.T, text, over string, op int, spans bool) {
		q := ruleQuery{lang: "logql", text: text, op: ruleOps[max(op, 0)%len(ruleOps)], limit: "0.5"}
		if spans {
			q.lang, q.over = "traceql", over
		}
		expr := q.expr()
		if _, err := parsePromQL(nil, expr); err != nil {
			return // no text, which the check names
		}
		if got := readRuleQuery(expr); got != q {
			t.Errorf("%+v is stored as %s and read as %+v", q, expr, got)
		}
	})
}

func TestARuleInLogQL(t *testing.T) {
	h, d := ruleDesk(t)
	fields := func(pairs ...string) string {
		return ruleFields(append([]string{"expr", "", "lang", "logql", "logql", `sum(count_over_time({level="error"} |= ` + "`a`" + ` [5m]))`, "op", ">=", "than", "5 %"}, pairs...)...)
	}
	w := sendTo(h, "POST", "/alerts/new", form, fields())
	if w.Code != http.StatusSeeOther {
		t.Fatalf("answered %d: %s", w.Code, w.Body)
	}
	all, _ := d.Rules(t.Context())
	want := `{__logql__="sum(count_over_time({level=\"error\"} |= ` + "`a`" + ` [5m]))"} >= 0.05`
	if len(all) != 1 || all[0].Expr != want {
		t.Fatalf("stored %+v, want %s", all, want)
	}
	_, _, page := pageOf(t, h, "/alerts/edit/"+all[0].ID)
	wants(t, page, `value="logql" checked`, "sum(count_over_time({level=&#34;error&#34;} |= `a` [5m]))</textarea>", `<option value="&gt;=" selected`, `value="0.05"`)
	_, _, page = pageOf(t, h, "/alerts?sel=Slow")
	wants(t, page, "sum(count_over_time({level=&#34;error&#34;} |= `a` [5m])) &gt;= 0.05</code>")

	w = sendTo(h, "POST", "/alerts/preview?part=look", form, fields("than", "many"))
	wants(t, w.Body.String(), "Compared with ", "want a number")
	w = sendTo(h, "POST", "/alerts/preview?part=look", form, fields("than", ""))
	wants(t, w.Body.String(), "It compares with no number")
	w = sendTo(h, "POST", "/alerts/preview?part=look", form, fields())
	wants(t, w.Body.String(), "data-beside", `data-expr="{__logql__=`)
	w = sendTo(h, "POST", "/alerts/preview?part=look", form, fields("logql", " "))
	wants(t, w.Body.String(), "Write an expression to see it here")

	// who chooses PromQL writes what is stored
	w = sendTo(h, "POST", "/alerts/edit/"+all[0].ID, form, ruleFields("lang", "promql", "expr", "sum("+want[:len(want)-len(" >= 0.05")]+") > 3", "base", "1"))
	if all, _ = d.Rules(t.Context()); w.Code != http.StatusSeeOther || !strings.HasPrefix(all[0].Expr, "sum({__logql__") {
		t.Errorf("answered %d, stored %s", w.Code, all[0].Expr)
	}
	_, _, page = pageOf(t, h, "/alerts/new?lang=traceql&traceql="+url.QueryEscape("{ status = error } | rate()")+"&than=2&over=10m")
	wants(t, page, `value="traceql" checked`, `name="over" value="10m"`, "{ status = error } | rate()</textarea>")
}
