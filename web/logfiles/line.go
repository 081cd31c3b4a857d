package logfiles

import (
	"encoding/json"
	"strings"
	"time"

	"tripod/store"
)

// piece is what a line of a file says: itself, or what a container wrote.
type piece struct {
	text   string
	time   int64
	stream string // stdout or stderr
	part   bool   // the line goes on in the next piece
}

// decode takes off what a container runtime puts around a line. Whatever looks
// a little different is a plain line.
func decode(line string) piece {
	if beginsWithLog(line) {
		if p, ok := docker(line); ok {
			return p
		}
	}
	if p, ok := cri(line); ok {
		return p
	}
	return piece{text: line}
}

// beginsWithLog holds for an object whose first member is "log", with or without
// spaces between.
func beginsWithLog(line string) bool {
	rest, ok := strings.CutPrefix(line, "{")
	if ok {
		rest, ok = strings.CutPrefix(strings.TrimLeft(rest, " "), `"log"`)
	}
	return ok && strings.HasPrefix(strings.TrimLeft(rest, " "), ":")
}

// docker reads {"log":"…\n","stream":"stdout","time":"…"} of the json-file
// driver, which cuts lines longer than 16 KiB.
func docker(line string) (piece, bool) {
	var v struct {
		Log    *string           `json:"log"`
		Stream string            `json:"stream"`
		Time   time.Time         `json:"time"`
		Attrs  map[string]string `json:"attrs"`
	}
	dec := json.NewDecoder(strings.NewReader(line))
	dec.DisallowUnknownFields() // an application's own line that has a member "log"
	if dec.Decode(&v) != nil || v.Log == nil || v.Time.IsZero() || dec.More() {
		return piece{}, false
	}
	text, whole := strings.CutSuffix(*v.Log, "\n")
	return piece{text: strings.TrimSuffix(text, "\r"), time: unixNano(v.Time), stream: v.Stream, part: !whole}, true
}

// cri reads "TIME stdout|stderr P|F[:…] TEXT".
func cri(line string) (piece, bool) {
	if len(line) < 24 || line[4] != '-' || line[10] != 'T' {
		return piece{}, false
	}
	clock, rest, _ := strings.Cut(line, " ")
	stream, rest, _ := strings.Cut(rest, " ")
	tags, text, ok := strings.Cut(rest, " ")
	if stream != "stdout" && stream != "stderr" {
		return piece{}, false
	}
	if !ok && tags == "" {
		return piece{}, false
	}
	tag, _, _ := strings.Cut(tags, ":")
	at, err := time.Parse(time.RFC3339Nano, clock)
	if err != nil || tag != "P" && tag != "F" {
		return piece{}, false
	}
	return piece{text: text, time: unixNano(at), stream: stream, part: tag == "P"}, true
}

// unixNano is 0 for times that nanoseconds since 1970 cannot express.
func unixNano(t time.Time) int64 {
	if t.Year() < 1970 || t.Year() > 2261 {
		return 0
	}
	return t.UnixNano()
}

// leadingTime reads the date at the start of a line, in one word or two; 0 when
// there is none.
func leadingTime(line string) int64 {
	line = strings.TrimPrefix(line, "[")
	if len(line) < 19 || line[4] != '-' || line[7] != '-' {
		return 0
	}
	words := strings.SplitN(line[:min(len(line), 64)], " ", 3)
	first := strings.TrimRight(words[0], "],:")
	if at, ok := store.ParseTime(first); ok {
		return at
	}
	if len(words) > 1 {
		if at, ok := store.ParseTime(first + " " + strings.TrimRight(words[1], "],:")); ok {
			return at
		}
	}
	return 0
}
