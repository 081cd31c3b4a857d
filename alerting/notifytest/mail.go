package notifytest

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Mail is a mail server, RFC 5321, that offers STARTTLS and wants a login
// under it, and says what is wrong with a command. It knows the user me with
// the password hunter2SECRET, who sends as alerts@example.com.
type Mail struct {
	net.Listener
	cert   tls.Certificate
	CAFile string // of a PEM with the certificate that it shows
	conns  sync.WaitGroup

	mu     sync.Mutex
	before func(n int, command string) string
	n      int // connections
	taken  []Taken
	bad    []string
}

// NewMail starts one; what it refuses fails the test.
func NewMail(t testing.TB) *Mail {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &Mail{Listener: l}
	f.cert, f.CAFile = selfSigned(t)
	f.conns.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			f.conns.Go(func() { f.serve(c) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		f.conns.Wait()
		for _, b := range f.bad {
			t.Errorf("the mail server would refuse: %s", b)
		}
	})
	return f
}

// Before is asked with the number of the connection, from 1, and each command;
// "." is the end of a mail, "taken" the moment when it was taken. It may answer
// by a reply of its own, or hang up with "-".
func (f *Mail) Before(ask func(n int, command string) string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.before = ask
}

func selfSigned(t testing.TB) (tls.Certificate, string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, path
}

// session is one connection.
type session struct {
	f             *Mail
	n             int
	conn          net.Conn
	in            *bufio.Reader
	secure, known bool
	from          string
	to            int
}

func (f *Mail) serve(conn net.Conn) {
	defer conn.Close()
	f.mu.Lock()
	f.n++
	s := &session{f: f, n: f.n, conn: conn, in: bufio.NewReader(conn)}
	f.mu.Unlock()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	s.say("220 fake")
	for {
		line, err := s.in.ReadString('\n')
		if err != nil {
			return
		}
		verb, rest, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		if s.asked(verb) {
			continue
		}
		if !s.command(strings.ToUpper(verb), rest) {
			return
		}
	}
}

func (s *session) say(line string) { io.WriteString(s.conn, line+"\r\n") }

func (s *session) wrong(what string) {
	s.f.mu.Lock()
	s.f.bad = append(s.f.bad, what)
	s.f.mu.Unlock()
	s.say("503 " + what)
}

// asked lets the test answer; a connection that it hangs up ends at the next read.
func (s *session) asked(command string) bool {
	s.f.mu.Lock()
	before := s.f.before
	s.f.mu.Unlock()
	if before == nil {
		return false
	}
	switch reply := before(s.n, command); reply {
	case "":
		return false
	case "-":
		s.conn.Close()
	default:
		if s.say(reply); strings.HasPrefix(reply, "421") { // RFC 5321: it closes the channel
			s.conn.Close()
		}
	}
	return true
}

// command answers one; false ends the session.
func (s *session) command(verb, rest string) bool {
	switch verb {
	case "EHLO":
		if s.secure {
			s.say("250-fake\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN")
		} else {
			s.say("250-fake\r\n250-8BITMIME\r\n250 STARTTLS")
		}
	case "HELO":
		s.say("250 fake")
	case "STARTTLS":
		s.say("220 go on")
		return s.encrypt()
	case "AUTH":
		word, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(rest, "PLAIN "))
		if s.known = err == nil && s.secure && string(word) == "\x00me\x00hunter2SECRET"; s.known {
			s.say("235 welcome")
		} else {
			s.say("535 you said hunter2SECRET")
		}
	case "*": // the client gives its login up
		s.say("501 given up")
	case "MAIL":
		if s.from = rest; !s.known || !strings.HasPrefix(rest, "FROM:<alerts@example.com>") {
			s.wrong("MAIL " + rest)
			return true
		}
		s.say("250 ok")
	case "RCPT":
		if s.to++; s.from == "" || !strings.HasPrefix(rest, "TO:<") {
			s.wrong("RCPT " + rest)
			return true
		}
		s.say("250 ok")
	case "DATA":
		if s.to == 0 {
			s.wrong("DATA for nobody")
			return true
		}
		s.say("354 go on")
		return s.data()
	case "QUIT":
		s.say("221 bye")
		return false
	default:
		s.wrong("unknown " + verb)
	}
	return true
}

func (s *session) encrypt() bool {
	conn := tls.Server(s.conn, &tls.Config{Certificates: []tls.Certificate{s.f.cert}})
	if conn.Handshake() != nil {
		return false
	}
	s.conn, s.secure, s.in = conn, true, bufio.NewReader(conn)
	return true
}

// data reads a mail up to its end: half of one is none.
func (s *session) data() bool {
	var body strings.Builder
	for {
		line, err := s.in.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		body.WriteString(strings.TrimPrefix(line, "."))
	}
	if s.asked(".") {
		return true
	}
	f := s.f
	f.mu.Lock()
	if _, _, err := ReadMail(body.String()); err != nil {
		f.bad = append(f.bad, err.Error()+" in "+body.String())
	}
	f.taken = append(f.taken, Taken{Body: body.String()})
	at := len(f.taken) - 1
	f.mu.Unlock()
	if s.asked("taken") {
		return true
	}
	f.mu.Lock()
	f.taken[at].Said = true
	f.mu.Unlock()
	s.say("250 taken")
	return true
}

// Taken are the mails that were read to their end, in order.
func (f *Mail) Taken() []Taken {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.taken)
}
