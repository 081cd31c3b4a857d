package logs_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"tripod/store"
	"tripod/store/events"
	"tripod/store/logs"
	"tripod/store/storetest"
)

// crashRecord is the record of an id: its line tells whether it is whole.
func crashRecord(id string) store.Record {
	r := store.Record{Time: scriptStart.UnixNano(), Service: "planner-api"}
	r.SetLine(fmt.Sprintf(`{"level":"warn","reqId":%q,"msg":"kept %s"}`, id, id))
	return r
}

func TestCrashKeepsWhatWasAcknowledged(t *testing.T) {
	storetest.Crash(t, storetest.CrashTest{Child: crashChild, Verify: crashVerify})
}

// crashChild writes batches of ten with heads so small that it also flushes.
func crashChild(dir string, ack func(string)) error {
	s, err := logs.OpenTuned(dir, logs.Options{}, events.Options{HeadBytes: 64 << 10})
	if err != nil {
		return err
	}
	go s.Run(context.Background())
	born := time.Now().UnixNano()
	for n := 0; ; n += 10 {
		var batch []store.Record
		for i := range 10 {
			batch = append(batch, crashRecord(fmt.Sprintf("%d-%d", born, n+i)))
		}
		for s.Append(context.Background(), batch) != nil {
			time.Sleep(time.Millisecond) // the flusher is behind
		}
		for i := range batch {
			ack(batch[i].Attrs.Text("reqId"))
		}
	}
}

func crashVerify(t *testing.T, dir string, acked []string) {
	s, err := logs.Open(dir, logs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	times := map[string]int{}
	for r, err := range s.Search(context.Background(), store.LogQuery{Range: scriptRange(), Text: "level:warn"}) {
		if err != nil {
			t.Fatal(err)
		}
		id := r.Attrs.Text("reqId")
		times[id]++
		if want := crashRecord(id); normal(r) != normal(want) {
			t.Fatalf("got  %s\nwant %s", normal(r), normal(want))
		}
	}
	for _, id := range acked {
		if times[id] != 1 {
			t.Fatalf("%s of %d acknowledged is there %d times", id, len(acked), times[id])
		}
	}
}
