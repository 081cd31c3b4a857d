package config

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
)

// Secret is a text that is never shown: it prints as <secret>.
type Secret string

// Hidden stands in for a secret wherever one is shown.
const Hidden = "<secret>"

// String hides it.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return Hidden
}

// GoString hides it from %#v.
func (s Secret) GoString() string { return s.String() }

// MarshalYAML hides it.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }

// MarshalText hides it from JSON and logs.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalYAML takes any text; an error does not repeat it.
func (s *Secret) UnmarshalYAML(unmarshal func(any) error) error {
	var text string
	if unmarshal(&text) != nil {
		return errors.New("want a text (its value is not shown)")
	}
	*s = Secret(text)
	return nil
}

// maxSecretFile bounds a file with a secret, in bytes.
const maxSecretFile = 64 << 10

// Read gives the secret itself, or what stands in the file, which is read anew
// each time, so that a changed secret needs no restart.
func (s Secret) Read(file string) (string, error) {
	if s != "" || file == "" {
		return string(s), nil
	}
	info, err := os.Stat(file)
	if err != nil {
		return "", err
	}
	if info.Size() > maxSecretFile {
		return "", fmt.Errorf("%s: more than %d bytes", file, maxSecretFile)
	}
	b, err := os.ReadFile(file)
	return strings.TrimSpace(string(b)), err
}

// HostPort is the address of a mail server.
type HostPort struct{ Host, Port string }

// UnmarshalYAML reads HOST:PORT.
func (h *HostPort) UnmarshalYAML(unmarshal func(any) error) (err error) {
	var s string
	if err := unmarshal(&s); err != nil || s == "" {
		return err
	}
	if h.Host, h.Port, err = net.SplitHostPort(s); err != nil || h.Port == "" {
		return fmt.Errorf("address %q: want HOST:PORT", s)
	}
	return nil
}

func (h HostPort) String() string {
	if h == (HostPort{}) {
		return ""
	}
	return net.JoinHostPort(h.Host, h.Port)
}
