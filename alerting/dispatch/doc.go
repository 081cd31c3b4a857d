// Package dispatch decides what Alertmanager would decide: which alerts belong
// together, who is to be told, when, and why not.
//
// It must never know a clock, a disk or a receiver: time comes as an argument,
// and the same alerts, configuration, silences and times give the same
// decisions. The pipeline of notify runs it on the wall clock, a back-test on a
// simulated one:
//
//	c := dispatch.New(config, dispatch.Options{})
//	c.Put(now, alerts...)          // at each evaluation of the rules
//	c.Advance(now)                 // opens the groups whose time has come
//	for _, due := range c.Ready(now) {
//		n := c.Begin(now, due) // what would be sent, nil when nothing is any more
//		c.Succeed(now, n)
//	}
//	c.Next()                       // when to look again
//	c.Steps()                      // every decision, with its reason
//
// What differs from Alertmanager, on purpose: a resolved alert of which a
// receiver was told is not muted by silences, inhibitions or time intervals
// (those of time only hold it back), an attempt that failed is made again with
// what is true then, and nothing is forgotten over a restart.
package dispatch
