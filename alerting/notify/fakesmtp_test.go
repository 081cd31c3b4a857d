package notify

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// fakeSMTP is a mail server, RFC 5321, that offers STARTTLS and wants a login
// under it, and says what is wrong with a command.
type fakeSMTP struct {
	net.Listener
	cert   tls.Certificate
	caFile string
	// before may refuse a command by returning a reply, or hang up with "-".
	before func(n int, command string) string

	mu    sync.Mutex
	n     int // connections
	mails []string
	bad   []string
	conns sync.WaitGroup
}

func newFakeSMTP(t *testing.T) *fakeSMTP {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &fakeSMTP{Listener: l}
	f.cert, f.caFile = selfSigned(t)
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

func selfSigned(t *testing.T) (tls.Certificate, string) {
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

func (f *fakeSMTP) serve(conn net.Conn) {
	defer conn.Close()
	f.mu.Lock()
	f.n++
	n := f.n
	f.mu.Unlock()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	in := bufio.NewReader(conn)
	secure, known, from, to := false, false, "", 0
	say := func(s string) { io.WriteString(conn, s+"\r\n") }
	wrong := func(s string) {
		f.mu.Lock()
		f.bad = append(f.bad, s)
		f.mu.Unlock()
		say("503 " + s)
	}
	say("220 fake")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		verb, rest, _ := strings.Cut(line, " ")
		if f.before != nil {
			switch reply := f.before(n, verb); reply {
			case "":
			case "-":
				return
			default:
				say(reply)
				continue
			}
		}
		switch strings.ToUpper(verb) {
		case "EHLO":
			if secure {
				say("250-fake\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN")
			} else {
				say("250-fake\r\n250-8BITMIME\r\n250 STARTTLS")
			}
		case "STARTTLS":
			say("220 go on")
			s := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{f.cert}})
			if s.Handshake() != nil {
				return
			}
			conn, secure = s, true
			in = bufio.NewReader(conn)
		case "AUTH":
			word, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(rest, "PLAIN "))
			if known = err == nil && secure && string(word) == "\x00me\x00hunter2SECRET"; known {
				say("235 welcome")
			} else {
				say("535 you said hunter2SECRET")
			}
		case "*": // the client gives its login up
			say("501 given up")
		case "MAIL":
			if from = rest; !known || !strings.HasPrefix(rest, "FROM:<alerts@example.com>") {
				wrong("MAIL " + rest)
				continue
			}
			say("250 ok")
		case "RCPT":
			if to++; from == "" || !strings.HasPrefix(rest, "TO:<") {
				wrong("RCPT " + rest)
				continue
			}
			say("250 ok")
		case "DATA":
			if to == 0 {
				wrong("DATA for nobody")
				continue
			}
			say("354 go on")
			var body strings.Builder
			for {
				line, err := in.ReadString('\n')
				if err != nil {
					return
				}
				if line == ".\r\n" {
					break
				}
				body.WriteString(strings.TrimPrefix(line, "."))
			}
			if f.before != nil {
				if reply := f.before(n, "."); reply == "-" {
					return
				} else if reply != "" {
					say(reply)
					continue
				}
			}
			f.mu.Lock()
			if err := goodMail(body.String()); err != nil {
				f.bad = append(f.bad, err.Error()+" in "+body.String())
			}
			f.mails = append(f.mails, body.String())
			f.mu.Unlock()
			say("250 taken")
		case "QUIT":
			say("221 bye")
			return
		default:
			wrong("unknown " + line)
		}
	}
}

func (f *fakeSMTP) got() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.mails)
}

// goodMail holds a mail against RFC 5322 and the MIME rules.
func goodMail(text string) error {
	_, _, err := readMail(text)
	return err
}

// readMail returns headers and parts by content type.
func readMail(text string) (mail.Header, map[string]string, error) {
	m, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		return nil, nil, err
	}
	for _, name := range []string{"From", "To", "Subject", "Date", "Message-Id", "Mime-Version"} {
		if m.Header.Get(name) == "" {
			return nil, nil, fmt.Errorf("no %s", name)
		}
	}
	if _, err := m.Header.Date(); err != nil {
		return nil, nil, err
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		return nil, nil, fmt.Errorf("content type %q: %v", kind, err)
	}
	parts := map[string]string{}
	for r := multipart.NewReader(m.Body, params["boundary"]); ; {
		p, err := r.NextRawPart()
		if err == io.EOF {
			return m.Header, parts, nil
		}
		if err != nil {
			return nil, nil, err
		}
		body, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil {
			return nil, nil, err
		}
		parts[strings.Split(p.Header.Get("Content-Type"), ";")[0]] = string(body)
	}
}
