package ui

import (
	"strconv"

	"github.com/a-h/templ"
)

// favicon is the logo in the light theme's accent.
const favicon = templ.SafeURL(`data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16' fill='none' stroke='%2338b8ad' stroke-width='1.5' stroke-linecap='round'%3E%3Cpath d='M8 2.6 2.6 14M8 2.6 13.4 14M8 2.6V14'/%3E%3C/svg%3E`)

func i64(n int64) string { return strconv.FormatInt(n, 10) }

func current(on bool) templ.Attributes {
	if !on {
		return nil
	}
	return templ.Attributes{"aria-current": "page"}
}

func pressed(on bool) string { return strconv.FormatBool(on) }

func refreshTitle(every string) string {
	if every == "" {
		return "Refresh (r)"
	}
	return "Refresh (r), every " + every
}
