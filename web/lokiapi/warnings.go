package lokiapi

import (
	"errors"
	"slices"

	"tripod/store"
)

// maxWarnings bounds what one answer tells of what could not be read.
const maxWarnings = 16

// warnings are told beside an answer that is not whole, as Loki's are.
type warnings []string

// noted is pass for answers that have no place for warnings: the engine reports
// what it cannot read.
func noted(err error) error { return new(warnings).pass(err) }

// pass takes the error of what could not be read, behind which an answer goes
// on, and gives any other back.
func (w *warnings) pass(err error) error {
	if !errors.Is(err, store.ErrUnread) {
		return err
	}
	if text := err.Error(); len(*w) < maxWarnings && !slices.Contains(*w, text) {
		*w = append(*w, text)
	}
	return nil
}
