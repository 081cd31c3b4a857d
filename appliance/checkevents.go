package appliance

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tripod/store/events"
	"tripod/store/logs"
	"tripod/store/traces"
)

// checkLogs and checkTraces look at the folders of the two pillars that the
// same engine keeps.
func checkLogs(ctx context.Context, dir string, repair bool) (FolderReport, error) {
	return checkEvents(ctx, dir, repair, logs.Check, "line", "lines")
}

func checkTraces(ctx context.Context, dir string, repair bool) (FolderReport, error) {
	return checkEvents(ctx, dir, repair, traces.Check, "span", "spans")
}

func checkEvents(ctx context.Context, dir string, repair bool, check func(context.Context, string, bool) (events.Report, error), one, more string) (r FolderReport, err error) {
	if _, err := os.Stat(dir); err != nil {
		return r, err
	}
	aside, _ := filepath.Glob(filepath.Join(escapeGlob(dir), "*", "*.damaged")) // a sound pattern
	in, err := check(ctx, dir, repair)
	if err != nil {
		return r, err
	}
	for _, path := range aside {
		r.Notes = append(r.Notes, wasAside(path))
	}
	r.addDays(in.Days, one, more)
	for _, f := range in.Files {
		if f.Kind == "index" || f.Kind == "journal" {
			r.Holds = append(r.Holds, f.Kind+" "+sizeWords(f.Bytes))
		}
	}
	if in.Journal > 0 {
		r.Holds = append(r.Holds, things(int64(in.Journal), one, more)+" in the journal alone")
	}
	r.addLargest(in.Columns)
	r.addFaults(in.Faults)
	return r, nil
}

func wasAside(path string) string {
	return filepath.Base(path) + " was set aside earlier and is not read"
}

func (r *FolderReport) addDays(days []events.DayReport, one, more string) {
	var rows, bytes int64
	for _, d := range days {
		rows, bytes = rows+int64(d.Rows), bytes+d.Bytes
		r.Parts = append(r.Parts, []string{d.Day, things(int64(d.Rows), one, more), sizeWords(d.Bytes),
			fmt.Sprintf("%s, %s with an index", things(int64(d.Parts), "part", "parts"), thousands(int64(d.Sealed)))})
	}
	r.Holds = append(r.Holds, things(int64(len(days)), "day", "days"), things(rows, one, more), sizeWords(bytes))
}

// largest is how many columns are told.
const largest = 6

// addLargest tells which columns take the most room, of whatever kinds their
// values are.
func (r *FolderReport) addLargest(columns []events.ColumnReport) {
	bytes := map[string]int64{}
	for _, c := range columns {
		bytes[c.Name] += c.Bytes
	}
	names := make([]string, 0, len(bytes))
	for name := range bytes {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if bytes[a] != bytes[b] {
			return int(min(max(bytes[b]-bytes[a], -1), 1))
		}
		return strings.Compare(a, b)
	})
	for _, name := range names[:min(len(names), largest)] {
		r.Largest = append(r.Largest, oneLine(name)+" "+sizeWords(bytes[name]))
	}
}

func (r *FolderReport) addFaults(faults []events.Fault) {
	for _, f := range faults {
		name := filepath.Join(filepath.Base(filepath.Dir(f.File)), filepath.Base(f.File))
		where := name
		if f.Offset > 0 {
			where = fmt.Sprintf("%s at byte %d", name, f.Offset)
		}
		why := strings.TrimPrefix(oneLine(f.Err.Error()), f.File+": ")
		r.Damage = append(r.Damage, where+": "+why)
		if f.Repaired != "" {
			r.Repaired = append(r.Repaired, name+": "+f.Repaired)
		}
	}
}
