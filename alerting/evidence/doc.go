// Package evidence freezes what is known at the moment when an alert begins to
// fire: its chart, the traces that stand out, what the logs say more than
// before, and what changed. It is kept under an ID that does not change, when
// the logs and traces themselves have long gone.
//
// It must never know an engine, a receiver or HTTP: what it asks are doors, and
// nobody waits for it. FORMAT.md describes its file.
package evidence
