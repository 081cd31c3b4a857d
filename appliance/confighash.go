package appliance

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// hashBytes are as many as a sample keeps exactly.
const hashBytes = 6

// hash is a number that changes with the settings and with what is in the files
// that they name, but for secrets among the routes of alerts.
func (o *Options) hash() float64 {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(o.given)) {
		fmt.Fprintf(h, "%q %q\n", name, o.given[name])
	}
	fmt.Fprintf(h, "%q %q\n", o.ScrapeConfigs, o.alertConfig().Original)
	for _, glob := range o.Rules {
		files, _ := filepath.Glob(glob) // that are broken are told where they are read
		for _, name := range files {
			text, _ := os.ReadFile(name)
			fmt.Fprintf(h, "%q %q\n", name, text)
		}
	}
	n := uint64(0)
	for _, b := range h.Sum(nil)[:hashBytes] {
		n = n<<8 | uint64(b)
	}
	return float64(n)
}
