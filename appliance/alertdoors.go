package appliance

import "tripod/web/pages"

// alertDoors are those of the Alerts screen, of rules that are made there, and
// of silences.
func (a *Appliance) alertDoors() pages.Alerts {
	return pages.Alerts{
		Rules: a.rules, Series: a.metrics, Trial: a, Chronicle: a.chronicle, Evidence: a.evidence,
		Book: a.catalog, BookFile: a.desk.path, Desk: a.desk, Parser: a.metrics.Parser(), Now: a.desk,
		Notices: a.notify, Silences: a.notify, Muted: a.notify, Outlook: a.notify, Tester: a.notify,
	}
}
