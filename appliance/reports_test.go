package appliance

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tripod/store/metrics"
)

func TestTroublesAreSaidOnceInAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said bytes.Buffer
		r := newReports("/data", slog.New(slog.NewTextHandler(&said, nil)))
		ears := r.events("logs")
		for range 100 {
			ears.Failed("flush", errors.New("disk full"))
		}
		ears.Damaged("wal/2.wal", 64, errors.New("bad crc"))
		if got := strings.Count(said.String(), "\n"); got != 2 {
			t.Errorf("said %d lines, want one of each kind:\n%s", got, &said)
		}
		time.Sleep(reportEvery)
		ears.Failed("flush", errors.New("disk full"))
		if !strings.Contains(said.String(), "more=99") {
			t.Errorf("those in between are not counted:\n%s", &said)
		}
		if got := strings.Join(r.problems(), " "); !strings.Contains(got, "logs: flush: disk full") || !strings.Contains(got, "wal/2.wal is damaged at byte 64") {
			t.Errorf("problems %q", got)
		}
		time.Sleep(troubled)
		if got := r.problems(); len(got) != 0 {
			t.Errorf("problems %q long after", got)
		}
	})
}

func TestLibraryWarningsAreTroubles(t *testing.T) {
	var said bytes.Buffer
	r := newReports("/data", slog.New(slog.NewTextHandler(&said, nil)))
	log := r.logger("metrics").With("component", "tsdb")
	log.Info("compacted")
	log.Warn("WAL repaired", "segment", 7)
	if got := said.String(); strings.Contains(got, "compacted") || !strings.Contains(got, "WAL repaired component=tsdb segment=7") {
		t.Errorf("said %q", got)
	}
}

// TestFullDiskIsSaid when it begins and when it ends, and is the state until
// then.
func TestFullDiskIsSaid(t *testing.T) {
	var said bytes.Buffer
	a := &Appliance{reports: newReports("/data", slog.New(slog.NewTextHandler(&said, nil)))}
	a.o.Data = t.TempDir()
	var err error
	if a.metrics, err = metrics.Open(t.TempDir(), metrics.Options{}); err != nil {
		t.Fatal(err)
	}
	defer a.metrics.Close()
	logs, traces := a.reports.events("logs"), a.reports.events("traces")
	logs.Full(true)
	traces.Full(true)
	if class, words := a.Health(); class != "warn" || words != "The disk is full: logs and traces are refused. Free some room in /data." {
		t.Errorf("health %q %q", class, words)
	}
	traces.Full(false)
	if _, words := a.Health(); !strings.HasPrefix(words, "The disk is full: logs are refused.") {
		t.Errorf("health %q", words)
	}
	logs.Full(false)
	if _, words := a.Health(); strings.Contains(words, "full: ") {
		t.Errorf("health %q", words)
	}
	if got := said.String(); strings.Count(got, "\n") != 4 || strings.Count(got, "level=ERROR") != 2 || strings.Count(got, "path=/data") != 4 || !strings.Contains(got, "--retention-logs") {
		t.Errorf("said %s", got)
	}
}
