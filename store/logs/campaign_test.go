package logs_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tripod/store"
	"tripod/store/events"
	"tripod/store/logs"
	"tripod/store/logs/logql"
)

// A campaign is the life of one store as a number decides it: records arrive,
// some late; heads are flushed, parts merged and sealed, the store is stopped
// and opened again; and all the while it is asked what the oracle can answer.
type campaign struct {
	t     *testing.T
	dir   string
	tuned events.Options
	did   *deeds

	records []store.Record // in order of arrival
	normals []string       // of each
	byTime  []int          // records by time, those of equal time by arrival
	horizon []int64        // no record from number n on is older than this

	asking sync.Mutex   // the oracle is one
	alive  sync.RWMutex // held while the store is asked
	s      runningStore
	acked  atomic.Int64 // so many records have arrived
}

// deeds are what happened in campaigns.
type deeds struct{ flushes, merges, seals, restarts, asked, found, unsaid atomic.Int64 }

const lateness = 24 // a record is overtaken by at most so many

func runCampaign(t *testing.T, seed uint64, most int, did *deeds) {
	synctest.Test(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(seed, 77))
		c := &campaign{t: t, dir: t.TempDir(), did: did}
		c.tuned = events.Options{
			HeadBytes: int64(1<<10 + r.IntN(5<<10)), MaxBlockRows: 3 + r.IntN(8),
			HeadAge: pick(r, []time.Duration{1, 2 * time.Second, time.Hour}),
		}
		c.arrivals(r, most/3+r.IntN(2*most/3))
		c.open()
		defer func() { c.s.stop() }()
		done := make(chan struct{})
		var asking sync.WaitGroup
		for range 2 {
			mine := rand.New(rand.NewPCG(r.Uint64(), 1))
			asking.Go(func() {
				for !t.Failed() {
					select {
					case <-done:
						return
					case <-time.After(pause(mine)):
						c.ask(mine)
					}
				}
			})
		}
		c.write(r)
		time.Sleep(30 * time.Second) // all that is flushed is merged and sealed
		close(done)
		asking.Wait()
		for range 2 {
			for range most / 5 {
				c.ask(r)
			}
			c.restart()
		}
	})
}

// pause ends at a quarter of a second, as the engine's own do, so that what is
// done then is done at once.
func pause(r *rand.Rand) time.Duration { return time.Duration(r.IntN(6)) * 250 * time.Millisecond }

// arrivals makes the records and knows how late each may be.
func (c *campaign) arrivals(r *rand.Rand, n int) {
	for i := range n {
		if r.IntN(3) == 0 {
			c.records = append(c.records, randomRecord(r, i))
		} else {
			c.records = append(c.records, serviceRecord(r, i))
		}
		if r.IntN(40) == 0 { // the same once more
			c.records = append(c.records, c.records[len(c.records)-1])
		}
	}
	for window := range slices.Chunk(c.records, lateness) {
		if r.IntN(3) == 0 {
			r.Shuffle(len(window), func(i, j int) { window[i], window[j] = window[j], window[i] })
		}
	}
	c.horizon = make([]int64, len(c.records)+1)
	c.horizon[len(c.records)] = 1 << 62
	for i := len(c.records) - 1; i >= 0; i-- {
		c.horizon[i] = min(c.records[i].Time, c.horizon[i+1])
		c.normals = append(c.normals, "")
		c.byTime = append(c.byTime, i)
	}
	for i := range c.records {
		c.normals[i] = normal(c.records[i])
	}
	slices.SortFunc(c.byTime, func(a, b int) int {
		if c.records[a].Time != c.records[b].Time {
			return int(c.records[a].Time - c.records[b].Time)
		}
		return a - b
	})
}

