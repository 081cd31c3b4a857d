package syslog

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"net"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tripod/store"
)

// engine keeps records and tells how many it has; it answers with errs, one a
// call, first.
type engine struct {
	mu      sync.Mutex
	records []store.Record
	errs    []error
	kept    chan int
}

func newEngine(errs ...error) *engine { return &engine{errs: errs, kept: make(chan int, 1<<16)} }

func (e *engine) Append(_ context.Context, r []store.Record) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	var err error
	if len(e.errs) > 0 {
		err, e.errs = e.errs[0], e.errs[1:]
	}
	if p, ok := err.(*store.PartialError); ok {
		r = r[p.Rejected:]
	} else if err != nil {
		return err
	}
	for _, rec := range r {
		rec.Attrs = slices.Clone(rec.Attrs)
		e.records = append(e.records, rec)
	}
	e.kept <- len(e.records)
	return err
}

// after waits until so many records are kept, and shows them.
func (e *engine) after(t *testing.T, n int) []string {
	t.Helper()
	for have := 0; have < n; {
		select {
		case have = <-e.kept:
		case <-t.Context().Done():
			t.Fatalf("%d records are kept, want %d", have, n)
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	var out []string
	for i := range e.records {
		out = append(out, show(&e.records[i]))
	}
	return out
}

// losses counts what was lost by reason.
type losses struct {
	mu sync.Mutex
	n  map[string]int
	ch chan string
}

func (l *losses) add(reason string, n int, why string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.n == nil {
		l.n = map[string]int{}
	}
	l.n[reason] += n
	if l.ch != nil {
		l.ch <- reason
	}
}

// serve starts a server on a listener and returns what ends it.
func serve(t *testing.T, s *Server, l net.Listener) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func dial(t *testing.T, l net.Listener) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func options(l *losses) Options {
	return Options{Now: func() time.Time { return now }, Zone: time.UTC, Rejected: l.add}
}

func TestStreams(t *testing.T) {
	e, l := newEngine(), listen(t)
	serve(t, New(Doors{e}, options(&losses{})), l)
	c := dial(t, l)
	io.WriteString(c, "<13>Mar 12 14:05:00 h a: one\n21 <13>1 - h a - - - two")
	want := []string{
		"2026-03-12T14:05:00Z h a info/notice facility=user | one",
		"now h a info/notice facility=user | two",
	}
	if got := e.after(t, 2); !slices.Equal(got, want) { // while the stream stays open
		t.Errorf("got %q, want %q", got, want)
	}
	io.WriteString(c, "<11>a: no end")
	c.Close()
	if got := e.after(t, 3)[2]; got != "now 127.0.0.1 a error/err facility=user | no end" {
		t.Errorf("got %q", got)
	}
}

func TestTLS(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	e, l := newEngine(), listen(t)
	lost := &losses{ch: make(chan string, 10)}
	serve(t, New(Doors{e}, options(lost)), tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}))
	io.WriteString(dial(t, l), "<13>this is no handshake\n")
	if got := <-lost.ch; got != Broken {
		t.Errorf("lost for %q", got)
	}
	c, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "<13>a: hi\n")
	if got := e.after(t, 1)[0]; got != "now 127.0.0.1 a info/notice facility=user | hi" {
		t.Errorf("got %q", got)
	}
}

func TestPackets(t *testing.T) {
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e, lost := newEngine(), &losses{ch: make(chan string, 10)}
	o := options(lost)
	o.MaxMessage = 100
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- New(Doors{e}, o).ServePacket(ctx, pc) }()
	c, err := net.Dial("udp", pc.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "<13>Mar 12 14:05:00 h a: one\nand more\n")
	io.WriteString(c, strings.Repeat("x", 101))
	io.WriteString(c, "\n")
	io.WriteString(c, "<13>a: two")
	want := []string{
		"2026-03-12T14:05:00Z h a info/notice facility=user | one\nand more",
		"now 127.0.0.1 a info/notice facility=user | two",
	}
	if got := e.after(t, 2); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if lost.n[TooLong] != 1 || lost.n[Empty] != 1 {
		t.Errorf("lost %v", lost.n)
	}
}

