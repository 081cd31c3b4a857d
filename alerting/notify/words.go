package notify

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// otherLabels are the labels that a message does not show elsewhere, at most n.
func otherLabels(labels map[string]string, n int) []text {
	var out []text
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		switch name {
		case "alertname", "severity", "service_name", "service":
			continue
		}
		if len(out) == n {
			break
		}
		out = append(out, field(name, labels[name]))
	}
	return out
}

// duration is what people say: two units, the smaller left out when zero.
func duration(d time.Duration) string {
	s := int64(d.Round(time.Second) / time.Second)
	two := func(a int64, unit string, b int64, small string) string {
		if b == 0 {
			return fmt.Sprintf("%d %s", a, unit)
		}
		return fmt.Sprintf("%d %s %d %s", a, unit, b, small)
	}
	switch {
	case s < 60:
		return fmt.Sprintf("%d s", max(s, 0))
	case s < 3600:
		return two(s/60, "min", s%60, "s")
	case s < 86400:
		return two(s/3600, "h", s%3600/60, "min")
	}
	return two(s/86400, "d", s%86400/3600, "h")
}
