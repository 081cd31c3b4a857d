package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/smtp"
	"net/textproto"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/template"
	httpconfig "github.com/prometheus/common/config"

	"tripod/alerting/config"
)

// email sends mail through a server of the user's.
type email struct {
	conf     *config.Email
	template *template.Template
}

func newEmail(c *config.Email, t *template.Template) (*email, error) {
	if _, err := httpconfig.NewTLSConfig(c.TLSConfig); err != nil {
		return nil, fmt.Errorf("tls_config: %w", err)
	}
	return &email{c, t}, nil
}

// Send makes one attempt. The message is made before the server is called, so
// that a fault in a template does not cost it a connection.
func (e *email) Send(ctx context.Context, n Notification) error {
	f := filler{t: e.template, data: templateData(e.template, &n)}
	from, to := f.text(e.conf.From), f.text(e.conf.To)
	body, err := e.message(&n, &f, from, to)
	if err = firstOf(f.err, err); err != nil {
		return err
	}
	sender, err := mail.ParseAddress(from)
	if err != nil {
		return &RetryError{Err: fmt.Errorf("from %q: %w", clip(from, 100), err), Refused: true}
	}
	recipients, err := mail.ParseAddressList(to)
	if err != nil {
		return &RetryError{Err: fmt.Errorf("to %q: %w", clip(to, 100), err), Refused: true}
	}
	return e.say(ctx, sender.Address, recipients, body)
}

// say speaks SMTP, RFC 5321, until the message is taken.
func (e *email) say(ctx context.Context, from string, to []*mail.Address, body []byte) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", e.conf.Smarthost.String())
	if err != nil {
		return err
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		conn.SetDeadline(deadline)
	}
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Now()) })()
	c, err := e.greet(conn)
	if err != nil {
		return err
	}
	if err := c.Mail(from); err != nil {
		return e.refusal("MAIL FROM", err)
	}
	for _, a := range to {
		if err := c.Rcpt(a.Address); err != nil {
			return e.refusal("RCPT TO", err)
		}
	}
	w, err := c.Data()
	if err != nil {
		return e.refusal("DATA", err)
	}
	if _, err := w.Write(body); err != nil {
		return e.refusal("DATA", err)
	}
	if err := w.Close(); err != nil {
		return e.refusal("DATA", err)
	}
	c.Quit() // the message was taken, whatever is said now
	return nil
}

// greet begins to speak, with TLS and a password when they are wanted.
func (e *email) greet(conn net.Conn) (*smtp.Client, error) {
	host := e.conf.Smarthost
	secure, err := httpconfig.NewTLSConfig(e.conf.TLSConfig)
	if err != nil {
		return nil, fmt.Errorf("tls_config: %w", err)
	}
	if secure.ServerName == "" {
		secure.ServerName = host.Host
	}
	implicit := host.Port == "465"
	if e.conf.ForceImplicitTLS != nil {
		implicit = *e.conf.ForceImplicitTLS
	}
	if implicit {
		conn = tls.Client(conn, secure)
	}
	c, err := smtp.NewClient(conn, host.Host)
	if err != nil {
		return nil, e.refusal("greeting", err)
	}
	if e.conf.Hello != "" {
		if err := c.Hello(e.conf.Hello); err != nil {
			return nil, e.refusal("EHLO", err)
		}
	}
	if *e.conf.RequireTLS && !implicit {
		if ok, _ := c.Extension("STARTTLS"); !ok {
			return nil, &RetryError{Err: fmt.Errorf("require_tls is true, but %s does not offer STARTTLS", host), Refused: true}
		}
		if err := c.StartTLS(secure); err != nil {
			return nil, e.refusal("STARTTLS", err)
		}
	}
	return c, e.login(c)
}

func (e *email) login(c *smtp.Client) error {
	ok, mechanisms := c.Extension("AUTH")
	if !ok || e.conf.AuthUsername == "" {
		return nil
	}
	password, err := e.conf.AuthPassword.Read(e.conf.AuthPasswordFile)
	if err != nil {
		return err
	}
	secret, err := e.conf.AuthSecret.Read(e.conf.AuthSecretFile)
	if err != nil {
		return err
	}
	for mechanism := range strings.FieldsSeq(mechanisms) {
		var auth smtp.Auth
		switch {
		case mechanism == "CRAM-MD5" && secret != "":
			auth = smtp.CRAMMD5Auth(e.conf.AuthUsername, secret)
		case mechanism == "PLAIN" && password != "":
			auth = smtp.PlainAuth(e.conf.AuthIdentity, e.conf.AuthUsername, password, e.conf.Smarthost.Host)
		case mechanism == "LOGIN" && password != "":
			auth = &loginAuth{e.conf.AuthUsername, password}
		default:
			continue
		}
		if err := c.Auth(auth); err != nil {
			err = e.refusal("AUTH "+mechanism, err)
			var retry *RetryError
			if errors.As(err, &retry) {
				retry.Err = errors.New(newHider(password, secret).text(retry.Err.Error()))
			}
			return err
		}
		return nil
	}
	return &RetryError{Err: fmt.Errorf("no way to log in: the server offers %s", clip(mechanisms, 100)), Refused: true}
}

