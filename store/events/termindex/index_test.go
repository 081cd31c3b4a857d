package termindex

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// corpus is what an index is built of, and the plain answers.
type corpus struct {
	blocks   []Block
	patterns []Pattern
}

func (c *corpus) build(t testing.TB, dir string) *Index {
	t.Helper()
	if err := Build(context.Background(), dir, slices.Values(c.blocks), slices.Values(c.patterns)); err != nil {
		t.Fatal(err)
	}
	return open(t, dir)
}

func open(t testing.TB, dir string) *Index {
	t.Helper()
	x, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := x.Close(); err != nil {
			t.Error(err)
		}
	})
	return x
}

// find lists the blocks that are loose or have a pattern that a test picks.
func (c *corpus) find(test func(words []string) bool) []uint32 {
	in := map[uint32]bool{}
	for n, b := range c.blocks {
		in[uint32(n)] = b.Loose
	}
	for _, p := range c.patterns {
		if len(p.Words) > maxWords || test(p.Words) {
			for _, n := range p.Blocks {
				in[n] = true
			}
		}
	}
	out := []uint32{}
	for n := range c.blocks {
		if in[uint32(n)] {
			out = append(out, uint32(n))
		}
	}
	return out
}

// findValue lists the blocks with a value that a test picks, or where the
// field is partial.
func (c *corpus) findValue(name string, test func(value string) bool) []uint32 {
	out := []uint32{}
	for n, b := range c.blocks {
		has := func(term string) bool {
			v, ok := strings.CutPrefix(term, name+"\x00")
			return ok && test(v)
		}
		if slices.Contains(b.Partial, name) || slices.ContainsFunc(b.Terms, has) {
			out = append(out, uint32(n))
		}
	}
	return out
}

func randomCorpus(r *rand.Rand, blocks, patterns int) *corpus {
	c := &corpus{}
	for range blocks {
		b := Block{Loose: r.IntN(20) == 0}
		for range r.IntN(30) {
			b.Terms = append(b.Terms, Term(fmt.Sprint("f", r.IntN(5)), randomValue(r)))
		}
		if r.IntN(4) == 0 {
			b.Partial = []string{fmt.Sprint("f", r.IntN(5))}
		}
		for range r.IntN(2) * r.IntN(90) {
			b.IDs = append(b.IDs, Term("id", randomID(r)))
		}
		c.blocks = append(c.blocks, b)
	}
	for range patterns {
		var p Pattern
		for range r.IntN(8) {
			p.Words = append(p.Words, randomWord(r))
		}
		for n := range blocks {
			if r.IntN(1+blocks/4) == 0 {
				p.Blocks = append(p.Blocks, uint32(n))
			}
		}
		c.patterns = append(c.patterns, p)
	}
	return c
}

var stems = []string{"connection", "refused", "übung", "pool", "a", "", "\xff\xfe", "re", "timeout"}

func randomWord(r *rand.Rand) string {
	if r.IntN(40) == 0 {
		return ""
	}
	return stems[r.IntN(len(stems))] + fmt.Sprint(r.IntN(30))
}

func randomValue(r *rand.Rand) string {
	return []string{"", "x\x00y", "GET", "a\xff"}[r.IntN(4)] + fmt.Sprint(r.IntN(12))
}

func randomID(r *rand.Rand) string {
	n := r.Uint64N(2000) * 0x9e3779b97f4a7c15
	return fmt.Sprintf("%016x%016x", n, n)[:[]int{16, 32}[n>>60%2]]
}

func same(t *testing.T, what string, got []uint32, err error, want []uint32) {
	t.Helper()
	if err != nil || !slices.Equal(got, want) {
		t.Fatalf("%s: got %v, %v, want %v", what, got, err, want)
	}
}

