package store

import (
	"slices"
	"strings"
	"time"
)

// Receipt says how an engine answered a query: what there was, what each step
// left to the next one, and what had to be read. A query with a Receipt fills
// it; it is complete when the answer has ended.
type Receipt struct {
	Asked  string // the predicate, as the engine understood it
	Steps  []ReceiptStep
	Stored int64 // bytes on disk in the time range
	Read   int64 // of them were read
	Took   time.Duration

	Stages []ReceiptStage // of LogQL, the selectors first, or of TraceQL
	Reads  []string       // what LogQL or TraceQL looked at of what was found
}

// ReceiptStage is one stage of a LogQL or TraceQL query.
type ReceiptStage struct {
	Text string
	How  StageHow
}

// StageHow says who did a stage.
type StageHow uint8

// The ways to do a stage.
const (
	StageStore   StageHow = iota // the store, wholly
	StageBoth                    // the store left out most of what the stage drops
	StageRecords                 // every record or trace that the store found was asked
)

// Add adds how another part of the same query was answered.
func (r *Receipt) Add(o *Receipt) {
	if r.Asked != o.Asked {
		r.Asked = strings.Trim(r.Asked+"; "+o.Asked, "; ")
	}
	for _, s := range o.Steps {
		i := slices.IndexFunc(r.Steps, func(have ReceiptStep) bool { return have.Name == s.Name })
		if i < 0 {
			r.Steps = append(r.Steps, s)
			continue
		}
		r.Steps[i].Parts += s.Parts
		r.Steps[i].Blocks += s.Blocks
		r.Steps[i].Rows += s.Rows
	}
	r.Stored, r.Read, r.Took = r.Stored+o.Stored, r.Read+o.Read, r.Took+o.Took
	r.Stages, r.Reads = append(r.Stages, o.Stages...), append(r.Reads, o.Reads...)
}

// Step is the step of a name; zero when it was not taken.
func (r *Receipt) Step(name string) ReceiptStep {
	for _, s := range r.Steps {
		if s.Name == name {
			return s
		}
	}
	return ReceiptStep{}
}

// ReceiptStep is one step of an answer, in the order in which they were done.
type ReceiptStep struct {
	// Name is one of: time (what overlaps the range), index (what the index of
	// sealed parts leaves), headers (counted without reading a block), filters
	// (what the filters of blocks leave), zones (what least and greatest
	// values leave), rows (those that match).
	Name   string
	Parts  int64 // on disk
	Blocks int64 // of parts, and those in memory
	Rows   int64
}
