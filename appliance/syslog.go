package appliance

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"os"

	"tripod/web/pages"
	"tripod/web/syslog"
)

// udpBuffer is what the kernel may hold of datagrams that nobody has read yet,
// in bytes; the system's own bound may be lower.
const udpBuffer = 4 << 20

// syslogDoor is one listener for syslog.
type syslogDoor struct {
	name  string
	addr  string // as bound
	meter *meter
}

// listenSyslog binds what was asked for. Each must be free: none has a default.
func (a *Appliance) listenSyslog() error {
	m := &a.meters
	if a.o.SyslogUDP != "" {
		c, err := net.ListenPacket("udp", a.o.SyslogUDP)
		if err != nil {
			return fmt.Errorf("syslog over UDP on %s: %w", a.o.SyslogUDP, err)
		}
		if u, ok := c.(*net.UDPConn); ok {
			_ = u.SetReadBuffer(udpBuffer) // less of it is no fault
		}
		a.openSyslog("Syslog UDP", c.LocalAddr(), &m.syslogUDP, c, func(ctx context.Context, s *syslog.Server) error { return s.ServePacket(ctx, c) })
	}
	if a.o.SyslogTCP != "" {
		l, err := net.Listen("tcp", a.o.SyslogTCP)
		if err != nil {
			return fmt.Errorf("syslog over TCP on %s: %w", a.o.SyslogTCP, err)
		}
		a.openSyslog("Syslog TCP", l.Addr(), &m.syslogTCP, l, func(ctx context.Context, s *syslog.Server) error { return s.Serve(ctx, l) })
	}
	if a.o.SyslogTLS != "" {
		cert, err := loadCertificate(a.o.TLSCert, a.o.TLSKey)
		if err != nil {
			return err
		}
		l, err := net.Listen("tcp", a.o.SyslogTLS)
		if err != nil {
			return fmt.Errorf("syslog over TLS on %s: %w", a.o.SyslogTLS, err)
		}
		secure := tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12})
		a.openSyslog("Syslog TLS", l.Addr(), &m.syslogTLS, l, func(ctx context.Context, s *syslog.Server) error { return s.Serve(ctx, secure) })
	}
	return nil
}

func loadCertificate(certFile, keyFile string) (tls.Certificate, error) {
	for _, f := range []string{certFile, keyFile} {
		if _, err := os.Stat(f); err != nil {
			return tls.Certificate{}, fmt.Errorf("certificate: %w", err)
		}
	}
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("certificate %s with key %s: %w", certFile, keyFile, err)
	}
	return cert, nil
}

// openSyslog registers a bound listener. The server comes to be when it runs,
// as the engine is not open yet.
func (a *Appliance) openSyslog(name string, bound net.Addr, m *meter, l interface{ Close() error }, serve func(context.Context, *syslog.Server) error) {
	a.syslog = append(a.syslog, syslogDoor{name, bound.String(), m})
	if !loopback(bound.String()) {
		a.warnings = append(a.warnings, fmt.Sprintf("%s on %s can be reached from other machines: anyone there can write log lines", name, bound))
	}
	a.life.onClose(name+" listener", closeListener(l))
	a.life.onRun(servers, name, func(ctx context.Context) error {
		return serve(ctx, syslog.New(syslog.Doors{Logs: patientLogs{a.logs, m}}, syslog.Options{Rejected: m.refuseLogs}))
	})
}

func (a *Appliance) syslogReceivers() []pages.Receiver {
	var out []pages.Receiver
	for _, d := range a.syslog {
		out = append(out, d.meter.receiver(d.name, d.addr, "logs"))
	}
	return out
}
