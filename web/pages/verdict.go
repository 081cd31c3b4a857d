package pages

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"time"

	"tripod/store"
	"tripod/ui"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// A service fails when at least failShare of its requests do, for at least
// failRequests requests and failErrors errors: one broken request in a quiet
// minute is no verdict. It is slow with as much evidence.
const (
	failShare    = 0.01
	failRequests = 10
	failErrors   = 3
	badShare     = 0.03 // from here on its dot is red
	slowFactor   = 2.0
	slowPoints   = 10                    // with requests, to know what is usual
	slowRequests = 20                    // among the latest, to know what is now
	slowLeast    = 50 * time.Millisecond // more than usual, or it is not worth a colour
)

// load is what one service's RED says about the time range.
type load struct {
	red     store.RED
	seen    time.Duration // from its first request in the range to the end
	share   float64       // of errors, now: since they began, or over the whole range
	failing bool
	since   int64         // Unix ns when the errors began; 0 when they were there from the start
	before  float64       // error share before that
	usual   time.Duration // median p95 of the points
	recent  time.Duration // p95 of the last tenth of the range
	slow    bool
}

// loads judges every service, worst first.
func loads(red []store.RED, st State) []load {
	out := make([]load, 0, len(red))
	for _, r := range red {
		out = append(out, judge(r, st.Range))
	}
	slices.SortStableFunc(out, func(a, b load) int {
		return cmp.Or(
			-cmp.Compare(boolInt(a.failing), boolInt(b.failing)),
			-cmp.Compare(round(a.share), round(b.share)),
			-cmp.Compare(boolInt(a.slow), boolInt(b.slow)),
			-cmp.Compare(a.red.Requests, b.red.Requests),
			cmp.Compare(a.red.Service, b.red.Service),
		)
	})
	return out
}

// round keeps rows from changing places for differences that nobody sees.
func round(share float64) float64 { return math.Round(share*1000) / 1000 }

func judge(r store.RED, in store.TimeRange) load {
	l := load{red: r, seen: time.Duration(in.To - in.From)}
	for _, p := range r.Points {
		if p.Requests > 0 {
			l.seen = time.Duration(in.To - max(p.Start, in.From))
			break
		}
	}
	l.share = share(r.Errors, r.Requests)
	from := onset(r.Points)
	var errs, reqs, errsBefore, reqsBefore int64
	for i, p := range r.Points {
		if i >= from {
			errs, reqs = errs+p.Errors, reqs+p.Requests
		} else {
			errsBefore, reqsBefore = errsBefore+p.Errors, reqsBefore+p.Requests
		}
	}
	if reqs >= failRequests && errs >= failErrors && share(errs, reqs) >= failShare {
		l.failing, l.share = true, share(errs, reqs)
		if reqsBefore > 0 {
			l.since, l.before = max(r.Points[from].Start, in.From), share(errsBefore, reqsBefore)
		}
	}
	l.latency()
	return l
}

// onset is the index of the first point of the run of bad points that reaches
// to the end: points without requests belong to it, and one good point between
// bad ones does not end it. It is len(points) when the last points are good.
func onset(points []store.REDPoint) int {
	from, good := len(points), 0
	for i := len(points) - 1; i >= 0; i-- {
		p := points[i]
		switch {
		case p.Requests == 0:
		case share(p.Errors, p.Requests) >= failShare:
			from, good = i, 0
		default:
			if good++; good > 1 {
				return from
			}
		}
	}
	return from
}

// latency compares the last tenth of the range with the median of all points.
func (l *load) latency() {
	var all []time.Duration
	var requests []int64
	for _, p := range l.red.Points {
		if p.Requests > 0 && p.P95 > 0 {
			all, requests = append(all, p.P95), append(requests, p.Requests)
		}
	}
	if len(all) < slowPoints {
		return
	}
	from := len(all) - max(len(all)/10, 3)
	var seen int64
	for _, n := range requests[from:] {
		seen += n
	}
	if seen < slowRequests {
		return
	}
	last := slices.Clone(all[from:])
	slices.Sort(all)
	slices.Sort(last)
	l.usual, l.recent = all[len(all)/2], last[len(last)/2]
	l.slow = float64(l.recent) >= slowFactor*float64(l.usual) && l.recent-l.usual >= slowLeast
}

