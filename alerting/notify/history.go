package notify

import (
	"slices"

	"tripod/alerting"
	"tripod/alerting/dispatch"
)

// history is the last deliveries, oldest first.
type history struct {
	limit   int
	next    uint64
	entries []entry
}

// newHistory takes entries in the order of their sequence.
func newHistory(limit int, entries []entry) history {
	h := history{limit: limit, entries: entries}
	if n := len(entries); n > 0 {
		h.next = entries[n-1].seq + 1
	}
	return h
}

// put replaces the entry of the same notification, if it is still known and
// not yet sent, or adds one and forgets the oldest.
func (h *history) put(c *change, d alerting.Delivery) {
	i := h.find(d.ID)
	if i < 0 {
		h.entries = append(h.entries, entry{seq: h.next})
		h.next++
		i = len(h.entries) - 1
	}
	h.entries[i].Delivery = d
	c.history = append(c.history, h.entries[i])
	for len(h.entries) > h.limit {
		c.forget = append(c.forget, h.entries[0].seq)
		h.entries = slices.Delete(h.entries, 0, 1)
	}
}

// find returns the index of the newest delivery of that notification, or -1.
func (h *history) find(id string) int {
	for i := len(h.entries) - 1; i >= 0; i-- {
		if h.entries[i].ID == id {
			return i
		}
	}
	return -1
}

// open is the delivery of a notification that was tried before, or a new one.
func (h *history) open(n *dispatch.Notification) alerting.Delivery {
	if i := h.find(n.ID); i >= 0 {
		return h.entries[i].Delivery
	}
	d := alerting.Delivery{
		ID: n.ID, Receiver: n.Receiver, Integration: n.Integration, Group: n.Group, Reason: n.Reason,
		What: string(whatOf(n)), Name: n.Alerts[0].Name(), Service: n.Alerts[0].Service(),
	}
	for _, a := range n.Alerts {
		d.Alerts = append(d.Alerts, a.Fingerprint)
		if !slices.Contains(d.Names, a.Name()) {
			d.Names = append(d.Names, a.Name())
		}
	}
	return d
}

// unfinished finds what a former process did not finish.
func unfinished(entries []entry) map[string]string {
	open := map[string]string{}
	for _, e := range entries {
		if e.Result == alerting.Sending || e.Result == alerting.Retrying {
			open[laneKey(e.Group, e.Receiver, e.Integration)] = e.ID
		}
	}
	return open
}

func (h *history) list() []alerting.Delivery {
	out := make([]alerting.Delivery, 0, len(h.entries))
	for _, e := range slices.Backward(h.entries) {
		out = append(out, e.Delivery)
	}
	return out
}
