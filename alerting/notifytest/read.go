package notifytest

import (
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
)

// Got are the mails that were taken, in order.
func (f *Mail) Got() (mails []string) {
	for _, m := range f.Taken() {
		mails = append(mails, m.Body)
	}
	return mails
}

// ReadMail holds a mail against RFC 5322 and the MIME rules, and returns its
// headers and parts by content type.
func ReadMail(text string) (mail.Header, map[string]string, error) {
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
