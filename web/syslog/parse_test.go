package syslog

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"tripod/store"
)

var (
	now  = time.Date(2026, 3, 12, 14, 6, 0, 0, time.UTC)
	cest = time.FixedZone("CEST", 2*3600)
)

// show writes a record in one line.
func show(r *store.Record) string {
	at := "now"
	if r.Time != now.UnixNano() {
		at = time.Unix(0, r.Time).UTC().Format(time.RFC3339Nano)
	}
	host := "-"
	if r.Resource != nil {
		host = r.Resource.Attrs.Text("host.name")
	}
	s := at + " " + host + " " + r.Service + " " + r.Level.Word() + "/" + r.LevelText
	for _, a := range r.Attrs {
		s += " " + a.Key + "=" + a.Value.Text()
	}
	return s + " | " + r.Message()
}

func TestParse(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"RFC 5424, example 1": {"<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \ufeff'su root' failed for lonvick on /dev/pts/8",
			"2003-10-11T22:14:15.003Z mymachine.example.com su error/crit facility=auth msgid=ID47 | 'su root' failed for lonvick on /dev/pts/8"},
		"RFC 5424, example 2": {"<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It's time to make the do-nuts.",
			"2003-08-24T12:14:15.000003Z 192.0.2.1 myproc info/notice facility=local4 procid=8710 | %% It's time to make the do-nuts."},
		"RFC 5424, example 3": {`<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473 iut="3" eventSource="Application" eventID="1011"] An application event`,
			"2003-10-11T22:14:15.003Z mymachine.example.com evntslog info/notice facility=local4 msgid=ID47 exampleSDID@32473.iut=3 exampleSDID@32473.eventSource=Application exampleSDID@32473.eventID=1011 | An application event"},
		"RFC 5424, example 4, no text": {`<165>1 2003-10-11T22:14:15.003Z m e - ID47 [a@1 iut="3"][b@1 class="high"]`,
			"2003-10-11T22:14:15.003Z m e info/notice facility=local4 msgid=ID47 a@1.iut=3 b@1.class=high | "},
		"RFC 5424, nothing known":      {"<13>1 - - - - - - hi", "now -  info/notice facility=user | hi"},
		"RFC 5424, escapes":            {`<13>1 - h a - - [x y="a\"b\\c\]d\e"] hi`, `now h a info/notice facility=user x.y=a"b\c]d\e | hi`},
		"RFC 5424, data without any":   {`<13>1 - h a - - [x] hi`, `now h a info/notice facility=user x=true | hi`},
		"RFC 5424, broken data":        {`<13>1 - h a - - [x y=z] hi`, `now h a info/notice facility=user | [x y=z] hi`},
		"RFC 5424, no data at all":     {`<13>1 - h a - - hi`, `now h a info/notice facility=user | hi`},
		"RFC 5424, a word with a dash": {`<13>1 - h a - - -hi`, `now h a info/notice facility=user | -hi`},
		"RFC 5424, of rsyslog":         {`<13>1 - h a - - -  {"msg":"hi"}`, `now h a info/notice facility=user | hi`},
		"RFC 5424, a bad time":         {"<13>1 yesterday h a - - - hi", "now -  info/notice facility=user | 1 yesterday h a - - - hi"},
		"JSON":                         {`<13>1 - h a - - - {"level":"error","msg":"hi","n":1}`, `now h a info/notice facility=user level=error n=1 | hi`},
		"CEE":                          {`<13>Mar 12 14:05:00 h a: @cee: {"msg":"hi","n":1}`, `2026-03-12T14:05:00Z h a info/notice facility=user n=1 | hi`},

		"RFC 3164, example 1": {"<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8",
			"2025-10-11T22:14:15Z mymachine su error/crit facility=auth | 'su root' failed for lonvick on /dev/pts/8"},
		"RFC 3164, example 2, no header": {"<13>Use the BFG!", "now -  info/notice facility=user | Use the BFG!"},
		"with a process":                 {"<86>Mar  2 14:05:00 web-1 sshd[4711]: Accepted key", "2026-03-02T14:05:00Z web-1 sshd info/info facility=authpriv procid=4711 | Accepted key"},
		"no host":                        {"<13>Mar 12 14:05:00 cron[1]: hi", "2026-03-12T14:05:00Z - cron info/notice facility=user procid=1 | hi"},
		"a number for a tag":             {"<189>42: router: %LINK-3-UPDOWN: Interface up", "now -  info/notice facility=local7 | 42: router: %LINK-3-UPDOWN: Interface up"},
		"a number with a process":        {"<13>Mar 12 14:05:00 web-1 42[1]: hi", "2026-03-12T14:05:00Z web-1  info/notice facility=user | 42[1]: hi"},
		"no tag":                         {"<13>Mar 12 14:05:00 web-1 hi there", "2026-03-12T14:05:00Z web-1  info/notice facility=user | hi there"},
		"no time":                        {"<13>cron[1]: hi", "now - cron info/notice facility=user procid=1 | hi"},
		"a URL is no tag":                {"<13>http://example.com/", "now -  info/notice facility=user | http://example.com/"},
		"address of a host":              {"<13>Mar 12 14:05:00 2001:db8::1 a: hi", "2026-03-12T14:05:00Z 2001:db8::1 a info/notice facility=user | hi"},
		"time of RFC 3339":               {"<13>2026-03-12T15:05:00.123456+01:00 web-1 a[7]: hi", "2026-03-12T14:05:00.123456Z web-1 a info/notice facility=user procid=7 | hi"},
		"time with a year and a colon":   {"<189>Mar 12 2026 14:05:00.5: %SYS-5-CONFIG_I: hi", "2026-03-12T14:05:00.5Z - %SYS-5-CONFIG_I info/notice facility=local7 | hi"},
		"no priority":                    {"Mar 12 14:05:00 web-1 a: ERROR hi", "2026-03-12T14:05:00Z web-1 a error/ERROR | ERROR hi"},
		"plain text":                     {"[warn] disk: nearly full", "now -  warn/warn | [warn] disk: nearly full"},
		"priority out of range":          {"<192>hi", "now -  unset/ | <192>hi"},
		"priority without end":           {"<13", "now -  unset/ | <13"},
		"broken UTF-8":                   {"<13>a: \xff", "now - a info/notice facility=user | \ufffd"},
		"ends of every kind":             {"<13>a: hi\r\n\x00", "now - a info/notice facility=user | hi"},
	} {
		t.Run(name, func(t *testing.T) {
			m, ok := parse(c.text, now, time.UTC)
			if !ok {
				t.Fatal("not taken")
			}
			var res *store.Resource
			if m.host != "" {
				res = &store.Resource{Attrs: store.Attrs{{Key: "host.name", Value: store.String(m.host)}}}
			}
			r := m.record(res)
			if got := show(&r); got != c.want {
				t.Errorf("got\n%s, want\n%s", got, c.want)
			}
		})
	}
}