func TestAStopKeepsWhatWasRead(t *testing.T) {
	e, l := newEngine(), listen(t)
	stop := serve(t, New(Doors{e}, options(&losses{})), l)
	c := dial(t, l)
	io.WriteString(c, "<13>a: one\n<13>a: the rest without an end")
	e.after(t, 1)
	stop()
	if got := e.after(t, 2); len(got) != 2 {
		t.Errorf("got %q", got)
	}
}

func TestWhatTheEngineCannotTakeNowIsTriedAgain(t *testing.T) {
	e, l := newEngine(store.ErrOverloaded, store.ErrFull), listen(t)
	lost := &losses{}
	serve(t, New(Doors{e}, options(lost)), l)
	io.WriteString(dial(t, l), "<13>a: one\n")
	e.after(t, 1)
	if len(lost.n) > 0 {
		t.Errorf("lost %v", lost.n)
	}
}

func TestLossesAreCountedByReason(t *testing.T) {
	e, l := newEngine(&store.PartialError{Rejected: 1, Reason: "too large"}, store.ErrClosed), listen(t)
	lost := &losses{ch: make(chan string, 10)}
	o := options(lost)
	o.MaxConns, o.MaxMessage = 1, 50
	serve(t, New(Doors{e}, o), l)
	c := dial(t, l)
	for _, step := range []struct{ send, want string }{
		{"<13>a: refused\n", Refused},
		{"<13>a: too late\n", NotKept},
		{"<13>a: " + strings.Repeat("x", 50) + "\n", TooLong},
		{"<13>\n", Empty},
	} {
		io.WriteString(c, step.send)
		if got := <-lost.ch; got != step.want {
			t.Errorf("%.20q: lost for %q, want %q", step.send, got, step.want)
		}
	}
	second := dial(t, l)
	if got := <-lost.ch; got != Connections {
		t.Errorf("lost for %q", got)
	}
	if _, err := second.Read(make([]byte, 1)); err == nil {
		t.Error("a connection too many is still open")
	}
}

func TestAnIdleStreamIsClosed(t *testing.T) {
	e, l := newEngine(), listen(t)
	o := options(&losses{})
	o.Idle = time.Millisecond
	serve(t, New(Doors{e}, o), l)
	if _, err := dial(t, l).Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("got %v, want the end", err)
	}
}

// TestLogger sends with Debian's logger (util-linux) in every form it has.
func TestLogger(t *testing.T) {
	logger, err := exec.LookPath("logger")
	if err != nil {
		t.Skip("logger is not installed")
	}
	e, l := newEngine(), listen(t)
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := New(Doors{e}, Options{})
	serve(t, s, l)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.ServePacket(ctx, pc) }()
	defer func() { cancel(); <-ended }()
	_, tcp, _ := net.SplitHostPort(l.Addr().String())
	_, udp, _ := net.SplitHostPort(pc.LocalAddr().String())
	for i, args := range [][]string{
		{"-T", "-P", tcp, "--rfc5424", "--msgid", "m1", "--sd-id", "x@1", "--sd-param", `k="v"`},
		{"-T", "-P", tcp, "--rfc5424", "--octet-count"},
		{"-T", "-P", tcp, "--rfc3164"},
		{"-d", "-P", udp, "--rfc5424=notime"},
		{"-d", "-P", udp, "--rfc3164"},
	} {
		text := fmt.Sprintf("message %d of logger: ünï", i)
		args = append(args, "-n", "127.0.0.1", "-p", "auth.err", "-t", "tester", "--id=42", text)
		if out, err := exec.Command(logger, args...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		e.after(t, i+1)
		e.mu.Lock()
		r := e.records[i]
		e.mu.Unlock()
		if r.Message() != text || r.Service != "tester" || r.LevelText != "err" || r.Attrs.Text("facility") != "auth" || r.Attrs.Text("procid") != "42" {
			t.Errorf("%q: got %s", args, show(&r))
		}
		if got := time.Since(time.Unix(0, r.Time)); got.Abs() > time.Minute {
			t.Errorf("%q: the time is %v off", args, got)
		}
		if i == 0 && (r.Attrs.Text("x@1.k") != "v" || r.Attrs.Text("msgid") != "m1") {
			t.Errorf("got %s", show(&r))
		}
	}
}
