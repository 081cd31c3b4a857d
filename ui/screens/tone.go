package screens

func (v *Verdict) icon() string {
	if v.Tone == "" {
		return "check"
	}
	return "warn"
}

// errorTop keeps a service that fails one request in a thousand from looking
// like one that fails all: below one in a hundred the scale does not shrink.
func (r ServiceRow) errorTop() float64 {
	top := 0.01
	for _, v := range r.Errors {
		if v > top {
			top = v
		}
	}
	return top * 1.1
}

func errorTone(any bool) string {
	if any {
		return "k-err"
	}
	return "k-mute"
}

func errorLevelTone(level string) string {
	if level == "warn" {
		return "k-warn"
	}
	return "k-err"
}

func alertTone(firing bool) string {
	if firing {
		return "err"
	}
	return "warn"
}

func alertWord(firing bool) string {
	if firing {
		return "firing"
	}
	return "pending"
}

func (t TargetRow) health() string {
	switch {
	case t.Waiting:
		return "idle"
	case t.Up:
		return ""
	}
	return "err"
}

func (t TargetRow) word() string {
	switch {
	case t.Waiting:
		return "not scraped yet"
	case t.Up:
		return "up"
	}
	return "down"
}

// trendHead names the column of trends, which holds words while no receiver
// has one yet.
func trendHead(rows []ReceiverRow) string {
	for _, r := range rows {
		if len(r.Trend) > 0 {
			return "Last hour"
		}
	}
	return "State"
}
