package pages

import (
	"time"

	"tripod/store"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// saidSteps say what each step of a receipt leaves to the next.
var saidSteps = map[string]string{
	"time":    "in the time range",
	"index":   "left by the index",
	"headers": "counted by their heads alone",
	"filters": "left by filters of words and ids",
	"zones":   "left by least and greatest values",
	"rows":    "match",
}

// receiptModel is how the query was answered, or nil when the engine does not
// say.
func receiptModel(r *store.Receipt) *screens.LogReceipt {
	if len(r.Steps) == 0 {
		return nil
	}
	m := &screens.LogReceipt{Asked: r.Asked, Took: chart.Duration(r.Took.Round(time.Microsecond)).String()}
	for _, s := range r.Steps {
		said := saidSteps[s.Name]
		if said == "" {
			said = s.Name
		}
		m.Steps = append(m.Steps, screens.LogReceiptStep{Name: said, Parts: chart.Count(s.Parts), Blocks: chart.Count(s.Blocks), Rows: chart.Count(s.Rows)})
		if s.Name == "rows" {
			last := &m.Steps[len(m.Steps)-1]
			last.Parts, last.Blocks = "", "" // the ones before say it
		}
	}
	if all := scanned(nil, r); len(all) > 0 {
		m.Read = all[0]
	}
	return m
}

// scanned appends how much of what is stored was read.
func scanned(out []string, r *store.Receipt) []string {
	if r.Stored <= 0 {
		return out
	}
	stored := chart.Bytes(float64(r.Stored)).String()
	switch {
	case r.Read == 0:
		return append(out, "read nothing of "+stored+" on disk")
	case r.Read < r.Stored:
		return append(out, "read "+chart.Bytes(float64(r.Read)).String()+" of "+stored+", skipped the rest")
	}
	return append(out, "read all of "+stored)
}