func checkAnswers(t *testing.T, x *Index, c *corpus, r *rand.Rand) {
	t.Helper()
	for range 150 {
		words := make([]string, r.IntN(4))
		for i := range words {
			words[i] = randomWord(r)
		}
		got, err := x.Words(words...)
		want := c.find(func(in []string) bool {
			return !slices.ContainsFunc(words, func(w string) bool { return !slices.Contains(in, w) })
		})
		if len(words) == 0 {
			want = x.all().numbers()
		}
		same(t, fmt.Sprintf("words %q", words), got, err, want)

		prefix, end := stems[r.IntN(len(stems))], fmt.Sprint(r.IntN(10))
		ok := func(s string) bool { return strings.HasSuffix(s, end) }
		got, err = x.MatchWords(t.Context(), prefix, ok)
		same(t, fmt.Sprintf("words like %q*%s", prefix, end), got, err, c.find(func(in []string) bool {
			return slices.ContainsFunc(in, func(w string) bool { return strings.HasPrefix(w, prefix) && ok(w) })
		}))

		name, value := fmt.Sprint("f", r.IntN(6)), randomValue(r)
		got, err = x.Value(name, value)
		same(t, fmt.Sprintf("%s=%q", name, value), got, err, c.findValue(name, func(v string) bool { return v == value }))

		prefix = []string{"", "x", "GET", "x\x00", "a\xff"}[r.IntN(5)]
		got, err = x.MatchValues(t.Context(), name, prefix, ok)
		same(t, fmt.Sprintf("%s=%q*%s", name, prefix, end), got, err, c.findValue(name, func(v string) bool { return strings.HasPrefix(v, prefix) && ok(v) }))
		checkIDs(t, x, c, randomID(r))
	}
}

// checkIDs asks for an id: all blocks that have it, and few others that have
// ids, are named.
func checkIDs(t *testing.T, x *Index, c *corpus, id string) {
	t.Helper()
	var want, have []uint32
	for n, b := range c.blocks {
		if slices.Contains(b.IDs, Term("id", id)) {
			want = append(want, uint32(n))
		}
		if len(b.IDs) > 0 {
			have = append(have, uint32(n))
		}
	}
	got, err := x.Value("id", id)
	others := slices.DeleteFunc(slices.Clone(got), func(n uint32) bool { return slices.Contains(want, n) })
	if err != nil || len(got)-len(others) != len(want) || len(others) > 15 {
		t.Fatalf("id %s: got %v, %v, want %v and hardly more", id, got, err, want)
	}
	if slices.ContainsFunc(others, func(n uint32) bool { return !slices.Contains(have, n) }) {
		t.Fatalf("id %s: got %v; blocks with ids are %v", id, got, have)
	}
	got, err = x.MatchValues(t.Context(), "id", id[:4], func(string) bool { return false })
	same(t, "ids with a prefix", got, err, slices.Concat([]uint32{}, have))
	got, err = x.Value("id", strings.ToUpper(id)+"G")
	same(t, "no id", got, err, []uint32{})
}

// TestIDsAreBounded sees that of a block all ids are taken, or none.
func TestIDsAreBounded(t *testing.T) {
	l := make(idList, maxIDs-2)
	if !l.add(1, []string{"a"}) || l.add(2, []string{"b", "c"}) || len(l) != maxIDs-1 || !l.add(3, []string{"d"}) || l.add(4, []string{"e"}) {
		t.Errorf("%d ids", len(l))
	}
}

func TestAnswersAreThoseOfAScan(t *testing.T) {
	for name, size := range map[string][2]int{
		"one block": {1, 3}, "no patterns": {5, 0}, "some": {40, 100}, "several batches": {300, 900},
	} {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(size[0]), 7))
			c := randomCorpus(r, size[0], size[1])
			dir := filepath.Join(t.TempDir(), "index")
			x := c.build(t, dir)
			if x.Blocks() != size[0] || x.Size() < 100 {
				t.Errorf("%d blocks, %d bytes", x.Blocks(), x.Size())
			}
			checkAnswers(t, x, c, r)
			checkAnswers(t, c.build(t, dir), c, r) // in the place of the first, which is still open
			checkAnswers(t, x, c, r)
		})
	}
}

