package promapi

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/prometheus/prometheus/util/notifications"
)

// Notices are what the person who runs the server should know, like a
// configuration that could not be read.
type Notices interface {
	Get() []notifications.Notification
	// Sub gives those that hold and all that begin or end from now on, until
	// done; ok is false when too many follow already.
	Sub() (c <-chan notifications.Notification, done func(), ok bool)
}

func (a *API) notices(*http.Request) (answer, error) {
	return answer{data: value(a.d.Notices.Get())}, nil
}

// liveNotices are server-sent events, as long as the client stays.
func (a *API) liveNotices(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-cache")
	h.Set("Connection", "keep-alive")
	events, done, ok := a.d.Notices.Sub()
	if !ok {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	defer done()
	c := http.NewResponseController(w)
	for {
		if err := c.Flush(); err != nil { // the first opens the stream for the client
			return
		}
		select {
		case n := <-events:
			b, err := json.Marshal(n)
			if err != nil {
				return // a broken invariant would be ours: a time beyond year 9999
			}
			if _, err := fmt.Fprintf(w, "data: %s\n\n", b); err != nil {
				return
			}
		case <-r.Context().Done():
			return
		}
	}
}

// noHead refuses HEAD, which a pattern of GET takes too: an answer that nobody
// reads would hold its place among the followers.
func noHead(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Allow", "GET")
	http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
}
