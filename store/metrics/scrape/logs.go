package scrape

import (
	"os"
	"strings"
	"sync"
	"time"

	"github.com/VictoriaMetrics/VictoriaMetrics/lib/logger"
)

// said is where promscrape's logger writes. It is the only way to learn that a
// job of a configuration was left out, and why.
var said = &logs{}

type logs struct {
	once   sync.Once
	mu     sync.Mutex
	to     func(level, msg string)
	skips  *[]string            // where a check wants to have what it left out; nil when there is none
	lately map[string]time.Time // what was told, and when
}

// repeatAfter is when the same words are told again: a file that cannot be read
// is complained of each time it is looked for.
const repeatAfter = time.Minute

// repeated says whether the same was told a moment ago. The caller holds the lock.
func (l *logs) repeated(msg string, now time.Time) bool {
	if at, ok := l.lately[msg]; ok && now.Sub(at) < repeatAfter {
		return true
	}
	if l.lately == nil || len(l.lately) >= 100 {
		l.lately = map[string]time.Time{}
	}
	l.lately[msg] = now
	return false
}

// listen takes over the logger's output; before that there is nothing to hear.
func (l *logs) listen() { l.once.Do(func() { logger.SetOutputForTests(l) }) }

// Write gets one line: level, place in their code and message, with tabs between.
func (l *logs) Write(p []byte) (int, error) {
	level, rest, _ := strings.Cut(strings.TrimSuffix(string(p), "\n"), "\t")
	_, msg, _ := strings.Cut(rest, "\t")
	if !l.pass(level, msg) {
		os.Stderr.Write(p) // their last words
	}
	return len(p), nil
}

// say tells something in the same way as what promscrape says.
func (l *logs) say(level, msg string) {
	if !l.pass(level, msg) {
		os.Stderr.WriteString(msg + "\n")
	}
}

// pass hands a message on, unless it was told a moment ago; false is that there
// is nobody to hand it to.
func (l *logs) pass(level, msg string) bool {
	l.mu.Lock()
	to, skips := l.to, l.skips
	skip := skips != nil && strings.HasPrefix(msg, "skipping `scrape_config`")
	if skip {
		*skips = append(*skips, strings.TrimPrefix(msg, "skipping `scrape_config` for "))
	}
	again := !skip && l.repeated(msg, time.Now())
	l.mu.Unlock()
	switch {
	case skip, again:
	case to != nil && level != "fatal" && level != "panic":
		to(level, msg)
	default:
		return false
	}
	return true
}

func (l *logs) tell(to func(level, msg string)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.to = to
}

func (l *logs) collect(skips *[]string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.skips = skips
}
