// Package asked lets PromQL stand on what other query languages answer: the
// series of {__logql__=`…`} are those of that LogQL query, at each moment for
// which the expression around it is evaluated. So a rule, a panel, a back-test
// or the API may ask logs and traces, and compare them with metrics.
//
// It must never know a store or a language, only whom to ask.
package asked