func TestMessagesWithoutText(t *testing.T) {
	for _, text := range []string{"", "\n", "<13>", "<13>a: ", "<13>1 - h a - - -"} {
		if m, ok := parse(text, now, time.UTC); ok {
			t.Errorf("%q: got %+v", text, m)
		}
	}
}

func TestYearAndZoneThatAreNotSaid(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		now  time.Time
		zone *time.Location
		want string
	}{
		"today":                      {"Mar 12 14:06:00", now, time.UTC, "2026-03-12T14:06:00Z"},
		"in a zone":                  {"Mar 12 16:06:00", now, cest, "2026-03-12T14:06:00Z"},
		"last year's last day":       {"Dec 31 23:59:59", time.Date(2026, 1, 1, 0, 0, 5, 0, time.UTC), time.UTC, "2025-12-31T23:59:59Z"},
		"next year's first":          {"Jan  1 00:00:03", time.Date(2025, 12, 31, 23, 59, 58, 0, time.UTC), time.UTC, "2026-01-01T00:00:03Z"},
		"year of the zone":           {"Jan  1 01:30:00", time.Date(2025, 12, 31, 23, 30, 0, 0, time.UTC), cest, "2025-12-31T23:30:00Z"},
		"five months ago":            {"Oct 12 00:00:00", now, time.UTC, "2025-10-12T00:00:00Z"},
		"29 February of last year":   {"Feb 29 12:00:00", time.Date(2025, 1, 2, 0, 0, 0, 0, time.UTC), time.UTC, "2024-02-29T12:00:00Z"},
		"29 February to come":        {"Feb 29 12:00:00", time.Date(2027, 12, 2, 0, 0, 0, 0, time.UTC), time.UTC, "2024-02-29T12:00:00Z"},
		"29 February long ago":       {"Feb 29 12:00:00", now, time.UTC, "2024-02-29T12:00:00Z"},
		"30 February":                {"Feb 30 12:00:00", now, time.UTC, ""},
		"ten months ago":             {"Feb  5 10:00:00", time.Date(2026, 11, 27, 17, 0, 0, 0, time.UTC), time.UTC, "2026-02-05T10:00:00Z"},
		"a day ahead":                {"Mar 13 14:06:00", now, time.UTC, "2026-03-13T14:06:00Z"},
		"more than a day ahead":      {"Mar 13 14:06:01", now, time.UTC, "2025-03-13T14:06:01Z"},
		"a date without zone":        {"2026-03-12T16:06:00", now, cest, "2026-03-12T14:06:00Z"},
		"no month":                   {"Foo 12 14:06:00", now, time.UTC, ""},
		"no day of the month":        {"Mar 32 14:06:00", now, time.UTC, ""},
		"one space before one digit": {"Mar 2 14:06:00", now, time.UTC, "2026-03-02T14:06:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			if ns, _, ok := takeTime(c.text+" rest", c.now, c.zone); ok {
				got = time.Unix(0, ns).UTC().Format(time.RFC3339Nano)
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// FuzzParse holds that all of a message's text that is not its header is kept,
// and that what is kept is UTF-8.
func FuzzParse(f *testing.F) {
	f.Add(`<165>1 2003-10-11T22:14:15.003Z m e 7 ID47 [a@1 iut="3\]"][b class="high"] An event`)
	f.Add("<34>Oct 11 22:14:15 mymachine su[12]: 'su root' failed")
	f.Add("<189>*Mar 12 2026 14:05:00.5: %SYS-5-CONFIG_I: hi\xff")
	f.Fuzz(func(t *testing.T, text string) {
		m, ok := parse(text, now, time.UTC)
		clean := strings.ToValidUTF8(text, "\uFFFD")
		if !strings.HasSuffix(strings.TrimRight(clean, "\r\n\x00"), m.text) {
			t.Errorf("%q: got the text %q", text, m.text)
		}
		if !ok {
			return
		}
		r := m.record(nil)
		for _, s := range []string{r.Message(), r.Service, m.host, m.proc, m.id} {
			if !utf8.ValidString(s) {
				t.Errorf("%q: kept %q", text, s)
			}
		}
	})
}
