package planner

import "time"

// The queues. Each has one worker service behind it.
const (
	TaskCompleted = "task.completed"
	TaskDue       = "task.due"
)

// Job is work that need not be done before the answer goes out. It is done at
// least once, so doing it twice must do no harm.
type Job struct {
	Queue   string
	UserID  string
	TaskID  string
	Queued  time.Time
	Attempt int               // 0 the first time
	ReqID   string            // of the request that made it
	Carrier map[string]string // trace context of the producer
}
