//go:build profile

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
	"time"
)

// profiled is how long one CPU profile is: a process that is killed loses no more.
const profiled = 2 * time.Second

// A binary built with the tag "profile" writes CPU profiles of itself, one after
// another, into the directory $PROFILE_DIR: make profile makes default.pgo of
// them, by which the compiler optimizes.
func init() {
	dir := os.Getenv("PROFILE_DIR")
	if dir == "" {
		return
	}
	go func() {
		for n := 0; ; n++ {
			if err := profile(filepath.Join(dir, fmt.Sprintf("%d-%05d.prof", os.Getpid(), n))); err != nil {
				fmt.Fprintln(os.Stderr, "tripod: no profile:", err)
				return
			}
		}
	}()
}

// profile writes a file that is there only when it is whole.
func profile(name string) error {
	f, err := os.Create(name + ".tmp")
	if err != nil {
		return err
	}
	defer f.Close()
	if err := pprof.StartCPUProfile(f); err != nil {
		return err
	}
	time.Sleep(profiled)
	pprof.StopCPUProfile()
	return os.Rename(name+".tmp", name)
}
