package metrics

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunks"
)

// ErrTooManySeries refuses a sample whose series would be one too many. It is
// of that sample alone, and sending it again does not help as long as no
// series ends.
var ErrTooManySeries = fmt.Errorf("too many series: %w", storage.ErrOutOfBounds)

// birthSlots of birthSlot each are remembered: an hour, and the slot that runs.
const (
	birthSlots = 7
	birthSlot  = 10 * time.Minute
)

// maxBirthNames bounds the metrics for which births are told apart.
const maxBirthNames = 20_000

// births counts the series of the head, which are those of the last two to
// three hours, and bounds them. It is tsdb's SeriesLifecycleCallback.
type births struct {
	max      int64 // 0 for no bound
	now      func() time.Time
	replayed atomic.Bool // until then series are old ones, and none is refused
	live     atomic.Int64
	born     atomic.Int64 // since the start
	refused  atomic.Int64 // samples

	mu    sync.Mutex
	slots [birthSlots]map[string]int64 // new series by metric
	at    int64                        // of the newest slot, in birthSlots since 1970
}

func (b *births) PreCreation(labels.Labels) error {
	if b.max == 0 || !b.replayed.Load() || b.live.Load() < b.max {
		return nil
	}
	b.refused.Add(1)
	return ErrTooManySeries
}

func (b *births) PostCreation(ls labels.Labels) {
	b.live.Add(1)
	if !b.replayed.Load() {
		return
	}
	b.born.Add(1)
	name := ls.Get(labels.MetricName)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.turn()
	slot := b.slots[b.at%birthSlots]
	if _, known := slot[name]; known || len(slot) < maxBirthNames {
		slot[name]++
	}
}

func (b *births) PostDeletion(gone map[chunks.HeadSeriesRef]labels.Labels) {
	b.live.Add(-int64(len(gone)))
}

// turn empties the slots whose time has come again.
func (b *births) turn() {
	at := b.now().Unix() / int64(birthSlot/time.Second)
	for i := max(b.at+1, at-birthSlots+1); i <= at; i++ {
		b.slots[i%birthSlots] = map[string]int64{}
	}
	b.at = max(b.at, at)
}

// lastHour is how many series of each metric are new, over an hour to an hour
// and ten minutes.
func (b *births) lastHour() (byMetric map[string]int64, all int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.turn()
	byMetric = map[string]int64{}
	for _, slot := range b.slots {
		for name, n := range slot {
			byMetric[name] += n
			all += n
		}
	}
	return byMetric, all
}
