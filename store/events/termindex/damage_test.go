package termindex

import (
	"errors"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func files(t testing.TB, dir string) map[string][]byte {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, e := range entries {
		if out[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func write(t testing.TB, dir string, files map[string][]byte) {
	t.Helper()
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// isDamaged fails unless the index is refused.
func isDamaged(t *testing.T, dir, what string) {
	t.Helper()
	x, err := Open(dir)
	if err == nil {
		x.Close()
	}
	if !errors.Is(err, ErrDamaged) {
		t.Errorf("%s: got %v, want ErrDamaged", what, err)
	}
}

func TestEveryDamageIsSeen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "index")
	isDamaged(t, dir, "no folder")
	r := rand.New(rand.NewPCG(5, 1))
	c := randomCorpus(r, 10, 30)
	c.build(t, dir)
	whole := files(t, dir)
	for name, b := range whole {
		damaged := maps.Clone(whole)
		try := func(what string, bad []byte) {
			damaged[name] = bad
			write(t, dir, damaged)
			isDamaged(t, dir, name+" "+what)
		}
		for range 60 {
			bad := slices.Clone(b)
			bad[r.IntN(len(b))] ^= 1 << r.IntN(8)
			try("with a flipped bit", bad)
			try("cut short", b[:r.IntN(len(b))])
		}
		try("with more behind it", append(slices.Clone(b), 0))
		try("empty", nil)
		delete(damaged, name)
		write(t, dir, damaged)
		isDamaged(t, dir, "without "+name)
	}
	write(t, dir, whole)
	checkAnswers(t, open(t, dir), c, r)
}

// TestCutShortWhileOpen takes the mapped memory away from an open index.
func TestCutShortWhileOpen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "index")
	c := randomCorpus(rand.New(rand.NewPCG(6, 1)), 300, 900)
	x := c.build(t, dir)
	for _, name := range []string{"000000000002.zap", idsName} {
		if err := os.Truncate(filepath.Join(dir, name), 0); err != nil {
			t.Fatal(err)
		}
	}
	_, words := x.Words("pool1", "re2")
	_, word := x.Words("pool1")
	_, values := x.MatchValues(t.Context(), "f1", "", func(string) bool { return true })
	id := x.ids.find("id\x000123456789abcdef", x.Blocks(), newSet(x.Blocks()))
	for _, err := range []error{words, word, values, id} {
		if !errors.Is(err, ErrDamaged) {
			t.Errorf("got %v, want ErrDamaged", err)
		}
	}
}

// FuzzOpen changes files at will: an index that opens answers right.
func FuzzOpen(f *testing.F) {
	c := randomCorpus(rand.New(rand.NewPCG(7, 1)), 5, 12)
	dir := filepath.Join(f.TempDir(), "index")
	c.build(f, dir)
	whole := files(f, dir)
	names := slices.Sorted(maps.Keys(whole))
	for i := range names {
		f.Add(uint8(i), uint32(20), uint32(1), []byte{1})
		f.Add(uint8(i), uint32(0), uint32(1<<20), []byte{})
	}
	f.Fuzz(func(t *testing.T, file uint8, at, cut uint32, put []byte) {
		changed := maps.Clone(whole)
		name := names[int(file)%len(names)]
		b := whole[name]
		from := min(int(at), len(b))
		changed[name] = slices.Concat(b[:from], put, b[min(from+int(cut), len(b)):])
		dir := filepath.Join(t.TempDir(), "index")
		write(t, dir, changed)
		x, err := Open(dir)
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Fatal(err)
			}
			return
		}
		defer x.Close()
		checkAnswers(t, x, c, rand.New(rand.NewPCG(8, 1)))
	})
}

// FuzzTable reads tables whose checksum is right.
func FuzzTable(f *testing.F) {
	whole := (&table{
		blocks: 3, loose: set{5}, sets: []set{{1}, {7}}, patterns: []int{0, 1, 1}, files: []sums{{"a", 1, 2}},
	}).bytes()
	f.Add(whole[len(magic) : len(whole)-4])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, body []byte) {
		b := withSum(append([]byte(magic), body...))
		got, err := readTable(b)
		if err != nil {
			return
		}
		again, err := readTable(got.bytes())
		if err != nil {
			t.Fatal(err)
		}
		if again.blocks != got.blocks || !slices.Equal(again.loose, got.loose) || !slices.Equal(again.patterns, got.patterns) ||
			!slices.Equal(again.files, got.files) || !slices.EqualFunc(again.sets, got.sets, slices.Equal[set]) {
			t.Fatalf("got %+v, want %+v", again, got)
		}
	})
}