func (c *campaign) open() {
	o := logs.Options{LogQL: logql.Parse}
	o.Events.Flushed = func(int, int64, time.Duration) { c.did.flushes.Add(1) }
	o.Events.Merged = func(int, int, time.Duration) { c.did.merges.Add(1) }
	o.Events.Sealed = func(int, time.Duration) { c.did.seals.Add(1) }
	o.Events.Failed = func(what string, err error) { c.t.Errorf("%s: %v", what, err) }
	o.Events.Damaged = func(file string, off int64, err error) { c.t.Errorf("%s at %d: %v", file, off, err) }
	s, err := logs.OpenTuned(c.dir, o, c.tuned)
	if err != nil {
		c.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { s.Run(ctx); close(done) }()
	c.s = runningStore{s, sync.OnceFunc(func() {
		cancel()
		<-done
		if err := s.Close(); err != nil {
			c.t.Error(err)
		}
	})}
}

func (c *campaign) restart() {
	c.alive.Lock()
	defer c.alive.Unlock()
	c.s.stop()
	c.open()
	c.did.restarts.Add(1)
}

// write lets the records arrive.
func (c *campaign) write(r *rand.Rand) {
	for at := 0; at < len(c.records) && !c.t.Failed(); {
		n := min(1+r.IntN(14), len(c.records)-at)
		err := c.s.Append(context.Background(), slices.Clone(c.records[at:at+n]))
		if errors.Is(err, store.ErrOverloaded) {
			time.Sleep(time.Second)
			continue
		} else if err != nil {
			c.t.Error(err)
			return
		}
		at += n
		c.acked.Store(int64(at))
		if r.IntN(3) > 0 {
			time.Sleep(pause(r))
		}
		if r.IntN(25) == 0 {
			c.restart()
		}
	}
}

// ask asks something of the time of which everything has arrived.
func (c *campaign) ask(r *rand.Rand) {
	c.alive.RLock()
	defer c.alive.RUnlock()
	acked := int(c.acked.Load())
	q := store.LogQuery{Text: c.question(r), Oldest: r.IntN(2) == 0, Limit: pick(r, []int{0, 0, 0, 1, 7, 40})}
	from := scriptStart.Add(time.Duration(r.IntN(100)-20) * time.Second)
	q.Range = store.Between(from, from.Add(time.Duration(r.IntN(150))*time.Second))
	if r.IntN(3) == 0 {
		q.Range = store.TimeRange{To: 1 << 62}
	}
	q.Range.To = min(q.Range.To, c.horizon[acked])
	want, counts, err := c.answer(q, acked)
	if err != nil {
		c.did.unsaid.Add(1) // not every node has a search line
		return
	}
	var got []string
	for rec, err := range c.s.Search(context.Background(), q) {
		if err != nil {
			c.t.Errorf("%s: %v", q.Text, err)
			return
		}
		got = append(got, normal(rec))
	}
	c.did.asked.Add(1)
	c.did.found.Add(int64(len(got)))
	if !slices.Equal(got, want) {
		c.t.Errorf("%d of %d records have arrived: %s (%+v): got %d records, want %d\ngot  %.400s\nwant %.400s",
			acked, len(c.records), q.Text, q, len(got), len(want), first(got, want), first(want, got))
	}
	if q.Range.To-q.Range.From < int64(time.Hour) {
		c.counts(q, counts)
	}
}

const campaignStep = 11 * time.Second

// answer is what the oracle says: the records, and counts that no limit bounds.
func (c *campaign) answer(q store.LogQuery, acked int) (want []string, counts map[int64][7]int64, err error) {
	n, err := logs.Parse(q.Text)
	if err != nil {
		return nil, nil, err
	}
	c.asking.Lock()
	defer c.asking.Unlock()
	counts = map[int64][7]int64{}
	for _, i := range c.byTime {
		if rec := &c.records[i]; i < acked && q.Range.Has(rec.Time) && oracle(n, rec) {
			want = append(want, c.normals[i])
			at := rec.Time / int64(campaignStep) * int64(campaignStep)
			b := counts[at]
			b[store.LevelSlot(rec.Level)]++
			counts[at] = b
		}
	}
	if !q.Oldest {
		slices.Reverse(want)
	}
	if q.Limit > 0 && len(want) > q.Limit {
		want = want[:q.Limit]
	}
	return want, counts, nil
}

func (c *campaign) counts(q store.LogQuery, want map[int64][7]int64) {
	got, err := c.s.Volume(context.Background(), q, campaignStep)
	if err != nil {
		c.t.Errorf("%s: %v", q.Text, err)
		return
	}
	for _, b := range got {
		if b.Counts != want[b.Start] {
			c.t.Errorf("%s (%+v): at %d counted %v, want %v", q.Text, q, b.Start, b.Counts, want[b.Start])
			return
		}
		delete(want, b.Start)
	}
	if len(want) > 0 {
		c.t.Errorf("%s (%+v): not counted: %v", q.Text, q, want)
	}
}

func TestCampaignsAgreeWithTheOracle(t *testing.T) {
	var did deeds
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { runCampaign(t, seed, 320, &did) })
	}
	t.Logf("%d flushes, %d merges, %d seals, %d restarts; %d questions, %d records found, %d cannot be said",
		did.flushes.Load(), did.merges.Load(), did.seals.Load(), did.restarts.Load(), did.asked.Load(), did.found.Load(), did.unsaid.Load())
	for what, n := range map[string]int64{"merges": did.merges.Load(), "seals": did.seals.Load(), "restarts": did.restarts.Load(), "questions of 2,000": did.asked.Load() / 2000} {
		if n == 0 {
			t.Errorf("no %s: the test says little", what)
		}
	}
}

// FuzzCampaign goes on where the test ends, with smaller ones: the fuzzer takes
// what lasts ten seconds for a deadlock.
func FuzzCampaign(f *testing.F) {
	f.Add(uint64(1 << 40))
	f.Fuzz(func(t *testing.T, seed uint64) {
		var did deeds
		runCampaign(t, seed, 120, &did)
	})
}
