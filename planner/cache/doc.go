// Package cache keeps sessions, streak calendars, the job queue and the count of
// sign-ins behind the Redis protocol: an embedded server, or a real one.
//
// It must never know the database or who asks. Nothing in it is the only copy,
// except jobs and counts, which can be lost without harm.
package cache
