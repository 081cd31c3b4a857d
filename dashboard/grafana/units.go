package grafana

import (
	"strconv"
	"strings"
)

// units are Grafana's ids of units that are written otherwise here.
var units = map[string]string{
	"none": "", "short": "", "locale": "", "string": "", "number": "", "sci": "", "hex": "",
	"percent": "%100", "percentunit": "%",
	"s": "s", "ms": "ms", "µs": "µs", "us": "µs", "ns": "ns", "m": "min", "h": "h", "d": "d", "dtdurations": "s", "dtdurationms": "ms", "clocks": "s", "clockms": "ms", "timeticks": "",
	"bytes": "KiB", "decbytes": "B", "bits": "bit", "decbits": "bit", "Bps": "B/s", "binBps": "KiB/s", "bps": "bit/s", "binbps": "bit/s",
	"reqps": "req/s", "ops": "ops/s", "rps": "rd/s", "wps": "wr/s", "iops": "io/s", "cps": "/s", "pps": "p/s", "eps": "events/s", "mps": "msgs/s", "recps": "rec/s", "rowsps": "rows/s",
	"opm": "ops/min", "rpm": "rd/min", "wpm": "wr/min", "cpm": "/min", "reqpm": "req/min",
	"celsius": "°C", "fahrenheit": "°F", "kelvin": "K", "humidity": "%H", "hertz": "Hz", "rotrpm": "rpm", "rothz": "Hz",
	"watt": "W", "kwatt": "kW", "watth": "Wh", "kwatth": "kWh", "joule": "J", "volt": "V", "amp": "A", "mvolt": "mV", "mamp": "mA", "ohm": "Ω", "lengthm": "m", "lengthkm": "km",
	"pressurehpa": "hPa", "pressurebar": "bar", "dB": "dB", "dBm": "dBm", "ppm": "ppm", "currencyUSD": "$", "currencyEUR": "€", "currencyGBP": "£",
	"dateTimeAsIso": "time", "dateTimeAsUS": "time", "dateTimeAsLocal": "time", "dateTimeFromNow": "time", "dateTimeAsSystem": "time", "dateTimeAsIsoNoDateIfToday": "time",
	"bool": "bool", "bool_yes_no": "bool", "bool_on_off": "bool",
}

func (im *importer) unit(at, id string) string {
	if u, ok := units[id]; ok {
		return u
	}
	for _, kind := range [...]string{"suffix:", "prefix:"} {
		if own, ok := strings.CutPrefix(id, kind); ok {
			if kind == "prefix:" {
				im.lost(at, "the prefix "+strconv.Quote(own), "units stand behind numbers")
			}
			return cut(strings.TrimSpace(own), 40)
		}
	}
	im.lost(at, "the unit "+strconv.Quote(cut(id, 60)), "it is not known here; it stands behind the number as it is")
	return cut(id, 40)
}

// slots are the colours of series by the words of Grafana's palette.
var slots = map[string]int{"blue": 1, "purple": 2, "green": 3, "red": 5, "orange": 6, "yellow": 7}

// tones are what colours mean.
var tones = map[string]string{"green": "ok", "yellow": "warn", "orange": "warn", "red": "err"}

// colour is the slot and the meaning of a colour: a word of the palette, or
// #rrggbb by its hue.
func colour(c string) (slot int, tone string) {
	c = strings.ToLower(c)
	for word, s := range slots {
		if c == word || strings.HasSuffix(c, "-"+word) {
			return s, tones[word]
		}
	}
	if word := hue(c); word != "" {
		return slots[word], tones[word]
	}
	return 0, ""
}

// hue is the word of a colour that is written as #rrggbb or rgb(a)(r, g, b).
func hue(c string) string {
	var r, g, b int64
	if strings.HasPrefix(c, "#") && len(c) >= 7 {
		n, err := strconv.ParseInt(c[1:7], 16, 64)
		if err != nil {
			return ""
		}
		r, g, b = n>>16, n>>8&255, n&255
	} else if _, in, ok := strings.Cut(c, "("); ok {
		parts := strings.Split(strings.TrimSuffix(in, ")"), ",")
		if len(parts) < 3 {
			return ""
		}
		var err [3]error
		r, err[0] = strconv.ParseInt(strings.TrimSpace(parts[0]), 10, 64)
		g, err[1] = strconv.ParseInt(strings.TrimSpace(parts[1]), 10, 64)
		b, err[2] = strconv.ParseInt(strings.TrimSpace(parts[2]), 10, 64)
		if err[0] != nil || err[1] != nil || err[2] != nil {
			return ""
		}
	}
	hi, lo := max(r, g, b), min(r, g, b)
	switch {
	case hi-lo < 40:
		return "" // grey
	case b == hi && r > g+40:
		return "purple"
	case b == hi:
		return "blue"
	case g == hi && float64(r) > 0.85*float64(g):
		return "yellow"
	case g == hi:
		return "green"
	case float64(g) > 0.75*float64(r):
		return "yellow"
	case float64(g) > 0.4*float64(r):
		return "orange"
	}
	return "red"
}
