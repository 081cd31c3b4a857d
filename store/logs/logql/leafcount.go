package logql

import (
	"slices"
	"time"

	"tripod/store"
	"tripod/store/logs"
)

// maxPieces bounds the steps of one count.
const maxPieces = 50_000

// countable says whether the store's own counts by level answer: no stage is
// left, and no label is wanted but the level.
func (lf *leaf) countable() bool {
	if !lf.counts() || len(lf.pl.stages) > 0 || lf.group == nil || lf.group.Without || lf.pieces() > maxPieces {
		return false
	}
	if slices.ContainsFunc(lf.group.Labels, func(name string) bool { return name != "level" && name != "detected_level" }) {
		return false
	}
	if !slices.Contains(lf.group.Labels, "level") {
		return true
	}
	own, err := lf.ev.store.HasStreamLabel(lf.ev.ctx, "level", lf.query().Range)
	return err == nil && !own
}

// counts says that nothing of a line counts but that it is there.
func (lf *leaf) counts() bool {
	return lf.r.Fn == "count_over_time" || lf.r.Fn == "rate" && lf.unwrap == nil || lf.r.Fn == "absent_over_time"
}

// foldRow adds rows that stand for more records, in any order.
func (lf *leaf) foldRow(l *line) func(*logs.Row) error {
	used := lf.used()
	return func(r *logs.Row) error {
		pane := lf.panes.holds(r.Time())
		if !used[pane] {
			return nil
		}
		l.startRow(r)
		return lf.line(l, pane)
	}
}

// piece is the longest time that all panes are multiples of.
func (p panes) piece() int64 {
	length := int64(0)
	for i := range p.at[1:] {
		for a, b := length, p.at[i+1]-p.at[i]; ; a, b = b, a%b {
			if b == 0 {
				length = a
				break
			}
		}
	}
	return length
}

func (lf *leaf) pieces() int64 {
	at := lf.panes.at
	return (at[len(at)-1] - at[0]) / lf.panes.piece()
}

// count asks for the counts of all pieces, and adds them up by pane.
func (lf *leaf) count() error {
	at, used, pane := lf.panes.at, lf.used(), 0
	lf.receipt.Reads = []string{"counts by level"}
	buckets, err := lf.ev.store.Count(lf.ev.ctx, lf.pl.node(), lf.query(), time.Duration(lf.panes.piece()))
	if err = lf.ev.pass(err); err != nil {
		return err
	}
	for i := range buckets {
		for buckets[i].Start > at[pane+1] {
			pane++
		}
		if !used[pane] {
			continue
		}
		if err := lf.addCounts(pane, &buckets[i]); err != nil {
			return err
		}
	}
	return nil
}

func (lf *leaf) addCounts(pane int, b *store.LogBucket) error {
	for slot, n := range b.Counts {
		if n == 0 {
			continue
		}
		word := "unknown"
		if slot > 0 {
			word = store.LevelNames[slot-1]
		}
		var labels store.LogLabels
		for _, name := range lf.group.Labels {
			labels = append(labels, store.LogLabel{Name: name, Value: word})
		}
		key := labelsKey(labels)
		c := lf.byKey[key]
		if c == nil {
			c = &cells{labels: slices.Compact(sorted(labels))}
			lf.byKey[key] = c
		}
		a, err := lf.cell(c, pane)
		if err != nil {
			return err
		}
		a.n += float64(n)
		a.a += float64(n)
	}
	return nil
}
