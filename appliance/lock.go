package appliance

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// dirLock keeps a second process out of a data directory. The kernel drops it
// with the process, so a kill leaves nothing to clean up.
type dirLock struct{ file *os.File }

// holdDir takes the lock of a directory as it is, and writes nothing. One that
// never had a lock is nobody's.
func holdDir(dir string) (io.Closer, error) {
	f, err := os.Open(filepath.Join(dir, "lock"))
	if errors.Is(err, fs.ErrNotExist) {
		return io.NopCloser(nil), nil
	}
	if err != nil {
		return nil, fmt.Errorf("lock of data directory: %w", err)
	}
	if err := flock(f, dir); err != nil {
		return nil, err
	}
	return f, nil
}

// lockDir takes the lock and writes who holds it, for the next one to read.
func lockDir(dir string) (*dirLock, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock data directory: %w", err)
	}
	if err := flock(f, dir); err != nil {
		return nil, err
	}
	return &dirLock{f}, nil
}

// flock locks the file, or closes it and says who has it.
func flock(f *os.File, dir string) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return nil
	}
	defer f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		holder, _ := io.ReadAll(io.LimitReader(f, 200))
		if len(holder) == 0 {
			holder = []byte("another process")
		}
		return fmt.Errorf("data directory %s is in use by %s", dir, strings.TrimSpace(string(holder)))
	}
	return fmt.Errorf("lock data directory %s: %w", dir, err)
}

// sign names the holder once its address is known.
func (l *dirLock) sign(url string) error {
	who := fmt.Sprintf("tripod, process %d, %s, since %s\n", os.Getpid(), url, time.Now().UTC().Format(time.RFC3339))
	if err := l.file.Truncate(0); err != nil {
		return fmt.Errorf("sign lock: %w", err)
	}
	if _, err := l.file.WriteAt([]byte(who), 0); err != nil {
		return fmt.Errorf("sign lock: %w", err)
	}
	return nil
}

func (l *dirLock) Close() error {
	l.file.Truncate(0) // best effort: the lock itself goes with the file
	return l.file.Close()
}
