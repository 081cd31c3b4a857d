package syslog

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// feed gives a framer a stream in pieces and collects its messages.
func feed(f *framer, stream []byte, piece int) (got []string, over int) {
	for len(stream) > 0 {
		n := copy(f.space()[:min(piece, len(stream))], stream)
		f.took(n)
		stream = stream[n:]
		for msg, ok := f.next(); ok; msg, ok = f.next() {
			got = append(got, string(msg))
		}
	}
	over = f.lost()
	if msg := f.rest(); len(msg) > 0 {
		got = append(got, string(msg))
	}
	return got, over
}

func TestFrames(t *testing.T) {
	for name, c := range map[string]struct {
		stream string
		want   []string
		over   int
	}{
		"lines":                            {"<1>a\n<1>b\r\n\n<1>c", []string{"<1>a", "<1>b\r", "<1>c"}, 0},
		"NUL":                              {"<1>a\x00<1>b\x00", []string{"<1>a", "<1>b"}, 0},
		"counts":                           {"4 <1>a7 <1>b\nc\n", []string{"<1>a", "<1>b\nc\n"}, 0},
		"counts with lines between":        {"4 <1>a\n4 <1>b\n", []string{"<1>a", "<1>b"}, 0},
		"both in turn":                     {"4 <1>a<1>b\n4 <1>c", []string{"<1>a", "<1>b", "<1>c"}, 0},
		"a line that begins with a number": {"2026-03-12 x\n42 is it\n7\n", []string{"2026-03-12 x", "42 is it", "7"}, 0},
		"a count that is cut off":          {"15 <1>a", []string{"<1>a"}, 0},
		"a line that is too long":          {"<1>" + strings.Repeat("x", 30) + "\n<1>b\n", []string{"<1>b"}, 1},
		"a count that is too long":         {"30 <1>" + strings.Repeat("x", 27) + "4 <1>b", []string{"<1>b"}, 1},
		"as long as it may":                {"20 <1>" + strings.Repeat("x", 17) + "<1>" + strings.Repeat("y", 17) + "\n", []string{"<1>" + strings.Repeat("x", 17), "<1>" + strings.Repeat("y", 17)}, 0},
		"a number without end":             {strings.Repeat("1", 30) + "\n<1>a\n", []string{"<1>a"}, 1},
		"nothing":                          {"\n\r\n\x00", nil, 0},
	} {
		for _, piece := range []int{1, 2, 3, 7, 1000} {
			f := framer{max: 20}
			got, over := feed(&f, []byte(c.stream), piece)
			if !slices.Equal(got, c.want) || over != c.over {
				t.Errorf("%s, in pieces of %d: got %q, %d too long, want %q, %d", name, piece, got, over, c.want, c.over)
			}
		}
	}
}

// FuzzFrames holds that the pieces in which a stream comes do not matter, that
// no message is too long, and that memory stays bounded.
func FuzzFrames(f *testing.F) {
	f.Add([]byte("4 <1>a<1>b\n30 <1>xxxxxxxxxxxxxxxxxxxxxxxxxxx4 <1>c\x00\n7"), 3)
	f.Fuzz(func(t *testing.T, stream []byte, piece int) {
		if piece < 1 || bytes.Count(stream, nil) > 1<<16 {
			return
		}
		a, b := framer{max: 20}, framer{max: 20}
		inPieces, over := feed(&a, stream, piece)
		whole, overWhole := feed(&b, stream, 1<<20)
		if !slices.Equal(inPieces, whole) || over != overWhole {
			t.Fatalf("in pieces of %d: %q, %d; whole: %q, %d", piece, inPieces, over, whole, overWhole)
		}
		for _, msg := range whole {
			if len(msg) > 20+maxDigits+1 {
				t.Errorf("message of %d bytes", len(msg))
			}
		}
		if cap(a.buf) > 20+maxDigits+2*readAhead {
			t.Errorf("holds %d bytes", cap(a.buf))
		}
	})
}
