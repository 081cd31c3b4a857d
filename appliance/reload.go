package appliance

import (
	"errors"
	"fmt"
	"os"
	"time"
)

// Reload reads the configuration again: rules, scrape jobs and the log level.
// A fault leaves what runs as it is and says why.
func (a *Appliance) Reload() error {
	a.reloading.Lock()
	defer a.reloading.Unlock()
	o := a.o
	if a.o.Reread != nil {
		var err error
		if o, err = a.o.Reread(); err != nil {
			return err
		}
	}
	config := a.scrapeConfig(o.ScrapeConfigs)
	if err := errors.Join(a.rules.Reload(), a.scrape.Reload(config)); err != nil {
		return fmt.Errorf("the old configuration goes on: %w", err)
	}
	a.level.Set(o.LogLevel)
	a.configRead.Store(time.Now().UnixNano())
	a.log.Info("configuration read", "file", o.Config)
	return nil
}

func (a *Appliance) readConfigTime() time.Time {
	if ns := a.configRead.Load(); ns != 0 {
		return time.Unix(0, ns)
	}
	if _, err := os.Stat(a.o.Config); a.o.Config == "" || err != nil {
		return time.Time{}
	}
	return a.started
}
