package dashboard

import (
	"strings"
	"testing"
)

func TestFollow(t *testing.T) {
	s := &Scope{Vars: map[string]Chosen{"env": {Values: []string{"prod & test"}}}}
	values := map[string]string{"span_name": "GET /a?b=c&d", "lower": "0.016"}
	for link, want := range map[string]string{
		"":                                      "",
		"/traces":                               "/traces",
		"/traces?operation={{span_name}}":       "/traces?operation=GET+%2Fa%3Fb%3Dc%26d",
		"/traces?min={{lower}}s&max={{upper}}s": "/traces?min=0.016s",
		"/traces?service=a%20b&env=$env":        "/traces?env=prod+%26+test&service=a+b",
		"https://wiki.example/x?of={{ lower }}": "https://wiki.example/x?of=0.016",
		"javascript:alert(1)":                   "",
		"//evil.example/":                       "",
		"///evil.example/":                      "",
		`/\evil.example/`:                       "",
		"/logs#top":                             "",
		"traces":                                "",
	} {
		got := s.Follow(link, func(part string) (string, bool) { v, ok := values[part]; return v, ok })
		if got != want {
			t.Errorf("%s leads to %q, want %q", link, got, want)
		}
	}
}

func TestLinkFault(t *testing.T) {
	d := Dashboard{Version: 1, Title: "t", Rows: []Row{{Panels: []Panel{{ID: 1, Kind: Table, Place: Place{W: 1, H: 1}, Link: "javascript:alert(1)"}}}}}
	if err := d.Validate(); err == nil || !strings.Contains(err.Error(), "rows[0].panels[0].link") {
		t.Errorf("a script as link: %v", err)
	}
}

// FuzzFollow: whatever the link and the values, it leads to where it was
// allowed to.
func FuzzFollow(f *testing.F) {
	f.Add("/traces?a={{b}}&c=$d", "x&y=z")
	f.Add("{{b}}:alert(1)", "javascript")
	f.Add("/{{b}}/?{{b}}={{b}}", "/evil")
	f.Fuzz(func(t *testing.T, link, value string) {
		s := &Scope{Vars: map[string]Chosen{"d": {Values: []string{value}}}}
		got := s.Follow(link, func(string) (string, bool) { return value, true })
		if got == "" {
			return
		}
		if err := checkLink(got); err != nil {
			t.Errorf("%q with %q: %v", link, value, err)
		}
		if strings.HasPrefix(got, "/") && len(got) > 1 && strings.ContainsAny(got[1:2], `/\`) {
			t.Errorf("%q with %q leads to another host: %q", link, value, got)
		}
		if a, b, _ := strings.Cut(link, "?"); !strings.HasPrefix(got, a) {
			t.Errorf("%q with %q leads to %q (%q)", link, value, got, b)
		}
	})
}
