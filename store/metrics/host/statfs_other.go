//go:build !linux

package host

import "errors"

// Elsewhere there is no /proc, and nobody asks.
func askKernelClock() (kernelClock, bool) { return kernelClock{}, false }

func statfs(string) (Space, error) { return Space{}, errors.ErrUnsupported }