func share(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// verdict says in a sentence what finished queries show; nil while the
// question that it rests on has no answer.
func verdict(st State, a *overviewAnswers, all []load) *screens.Verdict {
	if a.redErr != nil {
		return nil
	}
	var failing []load
	for _, l := range all {
		if l.failing {
			failing = append(failing, l)
		}
	}
	if len(failing) > 0 {
		return failVerdict(st, failing, len(all), originOf(all, a.deps))
	}
	if a.activeErr == nil {
		for _, al := range a.active {
			if al.Firing {
				return alertVerdict(st, a.active, al)
			}
		}
	}
	return calmVerdict(st, a, all)
}

// failVerdict leads with the service that the failures come from, if one can be
// told, or else with the worst.
func failVerdict(st State, failing []load, services int, why *origin) *screens.Verdict {
	var forward []string
	if why != nil {
		i := slices.IndexFunc(failing, func(l load) bool { return l.red.Service == why.load.red.Service })
		failing = slices.Concat(failing[i:i+1], failing[:i], failing[i+1:])
		forward = why.affected
	}
	worst := failing[0]
	v := &screens.Verdict{Tone: "err"}
	v.Say = worst.red.Service + " fails " + chart.Percent(worst.share).String() + " of requests"
	from := st.Values.Get("from")
	if worst.since > 0 {
		at := time.Unix(0, worst.since).UTC()
		v.Say += " since " + chart.When(at, st.Now)
		v.Because = "Before that it was " + chart.Percent(worst.before).String() + ". "
		from = strconv.FormatInt(at.UnixMilli(), 10)
	} else {
		v.Because = "It does so throughout this time range. "
		if worst.seen < st.Width()*9/10 {
			at := time.Unix(0, st.Range.To).Add(-worst.seen).UTC()
			v.Because = "It does so since its first request, at " + chart.When(at, st.Now) + ". "
		}
	}
	v.Because += rest(failing[1:], forward, services-len(failing))
	carry := st.Carry().In(worst.red.Service).Between(from, st.Values.Get("to"))
	v.Actions = []ui.Button{
		{Text: "Errors in logs", Icon: "logs", Kind: "primary", Href: carry.Href("/logs", "q", "level:>=error")},
		{Text: "Failed traces", Icon: "traces", Href: carry.Href("/traces", "result", "errors")},
	}
	return v
}

// rest says of the other services which one forwards the failures or fails too,
// or how many, and how many are healthy.
func rest(failing []load, forward []string, healthy int) string {
	s := ""
	switch n := len(forward); {
	case n == 1:
		s = forward[0] + " forwards its failures. "
	case n > 1:
		s = strconv.Itoa(n) + " services forward its failures. "
	}
	failing = slices.DeleteFunc(slices.Clone(failing), func(l load) bool { return slices.Contains(forward, l.red.Service) })
	switch len(failing) {
	case 0:
	case 1:
		s += failing[0].red.Service + " fails as well. "
	default:
		s += strconv.Itoa(len(failing)) + " other services fail as well. "
	}
	switch healthy {
	case 0:
		return s
	case 1:
		return s + "1 other service is healthy."
	}
	return s + strconv.Itoa(healthy) + " other services are healthy."
}

func alertVerdict(st State, active []ActiveAlert, first ActiveAlert) *screens.Verdict {
	firing := 0
	for _, a := range active {
		firing += boolInt(a.Firing)
	}
	v := &screens.Verdict{Tone: "warn", Say: first.Name + " is firing", Because: "No service fails more than 1 % of its requests now."}
	if first.Service != "" {
		v.Say += " for " + first.Service
	}
	if !first.Since.IsZero() {
		v.Say += " since " + chart.When(first.Since.UTC(), st.Now)
	}
	if firing > 1 {
		v.Say = plural(firing, "alert") + " are firing"
	}
	carry := st.Carry()
	v.Actions = []ui.Button{{Text: "See alerts", Icon: "alerts", Href: carry.Href("/alerts")}}
	return v
}

func calmVerdict(st State, a *overviewAnswers, all []load) *screens.Verdict {
	if len(all) == 0 {
		return &screens.Verdict{Say: "No requests in this time range", Because: "Nothing can be said about services without traces."}
	}
	v := &screens.Verdict{Say: strconv.Itoa(len(all)) + " services answer normally"}
	if len(all) == 1 {
		v.Say = all[0].red.Service + " answers normally"
	}
	var reqs, errs int64
	var rate float64
	var slow *load
	for i, l := range all {
		reqs, errs = reqs+l.red.Requests, errs+l.red.Errors
		rate += perSec(l.red.Requests, st.Kept)
		if l.slow && slow == nil {
			slow = &all[i]
		}
	}
	v.Because = chart.Brief(rate) + " requests a second, " + chart.Percent(share(errs, reqs)).String() + " of " + chart.Count(reqs) + " failed."
	if a.activeErr == nil && len(a.active) == 0 {
		v.Because += " No alert is firing or pending."
	}
	if slow != nil {
		v.Tone = "warn"
		v.Say = slow.red.Service + " answers slowly: p95 " + chart.Duration(slow.recent).String() + ", usually " + chart.Duration(slow.usual).String()
		v.Actions = []ui.Button{{Text: "Its traces", Icon: "traces", Href: st.Carry().In(slow.red.Service).Href("/traces")}}
	}
	return v
}

func perSec(n int64, d time.Duration) float64 {
	if d <= 0 {
		return 0
	}
	return float64(n) / d.Seconds()
}
