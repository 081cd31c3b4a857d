// Package weblog writes the log of a web service with pino: for one seed the
// same lines every time, so that whoever asks about them can know the answers.
//
// It must never know who keeps the lines.
package weblog

import (
	"encoding/hex"
	"strconv"
	"time"
)

// Options of a corpus; Rows and Start have no default.
type Options struct {
	Rows  int
	Start time.Time
	Span  time.Duration // over which the rows are spread evenly; 24 h
	Seed  uint64
	// OwnIDs makes the harder corpus: each line has a request, trace and span
	// id of its own, where a request has 4 to 6 lines otherwise.
	OwnIDs bool
}

// Line is one line, and what is in it.
type Line struct {
	Time     int64  // Unix ns, whole milliseconds, behind Start and never behind Start + Span
	Level    string // info (96 %), warn (3 %), error
	PID      int
	Host     string // one of three
	ReqID    [16]byte
	UserID   int // 1 to Users
	Msg      string
	TraceID  [16]byte
	SpanID   [8]byte
	Method   string
	Route    string // one of 20, the first ones the most
	Status   int    // 200 until the answer is known, as in Node.js
	Duration int64  // µs since the request came
}

// Users is how many there are.
const Users = 2000

// Service is what the lines are of; no line says it.
const Service = "web"

// AppendJSON appends the line as pino writes it, without line break. No text in
// it wants an escape.
func (l *Line) AppendJSON(b []byte) []byte {
	b = append(append(b, `{"level":"`...), l.Level...)
	b = strconv.AppendInt(append(b, `","time":`...), l.Time/1e6, 10)
	b = strconv.AppendInt(append(b, `,"pid":`...), int64(l.PID), 10)
	b = append(append(b, `,"hostname":"`...), l.Host...)
	b = appendUUID(append(b, `","reqId":"`...), &l.ReqID)
	b = strconv.AppendInt(append(b, `","userId":"u_`...), int64(l.UserID), 10)
	b = append(append(b, `","msg":"`...), l.Msg...)
	b = hex.AppendEncode(append(b, `","trace_id":"`...), l.TraceID[:])
	b = hex.AppendEncode(append(b, `","span_id":"`...), l.SpanID[:])
	b = append(append(b, `","http_method":"`...), l.Method...)
	b = append(append(b, `","http_route":"`...), l.Route...)
	b = strconv.AppendInt(append(b, `","http_status_code":`...), int64(l.Status), 10)
	b = append(b, `,"duration_ms":`...)
	return append(l.AppendDuration(b), '}')
}

// AppendDuration appends the duration in ms with three digits behind the point.
func (l *Line) AppendDuration(b []byte) []byte {
	b = strconv.AppendInt(b, l.Duration/1000, 10)
	return append3(append(b, '.'), int(l.Duration%1000))
}

func append3(b []byte, n int) []byte {
	return append(b, byte('0'+n/100), byte('0'+n/10%10), byte('0'+n%10))
}

// RequestID is ReqID as the line has it.
func (l *Line) RequestID() string { return string(appendUUID(nil, &l.ReqID)) }

func appendUUID(b []byte, id *[16]byte) []byte {
	for i, from := range [...]int{0, 4, 6, 8, 10} {
		to := [...]int{4, 6, 8, 10, 16}[i]
		if i > 0 {
			b = append(b, '-')
		}
		b = hex.AppendEncode(b, id[from:to])
	}
	return b
}