// TestBounds sees that what is too much to index rules nothing out.
func TestBounds(t *testing.T) {
	long := strings.Repeat("long", 100)
	var many, all []string
	for n := range 20_000 {
		many = append(many, Term("f", fmt.Sprint("value", n)))
	}
	for n := range maxWords + 1 {
		all = append(all, fmt.Sprint("word", n))
	}
	c := &corpus{
		blocks:   []Block{{Terms: many}, {Terms: []string{Term("f", long), Term(long, "v")}}, {Partial: []string{"g"}}},
		patterns: []Pattern{{Words: all, Blocks: []uint32{0, 2}}, {Words: []string{long + "tail"}, Blocks: []uint32{1}}},
	}
	x := c.build(t, filepath.Join(t.TempDir(), "index"))
	yes := func(string) bool { return true }
	no := func(string) bool { return false }
	for name, c := range map[string]struct {
		ask  func() ([]uint32, error)
		want []uint32
	}{
		"the last of many values":        {func() ([]uint32, error) { return x.Value("f", "value19999") }, []uint32{0}},
		"no value":                       {func() ([]uint32, error) { return x.Value("f", "value20000") }, []uint32{}},
		"a long value":                   {func() ([]uint32, error) { return x.Value("f", long) }, []uint32{1}},
		"a field of a long name":         {func() ([]uint32, error) { return x.Value(long, "v") }, []uint32{1}},
		"a partial field":                {func() ([]uint32, error) { return x.Value("g", "anything") }, []uint32{2}},
		"a word of a pattern of many":    {func() ([]uint32, error) { return x.Words("word7") }, []uint32{0, 2}},
		"a long word":                    {func() ([]uint32, error) { return x.Words(long + "tail") }, []uint32{0, 1, 2}},
		"an end that is cut off":         {func() ([]uint32, error) { return x.MatchWords(t.Context(), "long", no) }, []uint32{0, 1, 2}},
		"the end of a long value":        {func() ([]uint32, error) { return x.MatchValues(t.Context(), "f", "l", no) }, []uint32{1}},
		"all values":                     {func() ([]uint32, error) { return x.MatchValues(t.Context(), "f", "", yes) }, []uint32{0, 1}},
		"all values of a long name":      {func() ([]uint32, error) { return x.MatchValues(t.Context(), long, "", no) }, []uint32{1}},
		"values of a partial field":      {func() ([]uint32, error) { return x.MatchValues(t.Context(), "g", "", no) }, []uint32{2}},
		"values of a field of no blocks": {func() ([]uint32, error) { return x.MatchValues(t.Context(), "h", "", yes) }, []uint32{}},
	} {
		got, err := c.ask()
		same(t, name, got, err, c.want)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := x.MatchWords(ctx, "", yes); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestBuildRefusesAndLeavesNothing(t *testing.T) {
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	one := []Block{{Terms: []string{Term("f", "v")}}}
	for name, c := range map[string]struct {
		ctx      context.Context
		blocks   []Block
		patterns []Pattern
	}{
		"no blocks":         {t.Context(), nil, nil},
		"canceled":          {canceled, one, nil},
		"an unknown block":  {t.Context(), one, []Pattern{{Words: []string{"a"}, Blocks: []uint32{1}}}},
		"canceled patterns": {canceled, one, []Pattern{{}}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			stale := filepath.Join(dir, "index.tmp", "scorch-offline-build1")
			if err := os.MkdirAll(stale, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := Build(c.ctx, filepath.Join(dir, "index"), slices.Values(c.blocks), slices.Values(c.patterns)); err == nil {
				t.Error("it was built")
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("left: %v, %v", left, err)
			}
		})
	}
}

// TestBuildWritesFourFiles sees that nothing of the building is left.
func TestBuildWritesFourFiles(t *testing.T) {
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(1, 1))
	randomCorpus(r, 300, 900).build(t, filepath.Join(dir, "index"))
	var got []string
	for _, sub := range []string{"", "index"} {
		entries, err := os.ReadDir(filepath.Join(dir, sub))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			got = append(got, e.Name())
		}
	}
	if want := []string{"index", "000000000002.zap", idsName, "root.bolt", tableName}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestFirstFormIsRead opens an index from before there were ids.
func TestFirstFormIsRead(t *testing.T) {
	c := randomCorpus(rand.New(rand.NewPCG(3, 3)), 12, 30)
	for i := range c.blocks {
		c.blocks[i].IDs = nil
	}
	dir := filepath.Join(t.TempDir(), "index")
	x := c.build(t, dir)
	b := x.t.bytes()
	b = withSum(append([]byte(firstMagic), b[len(magic):len(b)-4]...))
	if err := os.WriteFile(filepath.Join(dir, tableName), b, 0o644); err != nil {
		t.Fatal(err)
	}
	checkAnswers(t, open(t, dir), c, rand.New(rand.NewPCG(4, 4)))
}
