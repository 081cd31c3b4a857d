package planapi

import (
	"io"
	"net/http"
	"time"

	"tripod/planner"
	"tripod/web"
)

// A fault ends by itself, so that nobody forgets one.
const (
	defaultFault = 15 * time.Minute
	maxMinutes   = 240
)

var errNoFaults = &Problem{Status: http.StatusNotFound, Title: "There are no faults here",
	Detail: "Faults exist only in the demo. Start it with: tripod demo"}

func (a *API) listFaults(w http.ResponseWriter, r *http.Request) {
	if a.faults == nil {
		fail(w, r, errNoFaults)
		return
	}
	list := a.faults.List()
	out := FaultList{Faults: make([]Fault, len(list))}
	for i, f := range list {
		out.Faults[i] = faultOut(f)
	}
	web.JSON(w, http.StatusOK, out)
}

func (a *API) switchFault(w http.ResponseWriter, r *http.Request) {
	on, d, err := switchIn(w, r)
	if err != nil {
		fail(w, r, err)
		return
	}
	a.turn(w, r, on, d)
}

func (a *API) endFault(w http.ResponseWriter, r *http.Request) { a.turn(w, r, false, 0) }

func (a *API) turn(w http.ResponseWriter, r *http.Request, on bool, d time.Duration) {
	if a.faults == nil {
		fail(w, r, errNoFaults)
		return
	}
	f, err := a.faults.Switch(r.Context(), r.PathValue("name"), on, d)
	if err != nil {
		fail(w, r, err)
		return
	}
	web.JSON(w, http.StatusOK, faultOut(f))
}

// switchIn: no body means on.
func switchIn(w http.ResponseWriter, r *http.Request) (on bool, d time.Duration, err error) {
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil || len(b) == 0 {
		return true, defaultFault, err
	}
	var in Switch
	if err := decode(b, &in); err != nil {
		return false, 0, err
	}
	if in.Minutes < 0 || in.Minutes > maxMinutes {
		return false, 0, &planner.FieldError{Field: "minutes", Reason: "is not within 1 to 240"}
	}
	d = defaultFault
	if in.Minutes > 0 {
		d = time.Duration(in.Minutes) * time.Minute
	}
	return in.On == nil || *in.On, d, nil
}
