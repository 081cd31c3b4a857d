package pages

import (
	"regexp"
	"strings"
	"time"

	"tripod/alerting"
	"tripod/store"
	"tripod/ui"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// blank is what varies in a pattern, as it is shown.
var blank = regexp.MustCompile(`‹[a-z]+›`)

func (v *evidenceView) patterns() screens.EvidencePatterns {
	out := screens.EvidencePatterns{Hint: "of the " + chart.Long(v.To.Sub(v.From)) + " before, against as long before that"}
	if len(v.Beside) > 0 {
		out.Note = "Of " + strings.Join(v.Beside, ", ") + ", which take part in the traces below, these are warnings and errors only."
	}
	for i := range v.Patterns {
		k := &v.Patterns[i]
		r := screens.EvidencePattern{
			Level: k.Level, Service: ui.Service{Name: k.Service, Slot: v.p.o.Slots(k.Service)}, Parts: keptParts(k.Shown),
			Class: patternClass(k.Level), Steps: floats(k.Steps), Lines: chart.Count(k.Lines), Open: i == 0,
		}
		if !v.gone {
			r.Href = v.carry.In(k.Service).Href("/logs", "q", samePattern(k.Text))
		}
		now, was := share(k.Lines, v.Lines), share(k.Before, v.Before)
		r.Share = chart.Percent(now).String()
		r.Exact = chart.Count(k.Lines) + " of " + chart.Count(v.Lines) + " lines; before " + chart.Count(k.Before) + " of " + chart.Count(v.Before)
		r.Change, r.Tone = keptChange(k, now, was, v.Before)
		for _, l := range k.Examples {
			line := screens.EvidenceLine{Time: chart.Clock(l.Time.UTC()), Exact: chart.Exact(l.Time.UTC()), Line: l.Line}
			line.Message, line.Fields = readLine(l.Line)
			if l.Trace != "" && !v.gone && !v.goneTraces[l.Trace] {
				line.Trace = v.carry.Href("/traces/" + l.Trace)
			}
			r.Examples = append(r.Examples, line)
		}
		out.Rows = append(out.Rows, r)
	}
	if len(out.Rows) == 0 {
		out.None = "No log lines" + v.of() + " in that time"
	}
	return out
}

// readLine takes a line apart as the Logs screen does: its message, and the
// fields that tell lines apart.
func readLine(line string) (message string, fields []ui.Param) {
	var r store.Record
	r.SetLine(line)
	for _, at := range r.Attrs {
		if !quietFields[at.Key] && len(fields) < rowFields {
			fields = append(fields, ui.Param{Name: at.Key, Value: cut(oneLine(at.Value.Text()), rowValue)})
		}
	}
	return cut(r.Message(), rowMessage), fields
}

// keptChange is how a pattern's share changed, in words, and how loud that is.
func keptChange(k *alerting.KeptPattern, now, was float64, before int64) (text, tone string) {
	switch {
	case before == 0:
		return chart.Dash, ""
	case k.Before == 0 && patternClass(k.Level) == "k-err":
		return "new", "err"
	case k.Before == 0:
		return "new", "warn"
	}
	text = chart.Change(now, was)
	if strings.HasPrefix(text, "×") {
		tone = "warn"
	}
	return text, tone
}

func keptParts(shown string) []screens.PatternPart {
	var out []screens.PatternPart
	at := 0
	for _, hit := range blank.FindAllStringIndex(shown, -1) {
		if hit[0] > at {
			out = append(out, screens.PatternPart{Text: shown[at:hit[0]]})
		}
		out = append(out, screens.PatternPart{Text: shown[hit[0]:hit[1]], Var: true})
		at = hit[1]
	}
	if at < len(shown) {
		out = append(out, screens.PatternPart{Text: shown[at:]})
	}
	return out
}

// of names the services that were looked at.
func (v *evidenceView) of() string {
	if len(v.Services) == 0 {
		return ""
	}
	return " of " + strings.Join(v.Services, " and ")
}

func (v *evidenceView) traces() screens.EvidenceTraces {
	out := screens.EvidenceTraces{Hint: "failing and slowest" + v.of()}
	for i := range v.Traces {
		out.Rows = append(out.Rows, v.trace(&v.Traces[i], i == 0))
	}
	if len(out.Rows) == 0 {
		out.None = "No traces" + v.of() + " in that time"
	}
	return out
}

func (v *evidenceView) trace(t *alerting.KeptTrace, open bool) screens.EvidenceTrace {
	r := screens.EvidenceTrace{
		ID: t.ID[:min(len(t.ID), 8)], Why: t.Why, Kind: "err",
		Service: ui.Service{Name: t.Service, Slot: v.p.o.Slots(t.Service)}, Name: t.Name, Duration: chart.Duration(t.Duration).String(),
		When: t.Start.UTC().Format(time.TimeOnly), Exact: chart.Exact(t.Start.UTC()), Open: open,
		Note: counted(t.Spans, "span"),
	}
	if !v.gone && !v.goneTraces[t.ID] {
		r.Href = v.carry.Href("/traces/" + t.ID)
	}
	if t.Why != "failing" {
		r.Kind = "warn"
	}
	if t.Errors > 0 {
		r.Note += ", " + counted(t.Errors, "error")
	}
	if more := t.Spans - len(t.Shown); more > 0 {
		r.More = counted(more, "more span") + " are not kept"
	}
	whole := float64(max(t.Duration, 1))
	for _, s := range t.Shown {
		from := min(max(float64(s.Start)/whole, 0), 1)
		r.Spans = append(r.Spans, screens.EvidenceSpan{
			Depth: s.Depth, Service: ui.Service{Name: s.Service, Slot: v.p.o.Slots(s.Service)}, Name: s.Name,
			Duration: chart.Duration(s.Duration).String(), Message: s.Message, Failed: s.Failed,
			From: from, Width: min(float64(s.Duration)/whole, 1-from),
		})
	}
	return r
}
