package termindex

import (
	"context"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"tripod/store/storetest"
)

// TestCrashWhileBuilding kills a process that builds an index in the place of
// the one before, over and over: what is there is a whole one, not older than
// the last that was done, or none.
func TestCrashWhileBuilding(t *testing.T) {
	storetest.Crash(t, storetest.CrashTest{Child: builder, Verify: verifyBuilt})
}

// numbered is the corpus of a number: its first block tells which.
func numbered(n int) *corpus {
	c := randomCorpus(rand.New(rand.NewPCG(uint64(n), 4)), 30, 80)
	c.blocks[0].Terms = append(c.blocks[0].Terms, Term("number", strconv.Itoa(n)))
	return c
}

func builder(dir string, ack func(string)) error {
	name := filepath.Join(dir, "index")
	next, err := builtNumber(name)
	if err != nil {
		return err
	}
	for n := next + 1; ; n++ {
		c := numbered(n)
		if err := Build(context.Background(), name, slices.Values(c.blocks), slices.Values(c.patterns)); err != nil {
			return err
		}
		ack(strconv.Itoa(n))
	}
}

// builtNumber is the number of what is there, or, with nothing there, more
// than any that was.
func builtNumber(name string) (n int, err error) {
	x, err := Open(name)
	if errors.Is(err, ErrDamaged) {
		return rand.IntN(1 << 30), nil
	} else if err != nil {
		return 0, err
	}
	defer x.Close()
	_, err = x.MatchValues(context.Background(), "number", "", func(v string) bool {
		n, err = strconv.Atoi(v)
		return true
	})
	if err == nil && n == 0 {
		err = errors.New("the index has no number")
	}
	return n, err
}

func verifyBuilt(t *testing.T, dir string, acked []string) {
	x, err := Open(filepath.Join(dir, "index"))
	if errors.Is(err, ErrDamaged) {
		return // killed between removing the old and naming the new one
	} else if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	n, err := builtNumber(filepath.Join(dir, "index"))
	if err != nil {
		t.Fatal(err)
	}
	done := append([]string{strconv.Itoa(n)}, acked...)
	if last := done[len(done)-1]; last != strconv.Itoa(n) && last != strconv.Itoa(n-1) {
		t.Fatalf("there is number %d, the last that was done is %s", n, last)
	}
	checkAnswers(t, x, numbered(n), rand.New(rand.NewPCG(1, 1)))
}
