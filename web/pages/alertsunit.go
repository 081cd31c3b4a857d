package pages

import (
	"errors"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"tripod/ui/chart"
)

// humanized is how a rule's texts write its value, which says what it counts.
var humanized = regexp.MustCompile(`\$value\s*\|\s*(humanize(?:Percentage|Duration|1024|))\s*\}\}(\s*/s\b)?`)

// ruleUnit is what a rule's values count, as unitOf has it: by its texts, and
// where these do not say by its metrics.
func ruleUnit(read parser.Parser, expr string, notes map[string]string) string {
	for _, name := range [...]string{"value", "summary", "description", "message"} {
		hit := humanized.FindStringSubmatch(notes[name])
		if hit == nil {
			continue
		}
		switch {
		case hit[1] == "humanizePercentage":
			return "%"
		case hit[1] == "humanizeDuration":
			return "s"
		case hit[1] == "humanize1024":
			return "B" + strings.TrimSpace(hit[2])
		case hit[2] != "":
			return "/s"
		}
	}
	if unit := readRuleQuery(expr).unit(); unit != "" {
		return unit
	}
	if c, ok := splitComparison(read, expr); ok {
		expr = c.plain
	}
	if unit := unitOf(read, expr); unit != "" {
		return unit
	}
	if isShare(read, expr) {
		return "%"
	}
	return ""
}

// limitText is a threshold as it is read, with six digits.
func limitText(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }

// limitWords is a threshold in its unit: 5 %, 500 ms, 0.1 /s.
func limitWords(v float64, unit string) string {
	switch unit {
	case "%":
		return limitText(v*100) + " %"
	case "/s":
		return limitText(v) + " /s"
	case "":
		return chart.Number(v)
	}
	return quantity(v, unit).String()
}

// limitExact is a threshold as it is stored, with all its digits.
func limitExact(v float64) string {
	if size := math.Abs(v); size >= 1e-9 && size < 1e15 || v == 0 {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// limitField is a threshold as a field shows it and limitTyped reads it again.
func limitField(v float64, unit string) string {
	if shown := limitWords(v, unit); unit == "%" {
		if same, err := limitTyped(shown); err == nil && same == v {
			return shown
		}
	}
	return limitExact(v)
}

// grouped is a number whose comma may stand before thousands or before a fraction.
var grouped = regexp.MustCompile(`^[+-]?[1-9]\d{0,2},\d{3}(?:\D|$)`)

var (
	errNoNumber = errors.New("want a number")
	errComma    = errors.New("its comma can stand before thousands or before a fraction: write 1000 for a thousand, and 1.5 for one and a half")
)

// limitTyped reads a threshold as people type it: 0.05, 0,05 or 5 %. What 1,000
// means nobody can tell.
func limitTyped(s string) (float64, error) {
	number, percent := strings.CutSuffix(strings.TrimSpace(s), "%")
	number = strings.TrimSpace(number)
	if grouped.MatchString(number) {
		return 0, errComma
	}
	v, err := strconv.ParseFloat(strings.ReplaceAll(number, ",", "."), 64)
	if err != nil {
		return 0, errNoNumber
	}
	if percent {
		v /= 100
	}
	return v, nil
}
