package host

import "syscall"

func statfs(path string) (Space, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(path, &s); err != nil {
		return Space{}, err
	}
	block := float64(s.Bsize)
	return Space{
		Size: float64(s.Blocks) * block, Free: float64(s.Bfree) * block, Available: float64(s.Bavail) * block,
		Files: float64(s.Files), FilesFree: float64(s.Ffree),
	}, nil
}
