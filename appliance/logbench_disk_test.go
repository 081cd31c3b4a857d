package appliance

import (
	"io/fs"
	"maps"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// settled is what became of all that was accepted.
type settled struct {
	took  time.Duration
	cpu   time.Duration // of seconds in which the process did more than at rest
	files diskUse
}

const (
	settleWithin = 10 * time.Minute // heads may wait five
	quietFor     = 12 * time.Second // the engine looks each ten for something to tidy
	// ownLines is more than the planner's own lines come to in the journal, and
	// less than any head of the benchmark's.
	ownLines = 64 << 10
	// atRest is more than the planner, the rules and a scrape take of a second.
	atRest = 100 * time.Millisecond
)

// settle waits until every record has left the journal and no part has come or
// gone for a while.
func settle(b *testing.B, p *process, pillar string) settled {
	b.Helper()
	start := time.Now()
	var busy time.Duration
	last, since := use(b, pillar), time.Now()
	for {
		before := p.cpu(b)
		time.Sleep(time.Second) // files tell nobody when they change
		if d := p.cpu(b) - before; d > atRest {
			busy += d
		}
		now := use(b, pillar)
		if !maps.Equal(now.parts(), last.parts()) {
			last, since = now, time.Now()
			continue
		}
		quiet := time.Since(since)
		if now.journal() < ownLines && quiet > quietFor || time.Since(start) > settleWithin {
			return settled{took: time.Since(start) - quiet, cpu: busy, files: now}
		}
	}
}

// diskUse are the bytes of a pillar's folder by file.
type diskUse struct{ files map[string]int64 }

func use(b *testing.B, root string) diskUse {
	u := diskUse{map[string]int64{}}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil // files come and go
		}
		if info, err := d.Info(); err == nil {
			name, _ := filepath.Rel(root, path)
			u.files[filepath.ToSlash(name)] = info.Size()
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return u
}

// journal are the bytes of records that are in the journal only.
func (u diskUse) journal() (n int64) {
	for name, size := range u.files {
		if strings.HasPrefix(name, "wal/") {
			n += size
		}
	}
	return n
}

// parts are all files but the journal's.
func (u diskUse) parts() map[string]int64 {
	parts := maps.Clone(u.files)
	maps.DeleteFunc(parts, func(name string, _ int64) bool { return strings.HasPrefix(name, "wal/") })
	return parts
}

func (u diskUse) total() (n int64) {
	for _, size := range u.files {
		n += size
	}
	return n
}

// digits part what is named by number or day.
var digits = regexp.MustCompile(`[0-9][0-9-]*`)

// print splits the bytes by kind of file.
func (u diskUse) print(t *table, rows int, target string) {
	per := func(n int64) string { return strconv.FormatFloat(float64(n)/float64(rows), 'f', 2, 64) }
	t.row("bytes per record on disk", per(u.total()), target)
	kinds, count := map[string]int64{}, map[string]int{}
	for name, size := range u.files {
		kind := digits.ReplaceAllString(name, "#")
		if at := strings.Index(kind, "/index/"); at >= 0 {
			kind = kind[:at] + "/index"
		}
		kinds[kind] += size
		count[kind]++
	}
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		t.row("  "+kind+" ("+strconv.Itoa(count[kind])+")", per(kinds[kind]))
	}
}

// columns is what tripod check tells about the directory, bytes by column
// among it; empty where there is no such command.
func (p *process) columns(dir string) string {
	p.stop()
	out, err := exec.Command(binary, "check", dir).Output()
	if err != nil {
		return ""
	}
	return string(out)
}
