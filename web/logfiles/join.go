package logfiles

import (
	"strings"
	"time"
)

// maxJoined bounds the lines of one record.
const maxJoined = 1000

// taken is a record's text: one line, or several that go on with it.
type taken struct {
	text   string
	time   int64 // Unix ns; 0 when the line does not say it
	stream string
	end    int64 // offset behind it
}

// joiner puts together lines that belong together: continuations, and the
// parts of a line that a container runtime cut. It holds one record at a time;
// a line of the other stream of a container ends it.
type joiner struct {
	o *Options

	open  bool
	parts []string
	bytes int
	part  bool // the last piece ends within its line
	t     taken
	last  time.Time // when the last piece came
}

// add takes a line and gives the record that it ends, if it does.
func (j *joiner) add(line string, end int64, now time.Time) *taken {
	p := decode(line)
	var out *taken
	switch {
	case !j.open:
	case j.bytes+len(p.text) >= j.o.MaxLine || len(j.parts) >= 2*maxJoined || p.stream != j.t.stream:
		out = j.flush()
	case j.part:
		j.put(p, end, now)
		return nil
	case j.goesOn(p.text):
		j.parts = append(j.parts, "\n")
		j.put(p, end, now)
		return nil
	default:
		out = j.flush()
	}
	if p.text == "" && !p.part {
		return out
	}
	j.open = true
	j.t = taken{time: p.time, stream: p.stream}
	j.put(p, end, now)
	return out
}

func (j *joiner) put(p piece, end int64, now time.Time) {
	j.parts = append(j.parts, p.text)
	j.bytes += len(p.text) + 1
	j.part, j.t.end, j.last = p.part, end, now
}

// goesOn says whether a line belongs to the one before.
func (j *joiner) goesOn(line string) bool {
	if line != "" && (line[0] == ' ' || line[0] == '\t') {
		return true
	}
	return j.o.Continue != nil && j.o.Continue.MatchString(line)
}

// ready gives a record that nothing can go on with: a JSON object in one line.
func (j *joiner) ready() *taken {
	if !j.open || j.part || len(j.parts) != 1 || !strings.HasPrefix(j.parts[0], "{") || !strings.HasSuffix(j.parts[0], "}") {
		return nil
	}
	return j.flush()
}

// old says that what is held has waited long enough.
func (j *joiner) old(now time.Time) bool {
	return j.open && (now.Sub(j.last) >= j.o.JoinWait || now.Before(j.last))
}

// flush gives what is held.
func (j *joiner) flush() *taken {
	if !j.open {
		return nil
	}
	out := j.t
	out.text = strings.Join(j.parts, "")
	clear(j.parts)
	j.open, j.part, j.parts, j.bytes = false, false, j.parts[:0], 0
	return &out
}
