package events

import "sync"

// headDigests sum up the events of a head, those of each day apart, since a part
// of each is what the head becomes.
type headDigests struct {
	fresh func() Digest // Options.NewDigest

	mu   sync.Mutex
	days []dayDigest // at most maxFlushDays
	rest Digest      // of all other days, nil when there are none
}

type dayDigest struct {
	day int64 // Unix days
	Digest
}

// add takes events into account.
func (d *headDigests) add(ev []Event) {
	if d.fresh == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	at, to := int64(0), Digest(nil)
	for i := range ev {
		today := floorDiv(ev[i].Time, day)
		if same := to != nil && today == at; same && ev[i].Alike {
			continue
		} else if !same {
			at, to = today, d.of(today)
		}
		to.Add(&ev[i])
	}
}

// of is the digest of a day.
func (d *headDigests) of(today int64) Digest {
	if own := d.own(today); own != nil {
		return own
	}
	if len(d.days) < maxFlushDays {
		own := d.fresh()
		d.days = append(d.days, dayDigest{today, own})
		return own
	}
	if d.rest == nil {
		d.rest = d.fresh()
	}
	return d.rest
}

// own is the digest of a day alone, of all its events; nil when there is none.
func (d *headDigests) own(today int64) Digest {
	for i := range d.days {
		if d.days[i].day == today {
			return d.days[i].Digest
		}
	}
	return nil
}

// all gives the digests until show says no, and says whether it did.
func (d *headDigests) all(show func(Digest) bool) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range d.days {
		if !show(d.days[i].Digest) {
			return true
		}
	}
	return d.rest != nil && !show(d.rest)
}
