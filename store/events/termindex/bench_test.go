package termindex

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"
)

// benchCorpus is like a part of a million log lines: 250 blocks with 1,000 of
// 20,000 values each, 2,000 patterns of some eight words, of which few are in
// most blocks and most in few.
func benchCorpus() *corpus {
	r := rand.New(rand.NewPCG(1, 2))
	c := &corpus{}
	for range 250 {
		var b Block
		for range 1000 {
			n := int(r.ExpFloat64()*2000) % 20_000
			b.Terms = append(b.Terms, Term(fmt.Sprint("field.", n%25), fmt.Sprint("value-", n)))
		}
		c.blocks = append(c.blocks, b)
	}
	for n := range 2000 {
		var p Pattern
		for range 8 {
			p.Words = append(p.Words, fmt.Sprint("word", int(r.ExpFloat64()*500)))
		}
		for b := range uint32(250) {
			if r.IntN(1+n/10) == 0 {
				p.Blocks = append(p.Blocks, b)
			}
		}
		c.patterns = append(c.patterns, p)
	}
	return c
}

func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkBuild(b *testing.B) {
	c, dir := benchCorpus(), filepath.Join(b.TempDir(), "index")
	b.ReportAllocs()
	start, peak := cpu(), uint64(0)
	for b.Loop() {
		if err := Build(context.Background(), dir, slices.Values(c.blocks), slices.Values(c.patterns)); err != nil {
			b.Fatal(err)
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		peak = max(peak, m.HeapInuse)
	}
	b.ReportMetric(float64((cpu()-start).Milliseconds())/float64(b.N), "cpu-ms/op")
	b.ReportMetric(float64(open(b, dir).Size()), "B")
	b.ReportMetric(float64(peak)/1e6, "heap-MB")
}

func BenchmarkAsk(b *testing.B) {
	x := benchCorpus().build(b, filepath.Join(b.TempDir(), "index"))
	any := func(w string) bool { return w[len(w)-1] == '7' }
	for name, ask := range map[string]func() ([]uint32, error){
		"a word of many patterns":   func() ([]uint32, error) { return x.Words("word1") },
		"a word of few patterns":    func() ([]uint32, error) { return x.Words("word1500") },
		"two words":                 func() ([]uint32, error) { return x.Words("word1", "word2") },
		"no such word":              func() ([]uint32, error) { return x.Words("absent") },
		"words by the end":          func() ([]uint32, error) { return x.MatchWords(context.Background(), "", any) },
		"a frequent value":          func() ([]uint32, error) { return x.Value("field.1", "value-1") },
		"a rare value":              func() ([]uint32, error) { return x.Value("field.24", "value-9999") },
		"values of a field, by end": func() ([]uint32, error) { return x.MatchValues(context.Background(), "field.7", "value-", any) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := ask(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	for _, terms := range []int{60, 1000} {
		c := benchCorpus()
		for i := range c.blocks {
			c.blocks[i].Terms = c.blocks[i].Terms[:terms]
		}
		dir := filepath.Join(b.TempDir(), "index")
		size := c.build(b, dir).Size()
		b.Run(fmt.Sprint(terms, " values a block"), func(b *testing.B) {
			for b.Loop() {
				x, err := Open(dir)
				if err != nil {
					b.Fatal(err)
				}
				x.Close()
			}
			b.ReportMetric(float64(size), "B")
		})
	}
}
