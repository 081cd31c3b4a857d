package store

// Labels of selectors in PromQL that ask logs and traces: {__logql__=`…`}.
const (
	AskLogQL   = "__logql__"
	AskTraceQL = "__traceql__"
	// AskRange, of store/metrics/asked, says beside a query how long before each
	// moment it looks.
	AskRange = "__range__"
)
