package logfiles

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"tripod/store"
)

// TestEveryLineExactlyOnce writes, rotates both ways and kills at random, while
// the follower runs, rests or is stopped, and looks for every line, once.
func TestEveryLineExactlyOnce(t *testing.T) {
	for seed := range uint64(150) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		glob := "app.log"
		if seed%2 == 1 {
			glob = "app.log*" // which names what was rotated as well
		}
		w := newWorld(t, Options{}, glob)
		var log []string // for the report of a failure
		lines, rotated := 0, 0
		write := func() {
			var b strings.Builder
			for range 1 + rnd.IntN(20) {
				fmt.Fprintf(&b, "line %d\n", lines)
				lines++
				if rnd.IntN(10) == 0 {
					fmt.Fprintf(&b, "\tgoes on\n")
				}
			}
			w.write("app.log", b.String())
		}
		rotate := func() {
			rotated++
			to := fmt.Sprintf("app.log.%d", rotated)
			if rnd.IntN(2) == 0 {
				w.rename("app.log", to)
				log = append(log, "renamed")
				write()
			} else {
				w.copyTruncate("app.log", to)
				log = append(log, "copied")
			}
		}
		write()
		w.start()
		w.run(2)
		for range 40 {
			step := rnd.IntN(12)
			log = append(log, fmt.Sprintf("%d@%d/%d", step, lines, rotated))
			switch step {
			case 0, 1, 2:
				write()
			case 3, 4:
				write()
				w.run(2)
				write()
				rotate()
				w.run(2) // what is rotated twice between two looks is not seen
			case 5:
				w.killBefore = true
			case 6:
				w.killAfter = true
			case 7:
				w.killSave = true
			case 8:
				write()
				w.run(2)
				w.stop()
				write()
				if rnd.IntN(2) == 0 {
					rotate()
					write()
				}
				w.start()
				w.run(2)
			default:
				if err := w.rounds(rnd.IntN(8)); errors.Is(err, errKilled) {
					w.stop()
					write()
					w.start()
				} else if err != nil {
					t.Fatal(err)
				}
				continue
			}
			if w.killBefore || w.killAfter || w.killSave {
				if err := w.rounds(4); err != nil {
					w.stop()
					w.start()
				}
				w.killBefore, w.killAfter, w.killSave = false, false, false
			}
		}
		w.run(10)
		count := map[string]int{}
		for _, text := range w.texts() {
			for line := range strings.SplitSeq(text, "\n") {
				count[line]++
			}
		}
		for i := range lines {
			if n := count[fmt.Sprintf("line %d", i)]; n != 1 {
				for _, r := range w.records {
					t.Log(r.Attrs.Text(store.AttrFileID), r.Attrs[1].Value.Text(), r.Line())
				}
				t.Fatalf("seed %d: line %d is there %d times, of %d lines; steps %s; lost %v", seed, i, n, lines, strings.Join(log, " "), w.lost)
			}
		}
		w.stop()
	}
}
