package syslog

import "bytes"

// readAhead is how much a stream reads at a time, at least.
const readAhead = 16 << 10

// maxDigits bounds an octet count.
const maxDigits = 8

// framer finds the messages of a stream: "LEN SP MSG" where a message begins
// with a count that is followed by "<", up to LF or NUL otherwise, as RFC 6587
// has both. A message that is too long is passed and counted.
type framer struct {
	max int
	buf []byte
	at  int // of what next has not given yet

	skip     int  // bytes of a counted message that is too long
	skipLine bool // until LF
	over     int
}

// space is where to read to; took says how much came.
func (f *framer) space() []byte {
	if f.at > 0 {
		f.buf = f.buf[:copy(f.buf, f.buf[f.at:])]
		f.at = 0
	}
	if free := cap(f.buf) - len(f.buf); free < readAhead/2 {
		grown := make([]byte, len(f.buf), min(2*cap(f.buf), f.max+maxDigits)+readAhead)
		copy(grown, f.buf)
		f.buf = grown
	}
	return f.buf[len(f.buf):cap(f.buf)]
}

func (f *framer) took(n int) { f.buf = f.buf[:len(f.buf)+n] }

// lost is how many messages were too long since it was asked last.
func (f *framer) lost() int {
	n := f.over
	f.over = 0
	return n
}

// next gives the next whole message, valid until space is called.
func (f *framer) next() ([]byte, bool) {
	for f.pass() {
		data := f.buf[f.at:]
		head, n, counted, unsure := count(data)
		switch {
		case unsure:
			return nil, false
		case counted && n > f.max:
			f.at += head
			f.skip = n
			f.over++
			continue
		case counted && len(data) < head+n:
			return nil, false
		case counted:
			f.at += head + n
			return data[head : head+n], true
		}
		end := bytes.IndexAny(data, "\n\x00")
		if end < 0 && len(data) <= f.max {
			return nil, false
		}
		if end < 0 || end > f.max {
			f.over++
			f.skipLine = true
			continue
		}
		f.at += end + 1
		return data[:end], true
	}
	return nil, false
}

// pass skips what is not wanted and the space between messages; false means
// that nothing is left.
func (f *framer) pass() bool {
	if n := min(f.skip, len(f.buf)-f.at); n > 0 {
		f.skip -= n
		f.at += n
	}
	if f.skipLine {
		end := bytes.IndexAny(f.buf[f.at:], "\n\x00")
		if end < 0 {
			f.at = len(f.buf)
			return false
		}
		f.at += end + 1
		f.skipLine = false
	}
	for f.at < len(f.buf) && (f.buf[f.at] == '\n' || f.buf[f.at] == '\r' || f.buf[f.at] == 0) {
		f.at++
	}
	return f.at < len(f.buf)
}

// rest is what stands at the end of a stream without an end of its own.
func (f *framer) rest() []byte {
	data := f.buf[f.at:]
	if head, _, counted, _ := count(data); counted {
		data = data[head:] // the beginning is better than nothing
	}
	if f.skip > 0 || f.skipLine {
		return nil
	}
	return data
}

// count reads an octet count: the bytes it takes with its space, and its
// number. It is unsure while the data ends before that is clear.
func count(data []byte) (head, n int, counted, unsure bool) {
	i := 0
	for i < len(data) && i < maxDigits && data[i] >= '0' && data[i] <= '9' {
		n = n*10 + int(data[i]-'0')
		i++
	}
	if i == 0 || data[0] == '0' {
		return 0, 0, false, false
	}
	if i+1 >= len(data) {
		return 0, 0, false, i == len(data) && i < maxDigits || i < len(data) && data[i] == ' '
	}
	if data[i] != ' ' || data[i+1] != '<' {
		return 0, 0, false, false
	}
	return i + 1, n, true, false
}
