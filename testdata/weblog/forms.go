package weblog

// step is what a request is at when it writes a line.
type step int

const (
	received step = iota
	working       // on the way, with an own span or without
	database
	cached
	completed
	warned
	failed
	steps
)

// form is a message: "#" stands for a number below the next of below, and "~"
// for three digits.
type form struct {
	text  string
	below []int
}

var forms = [steps][]form{
	received: {
		{"request received from 10.#.#.#, port #, # bytes in the body", []int{4, 256, 256, 65536, 6000}},
		{"request received from 10.#.#.#, port #, no body, keep-alive request #", []int{4, 256, 256, 65536, 40}},
		{"request received through proxy-#, # bytes of headers, # bytes in the body", []int{3, 2400, 6000}},
		{"request received, # others are in work, # wait for a worker", []int{60, 8}},
	},
	working: {
		{"session of u_# accepted, # minutes left, # requests today", []int{Users, 1440, 900}},
		{"body validated in 0.~ ms, # fields, # of them unknown", []int{14, 3}},
		{"rate limit has # of 600 requests left for this user this minute", []int{600}},
		{"feature flags read in 0.~ ms, # of 24 are on for this user", []int{24}},
		{"job # published to the queue reminders, # jobs wait there now", []int{900000, 120}},
		{"streak recalculated over # days in #.~ ms, it is # days long", []int{730, 9, 400}},
		{"permission checked in 0.~ ms for task # of list #", []int{90000, 6000}},
		{"template rendered in #.~ ms, # bytes before compression", []int{14, 60000}},
		{"event # sent to # subscribers in 0.~ ms, nobody was too slow", []int{4000000, 30}},
	},
	database: {
		{"db query tasks_by_user returned # rows in #.~ ms, # of 20 connections busy", []int{80, 14, 20}},
		{"db query task_by_id returned # rows in #.~ ms, # of 20 connections busy", []int{2, 5, 20}},
		{"db query lists_of_user returned # rows in #.~ ms, # of 20 connections busy", []int{30, 9, 20}},
		{"db query completions_since returned # rows in #.~ ms, # of 20 connections busy", []int{400, 31, 20}},
		{"db statement update_task changed # rows in #.~ ms, transaction # committed", []int{2, 19, 9000000}},
		{"db statement insert_completion changed # rows in #.~ ms, transaction # committed", []int{2, 17, 9000000}},
		{"db statement touch_session changed # rows in #.~ ms, transaction # committed", []int{2, 6, 9000000}},
		{"db query search_tasks returned # rows in #.~ ms after reading # pages", []int{50, 60, 900}},
	},
	cached: {
		{"cache hit for key task:# in 0.~ ms, # bytes, expires in # s", []int{90000, 4000, 300}},
		{"cache hit for key streak:u_# in 0.~ ms, # bytes, expires in # s", []int{Users, 90, 3600}},
		{"cache hit for key lists:u_# in 0.~ ms, # bytes, expires in # s", []int{Users, 9000, 600}},
		{"cache miss for key task:# in 0.~ ms, filling it takes one query", []int{90000}},
		{"cache miss for key streak:u_# in 0.~ ms, filling it takes one query", []int{Users}},
		{"cache entry task:# written in 0.~ ms, # bytes, # entries dropped for it", []int{90000, 4000, 4}},
	},
	completed: {
		{"request completed, # bytes sent in # chunks, # ms of it in the database", []int{60000, 9, 40}},
		{"request completed, # bytes sent in # chunks, # queries and # cache reads", []int{60000, 9, 5, 6}},
		{"request completed, nothing sent, the client has version # already", []int{5000}},
		{"request completed, # bytes sent compressed from # bytes", []int{20000, 90000}},
	},
	warned: {
		{"slow db query tasks_by_user took # ms, the limit is 250 ms, # rows read", []int{900, 20000}},
		{"retrying after 503 from streak-worker, attempt # of 5, next in # ms", []int{5, 1600}},
		{"cache answered after # ms, going on without it for # s", []int{400, 30}},
		{"pool is at # of 20 connections, # requests wait for one", []int{20, 40}},
		{"body has # unknown fields, they are ignored, client version #.#", []int{6, 4, 30}},
		{"token of u_# expires in # s and was not renewed", []int{Users, 60}},
	},
	failed: {
		{"connection refused by db-# after # ms, attempt # of 5", []int{4, 5000, 5}},
		{"db query search_tasks was cancelled after # ms: deadline exceeded", []int{9000}},
		{"streak-worker answered 502 after # ms, gave up after # attempts", []int{4000, 5}},
		{"transaction # rolled back: serialization failure, # retries left", []int{9000000, 4}},
		{"unexpected end of response from cache-# at byte # of #", []int{2, 4000, 9000}},
	},
}

// routes are visited with a weight of 1/n, the first one the most.
var routes = [...]struct{ method, route string }{
	{"GET", "/api/v1/tasks"}, {"GET", "/api/v1/tasks/{id}"}, {"POST", "/api/v1/tasks/{id}/complete"},
	{"GET", "/api/v1/streak"}, {"POST", "/api/v1/tasks"}, {"GET", "/api/v1/lists"}, {"PATCH", "/api/v1/tasks/{id}"},
	{"GET", "/api/v1/lists/{id}/tasks"}, {"GET", "/api/v1/me"}, {"POST", "/api/v1/sessions"}, {"GET", "/api/v1/reminders"},
	{"POST", "/api/v1/reminders"}, {"GET", "/api/v1/search"}, {"DELETE", "/api/v1/tasks/{id}"}, {"PUT", "/api/v1/me/settings"},
	{"GET", "/api/v1/export/{format}"}, {"POST", "/api/v1/lists"}, {"DELETE", "/api/v1/sessions/{id}"},
	{"POST", "/api/v1/import"}, {"GET", "/api/v1/admin/usage"},
}
