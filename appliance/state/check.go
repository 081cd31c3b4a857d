package state

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"

	"go.etcd.io/bbolt"
)

const (
	mostFaults   = 5         // that are told of one file
	mostBytes    = 512 << 20 // of a file that is checked
	leastMapping = 32 << 10  // bytes; bbolt maps a power of two
)

// Check reads all pages of a bbolt file, which may be any, and changes nothing.
// It gives the number of entries in it.
//
// It reads a copy, as long as what bbolt maps into memory: a page behind the
// end of a file that was cut would end the process.
func Check(path string) (entries int, err error) {
	dir, err := os.MkdirTemp("", "state")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	to := filepath.Join(dir, "copy.db")
	if err := copyLong(to, path); err != nil {
		return 0, err
	}
	return check(to)
}

func copyLong(to, from string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	st, err := in.Stat()
	if err != nil {
		return err
	}
	if st.Size() > mostBytes {
		return fmt.Errorf("%d bytes are more than a check reads (%d)", st.Size(), mostBytes)
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if _, err := io.Copy(out, in); err != nil {
		return err
	}
	size := int64(leastMapping)
	for size < st.Size() {
		size *= 2
	}
	return out.Truncate(size)
}

func check(path string) (entries int, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("cannot be read: %v", p)
		}
	}()
	db, err := bbolt.Open(path, 0, &bbolt.Options{ReadOnly: true, PreLoadFreelist: true})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	err = db.View(func(tx *bbolt.Tx) error {
		var faults []error
		for err := range tx.Check() { // to its end, behind which nothing reads any more
			if len(faults) < mostFaults {
				faults = append(faults, err)
			}
		}
		if len(faults) > 0 {
			return errors.Join(faults...)
		}
		return tx.ForEach(func(_ []byte, b *bbolt.Bucket) error {
			entries += b.Stats().KeyN
			return nil
		})
	})
	return entries, err
}
