//go:build !linux

package host

import "errors"

// Elsewhere there is no /proc, and nobody asks.
func statfs(string) (Space, error) { return Space{}, errors.ErrUnsupported }
