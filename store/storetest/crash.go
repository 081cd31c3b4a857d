package storetest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"
)

const (
	crashChild  = "TEST_TRIPOD_CRASH_CHILD"  // the test that this process is the child of
	crashDir    = "TEST_TRIPOD_CRASH_DIR"    // where the child writes
	crashRounds = "TEST_TRIPOD_CRASH_ROUNDS" // how often it is killed
)

// CrashTest kills a writing process and looks at what it left. Rounds go on in
// the same folder, so that what survived one crash must survive the next.
type CrashTest struct {
	// Child opens the engine in dir and writes until it is killed. It calls ack
	// with a unique id for each thing, once that was acknowledged.
	Child func(dir string, ack func(id string)) error
	// Verify opens the engine in dir, and finds everything in acked, whole.
	Verify func(t *testing.T, dir string, acked []string)
	// Rounds is 3, or what TEST_TRIPOD_CRASH_ROUNDS says.
	Rounds int
	// Longest is the most that a child may live, 400 ms when 0; the least is a
	// hundredth of it.
	Longest time.Duration
}

// Crash runs the test; call it from a test that is no subtest and does nothing
// before, since the child enters through the same one.
func Crash(t *testing.T, c CrashTest) {
	if os.Getenv(crashChild) == t.Name() {
		os.Exit(c.child())
	}
	rounds := c.Rounds
	if n, err := strconv.Atoi(os.Getenv(crashRounds)); err == nil && n > 0 {
		rounds = n
	} else if rounds == 0 {
		rounds = 3
	}
	dir := t.TempDir()
	var acked []string
	for round := range rounds {
		ids, err := c.round(t, dir)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		acked = append(acked, ids...)
		c.Verify(t, dir, acked)
		if t.Failed() {
			t.Fatalf("round %d of %d", round+1, rounds)
		}
	}
	if len(acked) == 0 {
		t.Fatal("nothing was acknowledged in any round")
	}
	t.Logf("%d acknowledged in %d rounds", len(acked), rounds)
}

// child is the life of the process that is going to be killed. Ids go out on
// file 3; the end of standard input is the end of the parent.
func (c *CrashTest) child() int {
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(3)
	}()
	out := os.NewFile(3, "acks")
	err := c.Child(os.Getenv(crashDir), func(id string) {
		if _, err := out.WriteString(id + "\n"); err != nil {
			os.Exit(3)
		}
	})
	fmt.Fprintln(os.Stderr, "the child came to an end:", err)
	return 4
}

// round runs one child to its death and returns what it acknowledged.
func (c *CrashTest) round(t *testing.T, dir string) ([]string, error) {
	acks, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer acks.Close()
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), crashChild+"="+t.Name(), crashDir+"="+dir)
	cmd.ExtraFiles = []*os.File{w}
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, errors.Join(err, w.Close())
	}
	defer stdin.Close()
	err = cmd.Start()
	w.Close()
	if err != nil {
		return nil, err
	}
	longest := c.Longest
	if longest == 0 {
		longest = 400 * time.Millisecond
	}
	life := longest/100 + rand.N(longest)
	started := make(chan []string, 1)
	go func() { started <- c.read(acks, func() { time.AfterFunc(life, func() { cmd.Process.Kill() }) }) }()
	ids := <-started
	err = cmd.Wait()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() == -1 {
		return ids, nil // killed
	}
	return nil, fmt.Errorf("the child ended by itself: %w", err)
}

// read collects whole lines until the pipe ends, and says when the first came.
func (c *CrashTest) read(acks io.Reader, first func()) []string {
	var ids []string
	r := bufio.NewReader(acks)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return ids // what is not whole was not acknowledged
		}
		if len(ids) == 0 {
			first()
		}
		ids = append(ids, line[:len(line)-1])
	}
}
