package appliance

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

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
			m.count("logs", 10, c.err)
			if c.told > 0 {
				m.refuseLogs("refused", c.told, "why")
			}
			if m.accepted.Load() != c.accepted || m.rejected.Load() != c.rejected {
				t.Errorf("got %d accepted, %d rejected; want %d, %d", m.accepted.Load(), m.rejected.Load(), c.accepted, c.rejected)
			}
		})
	}
}

// failing is an engine that answers with an error.
type failing struct{ err error }

func (f failing) Append(context.Context, []store.Record) error { return f.err }

// TestMetersShowReasons counts what each kind of answer comes to on /metrics.
func TestMetersShowReasons(t *testing.T) {
	var m meters
	for _, err := range []error{nil, store.ErrOverloaded, store.ErrFull, &store.PartialError{Rejected: 2, Reason: "too large"}, context.Canceled, errors.New("disk gone")} {
		_ = meteredLogs{failing{err}, &m.loki}.Append(t.Context(), make([]store.Record, 10))
		_ = patientLogs{failing{err}, &m.syslogTCP}.Append(t.Context(), make([]store.Record, 10))
	}
	m.loki.refuseLogs("refused", 2, "too large") // as the wire tells
	m.write.took(3, 1, &store.PartialError{Rejected: 1, Reason: "too old"})
	want := `
# HELP tripod_input_accepted_total Log lines, spans and samples that were kept.
# TYPE tripod_input_accepted_total counter
tripod_input_accepted_total{input="loki",signal="logs"} 18
tripod_input_accepted_total{input="remote_write",signal="metrics"} 3
tripod_input_accepted_total{input="syslog_tcp",signal="logs"} 18
# HELP tripod_input_rejected_total Log lines, spans, samples and exemplars that were not kept, and requests and connections of which nobody knows what they held. For overloaded and disk_full their senders were told to come again.
# TYPE tripod_input_rejected_total counter
tripod_input_rejected_total{input="loki",reason="disk_full",signal="logs"} 10
tripod_input_rejected_total{input="loki",reason="failed",signal="logs"} 10
tripod_input_rejected_total{input="loki",reason="left",signal="logs"} 10
tripod_input_rejected_total{input="loki",reason="overloaded",signal="logs"} 10
tripod_input_rejected_total{input="loki",reason="refused",signal="logs"} 2
tripod_input_rejected_total{input="remote_write",reason="refused",signal="metrics"} 1
`
	if err := testutil.CollectAndCompare(&m, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
}
