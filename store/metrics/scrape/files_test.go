package scrape

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// follower copies the files of a pattern in a new folder; it gives what it
// complains of.
func follower(t *testing.T, dir, pattern string) (f *files, said *[]string) {
	t.Helper()
	said = new([]string)
	f, err := newFiles(t.TempDir(), func(msg string) { *said = append(*said, msg) })
	if err != nil {
		t.Fatal(err)
	}
	f.follow([]string{filepath.Join(dir, pattern)})
	return f, said
}

// What promscrape would drop as a whole does not take the place of what it reads.
func TestOnlyFilesThatAreReadTakeThePlace(t *testing.T) {
	const good = `[{"targets":["a:1"]}]`
	for name, c := range map[string]struct{ file, text, want string }{
		"a field that is not known": {"t.json", `[{"targets":["a:1"],"lables":{"x":"y"}}]`, "field lables not found"},
		"half of a JSON":            {"t.json", `[{"targets":["a:1"`, "it is no JSON"},
		"one that is not known":     {"t.yml", "- targets: [b:1]\n  label: {x: y}\n", "field label not found"},
		"a key twice":               {"t.yml", "- targets: [b:1]\n  targets: [c:1]\n", "already defined"},
		"other labels":              {"t.yml", "- {targets: [b:1], labels: {x: 1}}\n", ""},
		"nothing":                   {"t.yml", "", ""},
		"a remark":                  {"t.yml", "# none\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, c.file)
			write(t, path, good)
			f, said := follower(t, dir, c.file)
			write(t, path, c.text)
			f.sync()
			want := c.text
			if c.want != "" {
				want = good
			}
			if got, err := os.ReadFile(f.root + path); err != nil || string(got) != want {
				t.Errorf("the copy is %q, %v, want %q", got, err, want)
			}
			if got := strings.Join(*said, "; "); c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("said %q, want %q", got, c.want)
			}
		})
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A file that is not there yet costs no writing, however often it is looked for.
func TestTheCopyOfAMissingFileIsWrittenOnce(t *testing.T) {
	dir := t.TempDir()
	f, said := follower(t, dir, "t.json")
	copied := f.root + filepath.Join(dir, "t.json")
	before, err := os.Stat(copied)
	if err != nil {
		t.Fatal(err)
	}
	f.sync()
	after, err := os.Stat(copied)
	if err != nil || !os.SameFile(before, after) {
		t.Errorf("written anew: %v", err)
	}
	if len(*said) != 2 || !strings.Contains((*said)[1], "no targets in") {
		t.Errorf("said %q", *said)
	}
}

// promscrape lists the copies by the user's pattern at any time: what is half
// written is not among them.
func TestHalfACopyIsNotListed(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "t.json")
	write(t, path, "[]")
	f, _ := follower(t, dir, "t*")
	if err := os.Mkdir(f.root+path+".next", 0o700); err != nil { // nobody needs the name
		t.Fatal(err)
	}
	write(t, path, `[{"targets":["a:1"]}]`)
	f.sync()
	if got, err := os.ReadFile(f.root + path); err != nil || !strings.Contains(string(got), "a:1") {
		t.Errorf("the copy is %q, %v", got, err)
	}
}
