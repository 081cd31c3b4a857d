// Package notifytest holds receivers for tests: they take what the published
// forms of Slack, PagerDuty, Alertmanager and SMTP allow and nothing else, and
// misbehave when they are told to.
//
// It must never know how the messages are made: its forms are written down from
// the documents alone, so that a mistake of the sender is not one of the check.
package notifytest
