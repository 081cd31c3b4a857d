package appliance

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"tripod/web/logfiles"
	"tripod/web/pages"
)

// followAgain is how long following rests after a fault of the disk.
const followAgain = 5 * time.Second

// openLogFiles follows the files that were asked for.
func (a *Appliance) openLogFiles() error {
	if len(a.o.LogFiles) == 0 {
		return nil
	}
	goesOn, err := compileGoesOn(a.o.LogFilesContinue)
	if err != nil {
		return err
	}
	m := &a.meters.logFiles
	f, err := logfiles.New(logfiles.Doors{Logs: patientLogs{a.logs, m}, Search: a.logs, Cursors: a.state}, logfiles.Options{
		Globs: a.o.LogFiles, Continue: goesOn,
		Lost: func(reason string, n int, why string) {
			m.refuseLogs(reason, n, why)
			if reason != logfiles.Refused {
				a.log.Warn("log file", "reason", reason, "err", why)
			}
		},
	})
	if err != nil {
		return err
	}
	a.life.onRun(background, "log files", func(ctx context.Context) error { return a.followFiles(ctx, f) })
	return nil
}

// followFiles follows until ctx ends. What ends it before is of the disk, and
// no reason to end all else.
func (a *Appliance) followFiles(ctx context.Context, f *logfiles.Follower) error {
	for {
		err := f.Run(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		a.log.Warn("following log files rests", "err", err, "for", followAgain.String())
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(followAgain):
		}
	}
}

func compileGoesOn(text string) (*regexp.Regexp, error) {
	if text == "" {
		return nil, nil
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, fmt.Errorf("log-files-continue %q: %w", text, err)
	}
	return re, nil
}

func (a *Appliance) fileReceivers() []pages.Receiver {
	if len(a.o.LogFiles) == 0 {
		return nil
	}
	return []pages.Receiver{a.meters.logFiles.receiver("Log files", strings.Join(a.o.LogFiles, ", "), "logs")}
}
