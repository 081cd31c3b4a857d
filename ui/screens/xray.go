package screens

import "fmt"

// XRay is the bar under the planner: the request just made, as Tripod saw it.
type XRay struct {
	Request string // "POST /planner/tasks"
	Took    string // "38 ms"
	Result  string // "201"
	Failed  bool
	Parts   []XRayPart
	Most    string // "95 % in planner-api"
	Trace   string // address
	Logs    string // address
	Lines   int
	Page    string // "page 38 ms, 9 spans", empty when the request was the page
	Again   string // address to ask again while the trace is on its way
}

// XRayPart is one service's share of the time.
type XRayPart struct {
	Service string
	Slot    int
	Share   int // per cent
}

func (x XRay) lines() string {
	if x.Lines == 1 {
		return "1 log line"
	}
	return fmt.Sprintf("%d log lines", x.Lines)
}
