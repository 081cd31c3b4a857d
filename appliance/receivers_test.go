package appliance

import (
	"errors"
	"testing"

	"tripod/store"
)

func TestMeterCountsEachItemOnce(t *testing.T) {
	for name, c := range map[string]struct {
		err                error
		told               int // by the wire, its own refusals and the engine's together
		accepted, rejected int64
	}{
		"all taken":             {nil, 0, 10, 0},
		"some refused":          {&store.PartialError{Rejected: 3, Reason: "too large"}, 4, 7, 4},
		"all turned away":       {store.ErrOverloaded, 0, 0, 10},
		"an error of the world": {errors.New("disk gone"), 0, 0, 10},
	} {
		t.Run(name, func(t *testing.T) {
			var m meter
			m.count(10, c.err)
			if c.told > 0 {
				m.refuse(c.told, "why")
			}
			if m.accepted.Load() != c.accepted || m.rejected.Load() != c.rejected {
				t.Errorf("got %d accepted, %d rejected; want %d, %d", m.accepted.Load(), m.rejected.Load(), c.accepted, c.rejected)
			}
		})
	}
}
