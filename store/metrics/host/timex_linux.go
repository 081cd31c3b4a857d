package host

import "syscall"

// Bits of adjtimex(2).
const (
	staUnsync = 0x0040
	staNano   = 0x2000
	timeError = 5 // the state of a clock that is not synchronised
)

// askKernelClock is what the kernel knows of how right its clock is.
func askKernelClock() (c kernelClock, ok bool) {
	var t syscall.Timex
	state, err := syscall.Adjtimex(&t)
	if err != nil {
		return c, false
	}
	unit := 1e-6
	if t.Status&staNano != 0 {
		unit = 1e-9
	}
	return kernelClock{
		offset: float64(t.Offset) * unit, maxError: float64(t.Maxerror) * 1e-6, estimatedError: float64(t.Esterror) * 1e-6,
		// ppm with a binary fraction of 16 bits
		frequency: 1 + float64(t.Freq)/(1e6*65536),
		synced:    state != timeError && t.Status&staUnsync == 0,
	}, true
}
