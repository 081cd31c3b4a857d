package appliance

import (
	"context"
	"os"
	"path/filepath"
)

// checkEvents tells what files the folder of logs or traces holds, day by day.
func checkEvents(_ context.Context, dir string, _ bool) (r FolderReport, err error) {
	days, err := os.ReadDir(dir)
	if err != nil {
		return r, err
	}
	var total int64
	for _, d := range days {
		if !d.IsDir() {
			continue
		}
		files, bytes, err := r.countFiles(filepath.Join(dir, d.Name()))
		if err != nil {
			return r, err
		}
		total += bytes
		r.Parts = append(r.Parts, []string{d.Name(), things(files, "file", "files"), sizeWords(bytes)})
	}
	r.Holds = []string{sizeWords(total)}
	r.Notes = append(r.Notes, "what is in these files was not read")
	return r, nil
}

func (r *FolderReport) countFiles(dir string) (files, bytes int64, err error) {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return files, bytes, err
		}
		files++
		bytes += info.Size()
	}
	r.noteAside(dir)
	return files, bytes, err
}
