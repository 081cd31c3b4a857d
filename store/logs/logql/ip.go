package logql

import (
	"fmt"
	"net/netip"
	"strings"
)

// ips is an address, a network or a range, as two addresses, both included.
type ips struct {
	net      netip.Prefix
	from, to netip.Addr
}

func parseIPs(text string) (ips, error) {
	if a, err := netip.ParseAddr(text); err == nil {
		return ips{from: a, to: a}, nil
	}
	if n, err := netip.ParsePrefix(text); err == nil {
		return ips{net: n.Masked()}, nil
	}
	if from, to, ok := strings.Cut(text, "-"); ok {
		a, errA := netip.ParseAddr(strings.TrimSpace(from))
		b, errB := netip.ParseAddr(strings.TrimSpace(to))
		if errA == nil && errB == nil && a.Is4() == b.Is4() && a.Compare(b) <= 0 {
			return ips{from: a, to: b}, nil
		}
	}
	return ips{}, fmt.Errorf("%q is no IP address, network or range", text)
}

func (p *ips) has(a netip.Addr) bool {
	if p.net.IsValid() {
		return p.net.Contains(a)
	}
	return a.Is4() == p.from.Is4() && a.Compare(p.from) >= 0 && a.Compare(p.to) <= 0
}

func (p *ips) is(text string) bool {
	a, err := netip.ParseAddr(text)
	return err == nil && p.has(a)
}

func isIPByte(c byte) bool {
	return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' || c == '.' || c == ':'
}

// inLine looks at every run of characters that may be an address; of one with
// a port behind it, also at the address alone.
func (p *ips) inLine(s string) bool {
	for at := 0; at < len(s); {
		if !isIPByte(s[at]) {
			at++
			continue
		}
		end := at
		for end < len(s) && isIPByte(s[end]) {
			end++
		}
		if p.inRun(s[at:end]) {
			return true
		}
		at = end
	}
	return false
}

func (p *ips) inRun(run string) bool {
	run = strings.TrimRight(run, ".")
	if len(run) < 2 || len(run) > 64 {
		return false
	}
	if p.is(run) || p.is(strings.TrimRight(run, ":")) || p.is(strings.TrimLeft(run, ":")) {
		return true
	}
	for _, part := range strings.Split(run, ":") {
		if strings.Count(part, ".") == 3 && p.is(part) {
			return true
		}
	}
	return false
}
