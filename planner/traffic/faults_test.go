package traffic

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"tripod/planner"
)

func board(happening map[string]bool, told *[]planner.Fault) *Faults {
	starts := map[string]Start{}
	for _, d := range definitions {
		starts[d.Name] = func() (func(), error) {
			happening[d.Name] = true
			return func() { delete(happening, d.Name) }, nil
		}
	}
	return NewFaults(FaultOptions{Starts: starts, Changed: func(_ context.Context, f planner.Fault) { *told = append(*told, f) }})
}

func TestFaultHappensUntilItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		happening, told := map[string]bool{}, []planner.Fault{}
		f := board(happening, &told)
		if _, err := f.Switch(t.Context(), "meteor", true, time.Minute); !errors.Is(err, planner.ErrNotFound) {
			t.Errorf("an unknown fault: got %v, want ErrNotFound", err)
		}
		on, err := f.Switch(t.Context(), SlowDB, true, 10*time.Minute)
		if err != nil || !on.On || !happening[SlowDB] {
			t.Fatalf("got %+v %v, want it to happen", on, err)
		}
		time.Sleep(9 * time.Minute)
		if _, err := f.Switch(t.Context(), SlowDB, true, 10*time.Minute); err != nil { // more of it
			t.Fatal(err)
		}
		time.Sleep(9 * time.Minute)
		synctest.Wait()
		if !happening[SlowDB] || !f.List()[0].On {
			t.Error("it ended before its new time")
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if happening[SlowDB] || f.List()[0].On {
			t.Error("it goes on after its time")
		}
		if len(told) != 2 || !told[0].On || told[1].On {
			t.Errorf("told %+v, want on and off", told)
		}
	})
}

func TestClosingEndsAllFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		happening, told := map[string]bool{}, []planner.Fault{}
		f := board(happening, &told)
		for _, d := range definitions {
			if _, err := f.Switch(t.Context(), d.Name, true, time.Minute); err != nil {
				t.Fatal(err)
			}
		}
		f.Close()
		if len(happening) != 0 {
			t.Errorf("%v go on", happening)
		}
		if _, err := f.Switch(t.Context(), SlowDB, true, time.Minute); err == nil {
			t.Error("a fault began after the end")
		}
	})
}
