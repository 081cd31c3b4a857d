package appliance

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// binary is what make build makes; the benchmarks measure that, not a test.
const binary = "../bin/tripod"

// process is a running binary on a directory of its own.
type process struct {
	cmd   *exec.Cmd
	url   string
	ready time.Duration
}

// launch runs a command, serve when none is named, with further flags behind
// it that count more than those here.
func launch(b *testing.B, dir string, args ...string) *process {
	b.Helper()
	if _, err := os.Stat(binary); err != nil {
		b.Skip("no ../bin/tripod: make bench builds it first")
	}
	first := min(len(args), 1)
	cmd := exec.Command(binary, slices.Concat(args[:first], []string{"--data", dir, "--listen", "127.0.0.1:0", "--otlp-grpc", "off", "--otlp-http", "off"}, args[first:])...)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		b.Fatal(err)
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	p := &process{cmd: cmd}
	lines := bufio.NewScanner(stderr)
	for said := ""; ; said = lines.Text() {
		if !lines.Scan() {
			b.Fatalf("the binary ended before it was ready: %s", said)
		}
		if url, ok := strings.CutPrefix(lines.Text(), "Tripod is ready: "); ok {
			p.url, p.ready = url, time.Since(start)
			go io.Copy(io.Discard, stderr)
			b.Cleanup(p.stop)
			return p
		}
	}
}

func (p *process) stop() {
	p.cmd.Process.Signal(syscall.SIGTERM)
	p.cmd.Wait()
}

// memory is a field of /proc/PID/status in MB (decimal).
func (p *process) memory(b *testing.B, field string) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		b.Skip("no /proc here")
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, field+":"); ok {
			kib, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kib * 1024 / 1e6
		}
	}
	return 0
}

// cpu is the process's user and system time so far.
func (p *process) cpu(b *testing.B) time.Duration {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		b.Skip("no /proc here")
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:])) // from field 3 on
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond // USER_HZ is 100
}

// watchMemory looks often at the anonymous memory, until it is asked for the
// most that there was, in MB.
func (p *process) watchMemory(b *testing.B) func() float64 {
	stop, most := make(chan struct{}), make(chan float64)
	go func() {
		t := time.NewTicker(20 * time.Millisecond)
		defer t.Stop()
		peak := 0.0
		for {
			select {
			case <-t.C:
				peak = max(peak, p.memory(b, "RssAnon"))
			case <-stop:
				most <- peak
				return
			}
		}
	}()
	return func() float64 { close(stop); return <-most }
}
