package screens

import (
	"strconv"

	"github.com/a-h/templ"
)

func i64(n int64) string { return strconv.FormatInt(n, 10) }

// The styles below are numbers of our own making, never text from outside.

// part is a part of the width, in shares of it.
func part(left, width float64) templ.SafeCSS {
	return templ.SafeCSS("left:" + percent(left) + ";width:" + percent(width))
}

// leftPx leaves room for the labels of a chart's y axis.
func leftPx(left, height int) templ.SafeCSS {
	return templ.SafeCSS("--yw:" + strconv.Itoa(left) + "px;--h:" + strconv.Itoa(height) + "px")
}

// actsAt stands behind a brush, near the end of the chart in front of it, and
// inside where neither has room.
func actsAt(left, width float64) templ.SafeCSS {
	switch end := left + width; {
	case end < 0.82:
		return templ.SafeCSS("left:" + percent(end))
	case left > 0.18:
		return templ.SafeCSS("right:" + percent(1-left))
	default:
		return templ.SafeCSS("right:" + percent(1-end))
	}
}

// lead is what stands before the value.
func (c Chip) lead() string {
	if c.Before == "" {
		return ""
	}
	return c.Before + " "
}

func chipText(c Chip) string { return c.lead() + c.Value }

// brushEnd says at which end of the chart a brush's words would not fit.
func brushEnd(b LogBrush) string {
	switch mid := b.Left + b.Width/2; {
	case mid < 0.1:
		return "start"
	case mid > 0.9:
		return "end"
	}
	return ""
}
