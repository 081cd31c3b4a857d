package store

import "strings"

// levelWords maps what loggers write, in lower case, to severity numbers as
// OpenTelemetry's table of mappings has them.
var levelWords = map[string]Level{
	"trace": 1, "trc": 1, "t": 1, "verbose": 1, "v": 1, "silly": 1, "finest": 1, "finer": 2,
	"debug": 5, "dbg": 5, "d": 5, "fine": 5,
	"info": 9, "inf": 9, "i": 9, "information": 9, "informational": 9, "notice": 10,
	"warn": 13, "warning": 13, "wrn": 13, "w": 13,
	"error": 17, "err": 17, "e": 17, "eror": 17, "severe": 17, "crit": 18, "alert": 19,
	"fatal": 21, "ftl": 21, "f": 21, "critical": 21, "emerg": 21, "emergency": 21,
	"dpanic": 21, "panic": 22,
}

// syslogLevels are the severities 0 (emergency) to 7 (debug).
var syslogLevels = [...]Level{21, 19, 18, 17, 13, 10, 9, 5}

// longestLevel is the longest text that can be a level: "informational+4".
const longestLevel = 16

// ParseLevel reads a level as loggers write it: a word in any case, slog's
// "INFO+2", OpenTelemetry's "ERROR3", a syslog severity "0" to "7", or a number
// of pino and bunyan, "10" to "60".
func ParseLevel(text string) (Level, bool) {
	switch text { // what most lines say
	case "info", "INFO", "30":
		return LevelInfo, true
	case "warn", "WARN", "40":
		return LevelWarn, true
	case "error", "ERROR", "50":
		return LevelError, true
	case "debug", "DEBUG", "20":
		return LevelDebug, true
	}
	if text == "" || len(text) > longestLevel {
		return LevelUnset, false
	}
	if text[0] >= '0' && text[0] <= '9' {
		return numberLevel(text)
	}
	var buf [longestLevel]byte
	word, shift := lowerWord(buf[:0], text)
	if l, ok := levelWords[string(word)]; ok && shift == "" {
		return l, true
	} else if ok && len(word) > 1 {
		return shiftLevel(l, shift)
	}
	return LevelUnset, false
}

// lowerWord splits the leading letters, in lower case, from the rest.
func lowerWord(to []byte, text string) (word []byte, rest string) {
	for i := range len(text) {
		c := text[i] | 0x20
		if c < 'a' || c > 'z' {
			return to, text[i:]
		}
		to = append(to, c)
	}
	return to, ""
}

// shiftLevel adds slog's "+2" or "-4", or takes OpenTelemetry's 2 to 4 within
// a range of four.
func shiftLevel(l Level, shift string) (Level, bool) {
	n := int(l)
	digits := strings.TrimLeft(shift, "+-")
	by, ok := smallNumber(digits)
	switch {
	case !ok || len(shift) > len(digits)+1:
		return LevelUnset, false
	case shift[0] == '+':
		n += by
	case shift[0] == '-':
		n -= by
	case by < 1 || by > 4 || l%4 != 1:
		return LevelUnset, false
	default:
		n += by - 1
	}
	return Level(min(max(n, 1), 24)), true
}

// numberLevel reads syslog's 0 to 7 and pino's 10 to 60, with own levels in
// between: 35 lies between info (30) and warn (40).
func numberLevel(text string) (Level, bool) {
	n, ok := smallNumber(text)
	switch {
	case !ok:
		return LevelUnset, false
	case n < len(syslogLevels):
		return syslogLevels[n], true
	case n >= 10 && n < 70:
		return Level((n-10)*4/10 + 1), true
	}
	return LevelUnset, false
}

// smallNumber reads one or two digits.
func smallNumber(s string) (int, bool) {
	if s == "" || len(s) > 2 {
		return 0, false
	}
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, true
}

// lookForLevel is how far into a line of plain text a level is looked for.
const lookForLevel = 120

// textLevel finds the level of a line of plain text where loggers put it:
// level=error, [warn], a word in capitals at the start or behind a time or a
// process id, glog's E0102, or "error:" at the start. It would rather find
// none than a wrong one. The text is the level as it stands in the line.
func textLevel(line string) (Level, string) {
	if l, text, ok := glogLevel(line); ok {
		return l, text
	}
	if l, text, ok := logfmtLevel(line); ok {
		return l, text
	}
	head := line[:min(len(line), lookForLevel)]
	digit := false
	for i := 0; i < len(head); {
		j := i
		for j < len(head) && isLetter(head[j]) {
			j++
		}
		if j == i {
			digit = digit || head[i] >= '0' && head[i] <= '9'
			i++
			continue
		}
		if l, ok := placedLevel(head, i, j, digit); ok {
			return l, head[i:j]
		}
		i = j
	}
	return LevelUnset, ""
}

// placedLevel says whether the letters head[i:j] are a level by where they stand.
func placedLevel(head string, i, j int, digit bool) (Level, bool) {
	word := head[i:j]
	if len(word) < 3 {
		return LevelUnset, false
	}
	before, after := byte(' '), byte(' ')
	if i > 0 {
		before = head[i-1]
	}
	if j < len(head) {
		after = head[j]
	}
	upper := word == strings.ToUpper(word)
	ok := false
	switch {
	case after == ']': // [warn], and Apache's [core:error]
		ok = before == '[' || before == ':' && strings.LastIndexByte(head[:i], '[') > strings.LastIndexByte(head[:i], ']')
	case i == 0:
		ok = after == ':' || upper && after == ' '
	case upper && digit:
		ok = strings.IndexByte(" \t|[(<-", before) >= 0 && strings.IndexByte(" \t|:)>-", after) >= 0
	}
	if !ok {
		return LevelUnset, false
	}
	return ParseLevel(word)
}

// glogLevel reads "E0102 15:04:05.000000".
func glogLevel(line string) (Level, string, bool) {
	if len(line) < 14 || line[5] != ' ' || line[8] != ':' || line[11] != ':' || strings.IndexByte("IWEF", line[0]) < 0 {
		return 0, "", false
	}
	for _, i := range []int{1, 2, 3, 4, 6, 7, 9, 10, 12, 13} {
		if line[i] < '0' || line[i] > '9' {
			return 0, "", false
		}
	}
	l, ok := ParseLevel(line[:1])
	return l, line[:1], ok
}

// logfmtLevel finds level=, lvl= or severity= as a whole name.
func logfmtLevel(line string) (Level, string, bool) {
	for at := 0; ; {
		eq := strings.IndexByte(line[at:], '=')
		if eq < 0 {
			return 0, "", false
		}
		eq += at
		start := eq
		for start > at && isLetter(line[start-1]) {
			start--
		}
		name := line[start:eq]
		at = eq + 1
		if name != "level" && name != "lvl" && name != "severity" || start > 0 && line[start-1] > ' ' {
			continue
		}
		value := strings.TrimPrefix(line[at:], `"`)
		end := 0
		for end < len(value) && isLetter(value[end]) {
			end++
		}
		l, ok := ParseLevel(value[:end])
		return l, value[:end], ok
	}
}

func isLetter(c byte) bool { c |= 0x20; return c >= 'a' && c <= 'z' }
