package pages

import (
	"fmt"
	"math"
	"net/url"
	"strings"
	"time"

	"tripod/store"
	"tripod/ui"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// maxStatusTargets bounds the short list of targets; those that are down come first.
const maxStatusTargets = 12

func (p *Pages) statusModel(st State, a Appliance) screens.Status {
	s := screens.Status{
		Tiles:    tiles(a, st.Now),
		Problems: a.Problems,
		DiskHint: diskHint(a),
		Notes:    a.Notes,
		Pillars: []screens.DiskRow{
			diskRow("Logs", "k-info", a.Logs, a.DiskFree),
			diskRow("Metrics", "c10", a.Metrics, a.DiskFree),
			diskRow("Traces", "c9", a.Traces, a.DiskFree),
		},
	}
	for _, r := range a.Receivers {
		s.Receivers = append(s.Receivers, receiverRow(r))
	}
	s.AllTargets = st.Carry().Href("/status/targets")
	targets := worstFirst(a.Targets)
	if n := len(targets) - maxStatusTargets; n > 0 {
		s.MoreTargets = plural(n, "further target")
	}
	for i, t := range targets {
		row := p.targetRow(t, st.Now)
		row.Href = st.Carry().Href("/status/targets", "sel", targetName(t))
		if i < maxStatusTargets {
			s.Targets = append(s.Targets, row)
		}
		switch {
		case row.Up:
			s.Up++
		case !row.Waiting:
			s.Down++
		}
	}
	if len(a.LogLevels) > 0 {
		s.Level = &screens.LevelForm{Current: a.LogLevel, Levels: a.LogLevels, Action: "/status/log-level"}
	}
	return s
}

func tiles(a Appliance, now time.Time) []screens.Tile {
	out := []screens.Tile{{Name: "Health", Health: true, Value: ui.Quantity{N: "Healthy"}, Note: lifeNote(a, now)}}
	if n := len(a.Problems); n > 0 {
		out[0].Tone, out[0].Value.N = "warn", plural(n, "problem")
	}
	ingest := screens.Tile{Name: "Ingest", Value: perSecond(a.Logs.Rate + a.Metrics.Rate + a.Traces.Rate), Note: ingestNote(a)}
	if !math.IsNaN(a.BytesRate) && a.BytesRate > 0 {
		ingest.Value = chart.Bytes(a.BytesRate)
		ingest.Value.Unit += "/s"
	}
	if rejected(a) > 0 {
		ingest.NoteTone = "t-warn"
	}
	kept := a.Logs.Bytes + a.Metrics.Bytes + a.Traces.Bytes
	disk := screens.Tile{Name: "Disk", Value: chart.Bytes(float64(kept)), Note: "in " + a.Dir}
	if a.DiskFree > 0 {
		disk.Note = chart.Bytes(float64(a.DiskFree)).String() + " free"
	}
	return append(out, ingest, memoryTile(a),
		screens.Tile{Name: "Series", Value: ui.Quantity{N: chart.Count(a.Metrics.Series)}, Note: samplesNote(a.Metrics)},
		disk)
}

func samplesNote(m Pillar) string {
	if m.Items == 0 {
		return number(m.Rate) + " samples a second"
	}
	return chart.Count(m.Items) + " samples kept"
}

func memoryTile(a Appliance) screens.Tile {
	t := screens.Tile{Name: "Memory", Value: ui.Quantity{N: chart.Dash}, Note: plural(a.Goroutines, "goroutine")}
	if a.Memory > 0 {
		t.Value = chart.Bytes(float64(a.Memory))
	}
	if a.MemoryLimit > 0 {
		t.Note = "of " + chart.Bytes(float64(a.MemoryLimit)).String() + " limit, " + t.Note
	}
	return t
}

func lifeNote(a Appliance, now time.Time) string {
	parts := []string{"up " + chart.Long(now.Sub(a.Started))}
	if a.Version != "" {
		parts = append(parts, a.Version)
	}
	if !a.ConfigRead.IsZero() {
		parts = append(parts, "config read "+chart.When(a.ConfigRead.UTC(), now))
	}
	return strings.Join(parts, ", ")
}

func rejected(a Appliance) int64 { return a.Logs.Rejected + a.Metrics.Rejected + a.Traces.Rejected }

func ingestNote(a Appliance) string {
	if n := rejected(a); n > 0 {
		return chart.Count(n) + " rejected since the start"
	}
	return chart.Count(a.Logs.Accepted+a.Metrics.Accepted+a.Traces.Accepted) + " taken since the start, none rejected"
}

func diskHint(a Appliance) string {
	used := a.Logs.Bytes + a.Metrics.Bytes + a.Traces.Bytes
	bound := a.Logs.MaxBytes + a.Metrics.MaxBytes + a.Traces.MaxBytes
	if bound > 0 {
		return chart.Bytes(float64(used)).String() + " of " + chart.Bytes(float64(bound)).String()
	}
	if a.DiskFree > 0 {
		return chart.Bytes(float64(used)).String() + ", " + chart.Bytes(float64(a.DiskFree)).String() + " free"
	}
	return chart.Bytes(float64(used)).String()
}

func diskRow(name, class string, p Pillar, free int64) screens.DiskRow {
	return screens.DiskRow{
		Name: name, Class: class,
		Share: diskShare(p, free), Disk: diskText(p),
		Exact: chart.Count(p.Bytes) + " bytes",
		Kept:  kept(p, true),
	}
}

// diskShare is what of the room that a pillar may take it has taken: of its
// own bound, or of what is left on the disk.
func diskShare(p Pillar, free int64) float64 {
	room := p.MaxBytes
	if room == 0 {
		room = p.Bytes + free
	}
	if room <= 0 {
		return 0
	}
	return float64(p.Bytes) / float64(room)
}

func diskText(p Pillar) string {
	used := chart.Bytes(float64(p.Bytes))
	if p.MaxBytes == 0 {
		return used.String()
	}
	room := chart.Bytes(float64(p.MaxBytes))
	if used.Unit == room.Unit {
		return used.N + " of " + room.String()
	}
	return used.String() + " of " + room.String()
}

// kept says how long things are kept, in full how much a thing costs, and when the
// bound is reached if it goes on like this; that is only said of at least an
// hour of data.
func kept(p Pillar, full bool) string {
	var parts []string
	if p.Retention > 0 {
		parts = append(parts, chart.Long(p.Retention)+" kept")
	} else {
		parts = append(parts, "kept without end")
	}
	if p.Series > 0 {
		parts = append(parts, chart.Count(p.Series)+" series")
	} else if full && p.Items > 0 && p.Bytes > 0 {
		parts = append(parts, chart.Number(float64(p.Bytes)/float64(p.Items))+" bytes each")
	}
	age := time.Duration(p.Newest - p.Oldest)
	if p.MaxBytes > 0 && p.Oldest > 0 && age >= time.Hour && p.Bytes > 0 {
		left := time.Duration(float64(age) * float64(p.MaxBytes-p.Bytes) / float64(p.Bytes))
		switch {
		case left <= 0:
			parts = append(parts, "full, oldest removed first")
		case p.Retention > 0 && age+left > p.Retention:
			if full {
				parts = append(parts, "never full at this rate")
			}
		default:
			parts = append(parts, "full in "+chart.Age(left))
		}
	}
	return strings.Join(parts, ", ")
}

func receiverRow(r Receiver) screens.ReceiverRow {
	row := screens.ReceiverRow{
		Protocol: r.Protocol, Address: r.Addr, Takes: r.Takes, Word: "open", Shut: r.Shut,
		Trend: r.Trend, Rate: number(r.Rate), Accepted: chart.Count(r.Accepted),
		Rejected: chart.Count(r.Rejected), Refused: r.Rejected > 0, Error: r.Error,
	}
	switch {
	case r.Off && r.Shut != "":
		row.Health, row.Word = "idle", "off"
	case r.Shut != "":
		row.Health, row.Word = "warn", "shut"
	case r.Accepted == 0:
		row.Health, row.Word = "idle", "nothing yet"
	}
	return row
}

func (p *Pages) targetRow(t store.Target, now time.Time) screens.TargetRow {
	row := screens.TargetRow{
		URL: t.URL, Address: t.URL, Pool: t.Pool, Up: t.Up, Waiting: t.Scraped == 0,
		Samples: chart.Count(int64(t.Samples)), Took: chart.Duration(t.Took).String(), Error: t.Error,
		Last: "not yet",
	}
	if u, err := url.Parse(t.URL); err == nil && u.Host != "" {
		row.Address = u.Host
	}
	for _, name := range [...]string{"service_name", "service", "job"} {
		if s := t.Labels[name]; s != "" {
			row.Service = ui.Service{Name: s, Slot: p.o.Slots(s)}
			break
		}
	}
	if t.Scraped > 0 {
		at := time.Unix(0, t.Scraped).UTC()
		row.Last, row.LastAt = ago(now.Sub(at)), chart.Exact(at)
	} else {
		row.Took, row.Samples = chart.Dash, chart.Dash
	}
	return row
}

func ago(d time.Duration) string {
	if s := chart.Age(d); s != "now" {
		return s + " ago"
	}
	return "now"
}

func number(f float64) string {
	if math.IsNaN(f) {
		return chart.Dash
	}
	return chart.Number(f)
}

func perSecond(f float64) ui.Quantity {
	if math.IsNaN(f) {
		return ui.Quantity{N: chart.Dash}
	}
	return ui.Quantity{N: chart.Number(f), Unit: "/s"}
}

func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%s %ss", chart.Count(int64(n)), one)
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
