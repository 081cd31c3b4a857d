package events

import (
	"os"
	"syscall"
)

// Sync is fdatasync(2), or os.ErrClosed.
func (f osFile) Sync() error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var syncErr error
	closed := raw.Control(func(fd uintptr) {
		for {
			if syncErr = syscall.Fdatasync(int(fd)); syncErr != syscall.EINTR {
				return
			}
		}
	})
	if closed != nil { // the one error of Control, which os leaves without its sentinel
		return &os.PathError{Op: "fdatasync", Path: f.Name(), Err: os.ErrClosed}
	}
	return syncErr
}
