package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// terminalPair opens a pseudo-terminal: what a program writes to its end comes
// out of ours.
func terminalPair(t *testing.T) (ours, theirs *os.File) {
	t.Helper()
	ours, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("no pseudo-terminals here: ", err)
	}
	t.Cleanup(func() { ours.Close() })
	if err := unix.IoctlSetPointerInt(int(ours.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(ours.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err = os.OpenFile(fmt.Sprint("/dev/pts/", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return ours, theirs
}

func TestColorsOnATerminal(t *testing.T) {
	p := launch(t, t.TempDir())
	send(t, p, `{"level":"warn","msg":"out of stock"}`)
	for name, c := range map[string]struct {
		env   string
		color bool
	}{"a terminal": {"TERM=xterm", true}, "NO_COLOR": {"NO_COLOR=1", false}, "a dumb one": {"TERM=dumb", false}} {
		t.Run(name, func(t *testing.T) {
			ours, theirs := terminalPair(t)
			cmd := exec.Command(os.Args[0], "query", "logs", "--limit", "1", "--addr", p.url)
			cmd.Stdout, cmd.Env = theirs, []string{asMain + "=1", c.env}
			err := cmd.Run()
			theirs.Close()
			if err != nil {
				t.Fatal(err)
			}
			out, err := io.ReadAll(ours) // ends with EIO, as the other end is closed
			if got := strings.Contains(string(out), "\x1b["); got != c.color || len(out) == 0 {
				t.Errorf("got %q (%v), want colours: %v", out, err, c.color)
			}
		})
	}
}
