package store

// Labels of selectors in PromQL that ask logs and traces: {__logql__=`…`}.
const (
	AskLogQL   = "__logql__"
	AskTraceQL = "__traceql__"
)
