package planner

import (
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"
)

// Lengths are in bytes, except those of names, titles and texts, in characters.
const (
	maxEmail    = 254 // RFC 5321, 4.5.3.1.3
	maxName     = 80
	minPassword = 8
	maxPassword = 72 // bcrypt reads no further
)

// User is a person with an account.
type User struct {
	ID      string
	Email   string // lower case
	Name    string
	Zone    string // IANA name; days begin and end by it
	Created time.Time
}

// Location is the user's time zone, UTC where the name is not known here.
func (u User) Location() *time.Location {
	if loc, err := time.LoadLocation(u.Zone); err == nil {
		return loc
	}
	return time.UTC
}

// Today is the calendar day of an instant where the user is.
func (u User) Today(now time.Time) Day { return DayOf(now.In(u.Location())) }

// Session is a sign-in. The token itself is never kept: Key is its SHA-256.
type Session struct {
	Key     string
	UserID  string
	Expires time.Time
}

// Grant is what a sign-in hands out, once.
type Grant struct {
	User    User
	Token   string
	Expires time.Time
}

// NewUser is what a person says about themselves to get an account.
type NewUser struct {
	Email, Password, Name string
	Zone                  string // "" is UTC
}

func (n NewUser) check() (NewUser, error) {
	var err error
	if n.Email, err = checkEmail(n.Email); err != nil {
		return n, err
	}
	if len(n.Password) < minPassword {
		return n, refuse("password", "at least 8 characters, please")
	}
	if len(n.Password) > maxPassword {
		return n, refuse("password", "at most 72 bytes can be used")
	}
	if n.Name, err = checkName(n.Name); err != nil {
		return n, err
	}
	n.Zone, err = checkZone(n.Zone)
	return n, err
}

// Profile changes a user; nil leaves as it is.
type Profile struct {
	Name *string
	Zone *string
}

func (p Profile) apply(u User) (User, error) {
	var err error
	if p.Name != nil {
		if u.Name, err = checkName(*p.Name); err != nil {
			return u, err
		}
	}
	if p.Zone != nil {
		u.Zone, err = checkZone(*p.Zone)
	}
	return u, err
}

func checkEmail(s string) (string, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	if s == "" {
		return s, refuse("email", "is missing")
	}
	if len(s) > maxEmail {
		return s, refuse("email", "is longer than an address can be")
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || !strings.Contains(s[strings.LastIndexByte(s, '@'):], ".") {
		return s, refuse("email", "is not an address like name@example.com")
	}
	return s, nil
}

func checkName(s string) (string, error) {
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return s, refuse("name", "is missing")
	case !isText(s) || strings.ContainsAny(s, "\n\t"):
		return s, refuse("name", "holds characters that cannot be shown")
	case utf8.RuneCountInString(s) > maxName:
		return s, refuse("name", "is longer than 80 characters")
	}
	return s, nil
}

func checkZone(s string) (string, error) {
	if s == "" {
		return "UTC", nil
	}
	if _, err := time.LoadLocation(s); err != nil || s == "Local" {
		return s, refuse("zone", "is not a time zone like Europe/Stockholm")
	}
	return s, nil
}
