package appliance

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"tripod/appliance/catalog"
	"tripod/appliance/state"
	"tripod/planner/sqlite"
	"tripod/store/metrics"
)

// ErrUncheckable says that a directory cannot be checked as it is.
var ErrUncheckable = errors.New("cannot be checked")

// FolderReport is what one folder of a data directory holds, in words.
type FolderReport struct {
	Name     string
	Holds    []string   // "1,200 series", "3.4 MB": of all of it
	Parts    [][]string // the same day by day, or file by file; the first word names it
	Largest  []string   // columns that take the most room, with their sizes
	Notes    []string   // what is no fault
	Damage   []string
	Repaired []string // what was done about it
}

// folderCheck looks at one folder, and changes it only to repair it.
type folderCheck func(ctx context.Context, dir string, repair bool) (FolderReport, error)

// folders are those of a data directory, in the order in which they are told.
var folders = []struct {
	name  string
	check folderCheck
}{
	{"logs", checkLogs}, {"traces", checkTraces}, {"metrics", checkMetrics}, {"planner", checkPlanner}, {"state", checkState},
}

// CheckData reads a data directory that no appliance uses, under its lock. It
// changes nothing unless it shall repair. An error means that it could not be
// checked, or not to the end.
func CheckData(ctx context.Context, dir string, repair bool) (reports []FolderReport, err error) {
	lock, err := holdDir(dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	for _, f := range folders {
		r, err := f.check(ctx, filepath.Join(dir, f.name), repair)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return reports, fmt.Errorf("%s: %w", f.name, err)
		}
		r.Name = f.name
		reports = append(reports, r)
	}
	if len(reports) == 0 {
		return nil, fmt.Errorf("%s is no data directory: it has neither logs nor traces nor metrics: %w", dir, ErrUncheckable)
	}
	return reports, nil
}

func checkMetrics(ctx context.Context, dir string, repair bool) (FolderReport, error) {
	in, err := metrics.Check(ctx, dir, repair)
	if err != nil {
		return FolderReport{}, err
	}
	r := FolderReport{Notes: in.Notes, Damage: in.Damage, Repaired: in.Repaired}
	var samples, bytes int64
	for _, b := range in.Blocks {
		samples, bytes = samples+b.Samples, bytes+b.Bytes
		const layout = "2006-01-02 15:04"
		r.Parts = append(r.Parts, []string{b.From.Format(layout) + " to " + b.To.Format(layout),
			things(b.Series, "series", "series"), things(b.Samples, "sample", "samples"), sizeWords(b.Bytes)})
	}
	r.Holds = []string{things(int64(len(in.Blocks)), "block", "blocks"), things(samples, "sample", "samples"), sizeWords(bytes), "and a journal of " + sizeWords(in.Journal)}
	return r, nil
}

func checkPlanner(ctx context.Context, dir string, _ bool) (r FolderReport, err error) {
	path := filepath.Join(dir, "planner.db")
	st, err := os.Stat(path)
	if err != nil {
		return r, err
	}
	tasks, err := sqlite.Check(ctx, path)
	if ctx.Err() != nil {
		return r, ctx.Err()
	}
	r.Holds = []string{sizeWords(st.Size())}
	if err != nil {
		r.Damage = []string{"planner.db: " + oneLine(err.Error()) + "; a copy from a backup can take its place"}
		return r, nil
	}
	r.Holds = append(r.Holds, things(tasks, "task", "tasks"))
	return r, nil
}

func checkState(ctx context.Context, dir string, repair bool) (r FolderReport, err error) {
	if _, err := os.Stat(dir); err != nil {
		return r, err
	}
	paths, err := filepath.Glob(filepath.Join(escapeGlob(dir), "*.db"))
	if err != nil {
		return r, err
	}
	r.noteAside(dir)
	for _, path := range paths {
		name := filepath.Base(path)
		holds, err := checkStateFile(ctx, path)
		if ctx.Err() != nil {
			return r, ctx.Err()
		}
		if err == nil {
			r.Parts = append(r.Parts, []string{name, holds})
			continue
		}
		r.Damage = append(r.Damage, name+": "+oneLine(err.Error()))
		if !repair {
			continue
		}
		for _, part := range []string{"", "-wal", "-shm"} { // a journal without its file is none
			if err := os.Rename(path+part, path+part+".damaged"); err != nil && (part == "" || !os.IsNotExist(err)) {
				return r, err
			}
		}
		r.Repaired = append(r.Repaired, name+" was set aside as "+name+".damaged; the next start begins a new one")
	}
	r.Holds = []string{things(int64(len(paths)), "file", "files")}
	return r, nil
}

// catalogFile holds what is listed: dashboards, saved queries, and rules made on
// the page.
const catalogFile = "catalog.db"

// checkStateFile says what a file of the state holds: the catalog is SQLite's,
// the others are bbolt's.
func checkStateFile(ctx context.Context, path string) (string, error) {
	if filepath.Base(path) == catalogFile {
		held, err := catalog.Check(ctx, path)
		return things(held.Dashboards, "dashboard", "dashboards") + ", " + things(held.Rules, "rule", "rules") + ", " + things(held.Queries, "saved query", "saved queries"), err
	}
	n, err := state.Check(path)
	return things(int64(n), "entry", "entries"), err
}

// noteAside tells of files that an earlier repair has set aside.
func (r *FolderReport) noteAside(dir string) {
	aside, _ := filepath.Glob(filepath.Join(escapeGlob(dir), "*.damaged")) // a sound pattern
	for _, path := range aside {
		r.Notes = append(r.Notes, wasAside(path))
	}
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// things is a number of them in words: 1,234,567 lines.
func things(n int64, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return thousands(n) + " " + more
}

func thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// sizeWords are bytes in the unit in which people read them.
func sizeWords(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	f, unit := float64(n), ""
	for _, unit = range [...]string{"KB", "MB", "GB", "TB"} {
		if f /= 1000; f < 1000 {
			break
		}
	}
	return fmt.Sprintf("%.1f %s", f, unit)
}
