package alertapi

import (
	"maps"
	"strings"
	"time"
)

// The cases of the alert generator of prometheus/compliance: samples each 15 s
// from the start on, and from which sample on an alert is in which state, which
// its rule finds at its first evaluation from then on. Names, samples, times and
// texts are those of alert_generator/cases at commit 67b8327; none of its code
// is here. Of the suite's checks these are not made:
//
//   - that its clock and the network are kept within 10 s: time is simulated;
//   - that alerts reach an Alertmanager again each ResendDelay, for 15 min after
//     their end too: here the receiver lies behind the pipeline, which tells each
//     once and repeats by repeat_interval. The resends are checked where the
//     rules hand alerts over;
//   - that the annotations at the receiver are the rule's alone: the value and
//     the links to the evidence go along.

// runs are samples: a value, and how often it comes.
type run struct {
	value float64
	times int
}

type series struct {
	labels map[string]string
	runs   []run
}

// phase is from which sample on an alert is in a state; late is for one that
// needs one evaluation more.
type phase struct {
	sample int
	late   bool
	state  string
	value  float64
	notes  map[string]string
}

type expected struct {
	rule   string
	labels map[string]string
	phases []phase // inactive before the first
}

const (
	sampleEvery = 15 * time.Second
	groupEvery  = 30 * time.Second
	resendDelay = time.Minute
)

func source(group, rule string, more ...string) map[string]string {
	return with(map[string]string{"__name__": "alert_generator_test_suite", "rulegroup": group, "alertname": rule}, more...)
}

func with(m map[string]string, more ...string) map[string]string {
	m = maps.Clone(m)
	for i := 0; i < len(more); i += 2 {
		m[more[i]] = more[i+1]
	}
	return m
}

func said(text ...string) map[string]string { return with(map[string]string{}, text...) }

func complianceSeries() []series {
	simple := []run{{3, 1}, {5, 3}, {9, 4}, {11, 13}, {15, 32}, {19, 16}, {9, 20}, {15, 45}, {8, 16}}
	short := []run{{3, 1}, {5, 3}, {9, 4}, {11, 11}, {9, 1}}
	small := []run{{3, 1}, {5, 3}, {9, 4}, {15, 13}, {9, 72}, {11, 13}, {9, 1}}
	out := []series{
		{source("PendingAndFiringAndResolved", "PendingAndFiringAndResolved_SimpleAlert"), simple},
		{source("PendingAndResolved_AlwaysInactive", "PendingAndResolved_AlwaysInactive_PendingAlert"), short},
		{source("PendingAndResolved_AlwaysInactive", "PendingAndResolved_AlwaysInactive_InactiveAlert"), short},
		{source("ZeroFor_SmallFor", "ZeroFor_SmallFor_ZeroFor"), small},
		{source("ZeroFor_SmallFor", "ZeroFor_SmallFor_SmallFor"), small},
		{source("NewAlerts_OrderCheck", "NewAlerts_OrderCheck_Rule1", "variant", "one"), []run{{1, 8}, {11, 65}, {9, 21}}},
		{source("NewAlerts_OrderCheck", "NewAlerts_OrderCheck_Rule1", "variant", "two"), []run{{1, 32}, {11, 33}, {9, 21}}},
	}
	for i, id := range []string{"101", "102", "103"} {
		v := float64(i + 1)
		labels := map[string]string{"__name__": "alert_generator_test_suite", "rulegroup": "ZeroFor_SmallFor", "for": "template", "id": id, "__value__": "val" + id[2:]}
		out = append(out, series{labels, []run{{v, 28}, {2 * v, 201}}})
	}
	return out
}

func complianceAlerts() []expected {
	alert := func(rule string, more ...string) map[string]string {
		group, _ := cutLast(rule)
		return with(map[string]string{"alertname": rule, "rulegroup": group}, more...)
	}
	simple := func(v string) map[string]string {
		return said("description", "SimpleAlert is firing", "summary", "The value is "+v+" "+v)
	}
	zero := func(ids string) map[string]string {
		return said("description", "This should immediately fire", "template_test", "1.049M 1Mi 2m 15s 95.9% 2022-01-25 12:36:43 +0000 UTC",
			"template_query_test", "Args are: foo bar 99. first_id:101,"+ids)
	}
	small := said("description", "This should fire after an interval", "template_test", "This Part IS TESTING the strings. ::1 127.0.0.1. 7815. replaced text. .")
	first, later := zero("101:1,102:2,103:3,"), zero("101:2,102:4,103:6,")
	pending, more := said("description", "SimpleAlert is firing"), said("description", "This should produce more alerts later")
	ordered := said("description", "Based on ALERTS. Old alertname was NewAlerts_OrderCheck_Rule1. foo was bar.")
	return []expected{
		{"PendingAndFiringAndResolved_SimpleAlert", alert("PendingAndFiringAndResolved_SimpleAlert", "foo", "bar"), []phase{
			{8, false, "pending", 11, simple("11")}, {21, false, "pending", 15, simple("15")}, {32, false, "firing", 15, simple("15")},
			{53, false, "firing", 19, simple("19")}, {69, false, "inactive", 0, nil}, {89, false, "pending", 15, simple("15")},
			{113, false, "firing", 15, simple("15")}, {134, false, "inactive", 0, nil}}},
		{"PendingAndResolved_AlwaysInactive_PendingAlert", alert("PendingAndResolved_AlwaysInactive_PendingAlert", "foo", "bar"), []phase{
			{8, false, "pending", 11, pending}, {19, false, "inactive", 0, nil}}},
		{"PendingAndResolved_AlwaysInactive_InactiveAlert", alert("PendingAndResolved_AlwaysInactive_InactiveAlert", "ba_dum", "tss"), nil},
		{"ZeroFor_SmallFor_ZeroFor", alert("ZeroFor_SmallFor_ZeroFor", "foo", "bar"), []phase{
			{8, false, "firing", 15, first}, {21, false, "inactive", 0, nil}, {93, false, "firing", 11, later}, {106, false, "inactive", 0, nil}}},
		{"ZeroFor_SmallFor_SmallFor", alert("ZeroFor_SmallFor_SmallFor", "ba_dum", "tss"), []phase{
			{8, false, "pending", 15, small}, {8, true, "firing", 15, small}, {21, false, "inactive", 0, nil}}},
		{"NewAlerts_OrderCheck_Rule1", alert("NewAlerts_OrderCheck_Rule1", "foo", "bar", "variant", "one"), []phase{
			{8, false, "pending", 11, more}, {20, false, "firing", 11, more}, {73, false, "inactive", 0, nil}}},
		{"NewAlerts_OrderCheck_Rule1", alert("NewAlerts_OrderCheck_Rule1", "foo", "bar", "variant", "two"), []phase{
			{32, false, "pending", 11, more}, {44, false, "firing", 11, more}, {65, false, "inactive", 0, nil}}},
		{"NewAlerts_OrderCheck_Rule2", alert("NewAlerts_OrderCheck_Rule2", "foo", "baz", "ba_dum", "tss", "alertstate", "firing"), []phase{
			{44, false, "firing", 2, ordered}, {65, false, "inactive", 0, nil}}},
	}
}

func cutLast(s string) (before, after string) {
	i := strings.LastIndex(s, "_")
	return s[:i], s[i+1:]
}
