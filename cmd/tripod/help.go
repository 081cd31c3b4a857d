package main

import (
	"fmt"
	"io"

	"tripod/appliance"
)

func usage(w io.Writer) {
	fmt.Fprint(w, `Tripod runs the Proactive Planner and sees it whole: logs, metrics and traces in one process.

Usage: tripod [command] [flags]

Commands
  serve      run the appliance and the planner (the default)
  demo       the same, with simulated users and faults that can be switched on
  query      ask a running appliance for logs, metrics or traces
  tail       follow the logs of a running appliance
  alert      send a test through the routes of a running appliance; why was I paged, or not
  check      check a configuration, or a data directory
  version    print the version
  help       print this, or more about query, tail, alert or check

Flags of serve and demo (each also as an environment variable, and in tripod.yaml without the dashes)
`)
	for _, s := range appliance.Settings() {
		fmt.Fprintf(w, "  %-28s %s", "--"+s.Name+" "+s.Arg, s.Help)
		if s.Default != "" {
			fmt.Fprintf(w, " (%s)", s.Default)
		}
		if s.Demo {
			fmt.Fprint(w, " (demo only)")
		}
		fmt.Fprintf(w, "\n  %-28s %s\n", "", s.Env())
	}
}

// help explains a command.
func help(args []string, stdout, stderr io.Writer) int {
	texts := map[string]string{"query": queryHelp, "tail": tailHelp, "alert": alertHelp, "check": checkHelp}
	if len(args) == 0 || args[0] == "serve" || args[0] == "demo" {
		usage(stdout)
		return 0
	}
	text, ok := texts[args[0]]
	if !ok {
		fmt.Fprintf(stderr, "tripod: no command %q to explain; tripod help lists them\n", args[0])
		return exitWrong
	}
	fmt.Fprint(stdout, text)
	return 0
}

const languages = `Languages
  The search line, for people:
    timeout                      a word, in any case
    "connection refused"         a phrase
    level:>=warn -user.id:probe  a level and above, and not a value of a field
    service:planner-* took:>500ms status:500..599 /time?out/
    a b, a and b, a or b, not a, -a, (…)
  LogQL, when the query begins with { or is a function over it:
    {service_name="planner-api"} |= "timeout" | json | took > 500ms
    sum by (level) (count_over_time({service_name="planner-api"}[5m]))

  A query that begins with - stands behind "--": tripod query logs -- -level:info
`

const queryHelp = `Usage: tripod query logs 'QUERY' [flags]
       tripod query metrics 'PROMQL' [flags]
       tripod query traces 'TRACEQL' [flags]

query logs asks a running appliance for log lines, and prints all that match: time, level,
service, message, fields. A LogQL query for numbers prints a table. Without a
query it prints everything.

Flags
  --since TIME       how long ago to begin: 15m, 2h, 7d (1h)
  --from TIME        the same, as a time: RFC 3339, Unix seconds to nanoseconds,
                     now-15m; 0 is the beginning
  --to TIME          where to end (now)
  --limit N          at most so many lines (0, no limit)
  --order ORDER      newest or oldest first (newest)
  --step TIME        numbers at these distances: 1m; 0 for the end alone (0)
  --syntax NAME      line or logql, where the beginning of the query does not tell
  -o FORMAT          text, json (an object a line) or csv (text)
  --cols NAME,…      columns of csv: time,level,service,msg,trace_id,span_id,
                     line, fields, resource, and any field
  --explain          print how the query is answered, not its answer
  --addr URL         of the appliance (` + defaultAddr + `)

query metrics plots each series over time, with its least, greatest and last
value; query traces prints the newest traces that match. Their flags:
  --since TIME       how long before the end to begin (1h)
  --to TIME          where to end: RFC 3339 or Unix seconds (now)
  --step TIME        of metrics: the distance of values (a 48th of the time)
  --table            of metrics: a row for each value instead of plots
  --limit N          of traces: at most so many (20)
  -o FORMAT          text, json (as Prometheus and Tempo answer) or, of metrics,
                     csv (text)
  --addr URL         of the appliance (` + defaultAddr + `)

` + languages + `
Exit code
  0  something was found      2  the query or a flag is wrong
  1  nothing was found        3  no connection, or the answer is not whole
  A reader that goes away (tripod query logs … | head) is no error.
  Colours are for terminals only, and NO_COLOR switches them off.
`

const tailHelp = `Usage: tripod tail 'QUERY' [flags]

Prints new log lines of a running appliance as they come, until it is
interrupted. Without a query it prints all of them. Where lines came faster
than they could be printed, standard error says how many are missing.

Flags
  --syntax NAME      line or logql, where the beginning of the query does not tell
  -o FORMAT          text or json (an object a line) (text)
  --addr URL         of the appliance (` + defaultAddr + `)

` + languages + `
Exit code
  0  the reader of the output went away
  2  the query or a flag is wrong
  3  no connection, or the appliance ended it
`

const checkHelp = `Usage: tripod check [flags of serve]
       tripod check FILE
       tripod check DIR [--repair]

Without an argument: checks the configuration that tripod serve would use with
these flags, this environment and tripod.yaml, with its scrape_configs and rule
files. Every fault is named, with file and line.

FILE: checks a configuration file by itself, or a file of rules.

DIR: checks a data directory that no tripod uses at the moment, and says what
it holds. Nothing is changed.
  --repair   write damaged parts of logs and traces anew from all that is sound
             in them, set aside as .damaged what was damaged, and remove indexes
             that are broken: the next start makes them anew

Exit code
  0  sound      1  faults or damage were found      2  it could not be checked
`