// refusal tells replies that speak of this message for good (5xx, but 552,
// which says that the mailbox is full) from those that may change.
func (e *email) refusal(command string, err error) error {
	var reply *textproto.Error
	if errors.As(err, &reply) {
		return &RetryError{Err: fmt.Errorf("%s: %d %s", command, reply.Code, clip(reply.Msg, 200)), Refused: reply.Code >= 500 && reply.Code != 552}
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return fmt.Errorf("%s: no answer in time", command)
	}
	return fmt.Errorf("%s: %w", command, err)
}

// message writes the mail, RFC 5322: text and HTML, the one that is preferred last.
func (e *email) message(n *Notification, f *filler, from, to string) ([]byte, error) {
	var parts, out bytes.Buffer
	w := multipart.NewWriter(&parts)
	if err := e.parts(w, f); err != nil {
		return nil, err
	}
	headers := map[string]string{"Subject": `{{ template "email.default.subject" . }}`, "To": to, "From": from}
	for name, value := range e.conf.Headers {
		headers[name] = value
	}
	for _, name := range sortedNames(headers) {
		header(&out, name, mime.QEncoding.Encode("utf-8", f.text(headers[name])))
	}
	if headers["Message-Id"] == "" {
		// The same for every attempt, so that a mail program shows a second copy once.
		header(&out, "Message-Id", "<"+n.ID+"."+dedupKey(to)[:12]+"@tripod>")
	}
	if e.conf.Threading.Enabled {
		thread := n.Key
		if e.conf.Threading.ThreadByDate != "none" {
			thread += n.At.Format(time.DateOnly)
		}
		root := "<alert-" + dedupKey(thread)[:16] + "@tripod>"
		header(&out, "References", root)
		header(&out, "In-Reply-To", root)
	}
	header(&out, "Date", n.At.Format(time.RFC1123Z))
	header(&out, "Content-Type", "multipart/alternative; boundary="+w.Boundary())
	header(&out, "Mime-Version", "1.0")
	out.WriteString("\r\n")
	out.Write(parts.Bytes())
	return out.Bytes(), nil
}

// header writes one line; what would begin another is made harmless.
func header(out *bytes.Buffer, name, value string) {
	fmt.Fprintf(out, "%s: %s\r\n", name, strings.NewReplacer("\r", " ", "\n", " ").Replace(value))
}

func (e *email) parts(w *multipart.Writer, f *filler) error {
	for _, part := range [...]struct{ kind, body string }{{"text/plain", f.text(e.conf.Text)}, {"text/html", f.html(e.conf.HTML)}} {
		if part.body == "" {
			continue
		}
		p, err := w.CreatePart(textproto.MIMEHeader{
			"Content-Transfer-Encoding": {"quoted-printable"}, "Content-Type": {part.kind + "; charset=UTF-8"},
		})
		if err != nil {
			return err
		}
		q := quotedprintable.NewWriter(p)
		if _, err := q.Write([]byte(part.body)); err != nil {
			return err
		}
		if err := q.Close(); err != nil {
			return err
		}
	}
	return w.Close()
}

// loginAuth is AUTH LOGIN, which asks for name and password one by one.
type loginAuth struct{ username, password string }

// Start fits smtp.Auth. A password goes over TLS or to this machine only, as
// with smtp.PlainAuth.
func (a *loginAuth) Start(server *smtp.ServerInfo) (string, []byte, error) {
	if !server.TLS && server.Name != "localhost" && server.Name != "127.0.0.1" && server.Name != "::1" {
		return "", nil, errors.New("unencrypted connection")
	}
	return "LOGIN", nil, nil
}

// Next fits smtp.Auth.
func (a *loginAuth) Next(asked []byte, more bool) ([]byte, error) {
	if !more {
		return nil, nil
	}
	switch strings.ToLower(strings.TrimSpace(string(asked))) {
	case "username:":
		return []byte(a.username), nil
	case "password:":
		return []byte(a.password), nil
	}
	return nil, errors.New("unexpected question of the server")
}
