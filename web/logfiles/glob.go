package logfiles

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
)

// maxFolders bounds the folders that one ** looks into, once a second.
const maxFolders = 1000

// errFolders says that there are more.
var errFolders = fmt.Errorf("** stands for more than %d folders; those behind are not looked into", maxFolders)

// checkGlob says what is wrong with a glob: as filepath.Match has them, and one
// ** that stands for any folders below one another, or none.
func checkGlob(g string) error {
	if _, err := filepath.Match(g, ""); err != nil {
		return err
	}
	deep := 0
	for part := range strings.SplitSeq(filepath.ToSlash(g), "/") {
		if part == "**" {
			deep++
		} else if strings.Contains(part, "**") {
			return fmt.Errorf("%q: ** must stand alone between slashes", part)
		}
	}
	if deep > 1 {
		return errors.New("** may stand in it once")
	}
	return nil
}

// glob lists the paths that a sound glob names. With errFolders they are not
// all. Links to folders are followed in front of **, but not by it.
func glob(g string) ([]string, error) {
	front, rest, deep := strings.Cut(g, string(filepath.Separator)+"**")
	if !deep {
		return filepath.Glob(g)
	}
	if rest = strings.TrimPrefix(rest, string(filepath.Separator)); rest == "" {
		rest = "*"
	}
	if front == "" {
		front = string(filepath.Separator)
	}
	roots, err := filepath.Glob(front)
	if err != nil {
		return nil, err
	}
	var out []string
	folders := 0
	for _, root := range roots {
		err := filepath.WalkDir(root+string(filepath.Separator), func(path string, e fs.DirEntry, err error) error {
			switch {
			case err != nil && e != nil && e.IsDir():
				return fs.SkipDir // it cannot be read, or is gone
			case err != nil || !e.IsDir():
				return nil
			case folders == maxFolders:
				return errFolders
			}
			folders++
			found, err := filepath.Glob(filepath.Join(escaped(path), rest))
			out = append(out, found...)
			return err
		})
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// escaped is the glob that names a path alone.
func escaped(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}
