package alerting

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/features"
)

// Options of Open; the zero value of a field means its default.
type Options struct {
	RuleFiles   []string      // paths and globs
	NoBuiltin   bool          // leave the built-in rules out
	Book        Book          // rules that do not come from users' files
	Interval    time.Duration // between evaluations of a group that names none; default 15 s
	ResendDelay time.Duration // between two sends of the same firing alert; default 1 min
	// ForGrace is the least time that a pending alert waits after a restart;
	// rules with a shorter for start over. Default 1 min.
	ForGrace time.Duration
	// Outage is the longest time between two runs over which pending and
	// firing alerts keep their age. Default 1 h.
	Outage time.Duration

	Query      rules.QueryFunc    // required
	Parser     parser.Parser      // of expressions; stock PromQL when nil
	Appendable storage.Appendable // required; takes recorded series, ALERTS and ALERTS_FOR_STATE
	Queryable  storage.Queryable  // required; gives ALERTS_FOR_STATE after a restart

	Pipeline    Pipeline // nil means that alerts go nowhere
	ExternalURL string   // of the appliance, for templates and links
	Registerer  prometheus.Registerer
	Told        features.Collector // is told what rules can; may be nil
	Log         *slog.Logger       // nil means silence
	// Steps gets what changed about a group's alerts after each evaluation of it;
	// nil hears nothing. It must return soon.
	Steps func([]Step)
}

func (o *Options) validate() (*url.URL, error) {
	var faults []error
	if o.Query == nil || o.Appendable == nil || o.Queryable == nil {
		faults = append(faults, errors.New("alerting needs Query, Appendable and Queryable"))
	}
	if o.Interval < 0 || o.ResendDelay < 0 || o.ForGrace < 0 || o.Outage < 0 {
		faults = append(faults, fmt.Errorf("a negative duration: %w", ErrInvalid))
	}
	external, err := url.Parse(o.ExternalURL)
	if err != nil {
		faults = append(faults, fmt.Errorf("external URL: %w: %w", err, ErrInvalid))
	}
	return external, errors.Join(faults...)
}

func (o *Options) fill() {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	def(&o.Interval, 15*time.Second)
	def(&o.ResendDelay, time.Minute)
	def(&o.ForGrace, time.Minute)
	def(&o.Outage, time.Hour)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Parser == nil {
		o.Parser = parser.NewParser(parser.Options{})
	}
	if o.Pipeline == nil {
		o.Pipeline = nowhere{}
	}
}
