package syslog

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestRsyslog has a real rsyslogd forward what it receives, in the three forms
// that its users choose from.
func TestRsyslog(t *testing.T) {
	rsyslogd, err := exec.LookPath("rsyslogd")
	if err != nil {
		t.Skip("rsyslogd is not installed")
	}
	for name, action := range map[string]string{
		"traditional":           `template="RSYSLOG_TraditionalForwardFormat"`,
		"with RFC 3339":         `template="RSYSLOG_ForwardFormat"`,
		"RFC 5424 and a count":  `template="RSYSLOG_SyslogProtocol23Format" TCP_Framing="octet-counted"`,
		"RFC 5424 and no count": `template="RSYSLOG_SyslogProtocol23Format"`,
	} {
		t.Run(name, func(t *testing.T) {
			e, l := newEngine(), listen(t)
			serve(t, New(Doors{e}, Options{}), l)
			_, to, _ := net.SplitHostPort(l.Addr().String())
			free, err := net.ListenPacket("udp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			_, from, _ := net.SplitHostPort(free.LocalAddr().String())
			free.Close()
			dir := t.TempDir()
			conf := filepath.Join(dir, "rsyslog.conf")
			text := fmt.Sprintf("module(load=\"imudp\")\ninput(type=\"imudp\" address=\"127.0.0.1\" port=\"%s\")\n*.* action(type=\"omfwd\" target=\"127.0.0.1\" port=\"%s\" protocol=\"tcp\" %s)\n", from, to, action)
			if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			cmd := exec.CommandContext(ctx, rsyslogd, "-n", "-f", conf, "-i", filepath.Join(dir, "pid"))
			var said strings.Builder
			cmd.Stdout, cmd.Stderr = &said, &said
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer cmd.Wait()
			defer cancel()
			out, err := net.Dial("udp", "127.0.0.1:"+from)
			if err != nil {
				t.Fatal(err)
			}
			defer out.Close()
			came := func() bool { // or not within a moment
				select {
				case <-e.kept:
					return true
				case <-time.After(100 * time.Millisecond):
					return false
				}
			}
			for tries := 0; ; tries++ { // until rsyslogd has its socket
				io.WriteString(out, "<35>"+time.Now().Format(time.Stamp)+" web-1 tester[42]: hi there")
				if came() {
					break
				}
				if tries == 100 {
					t.Fatalf("nothing came; rsyslogd said %s", said.String())
				}
			}
			e.mu.Lock()
			defer e.mu.Unlock()
			for i := range e.records {
				r := &e.records[i]
				if r.Service != "tester" {
					continue // rsyslogd's own words
				}
				if r.Message() != "hi there" || r.LevelText != "err" || r.Attrs.Text("facility") != "auth" || r.Attrs.Text("procid") != "42" ||
					r.Resource.Attrs.Text("host.name") != "web-1" || time.Since(time.Unix(0, r.Time)).Abs() > time.Minute {
					t.Errorf("got %s", show(r))
				}
				return
			}
		})
	}
}
