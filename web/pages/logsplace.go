package pages

import (
	"encoding/hex"
	"hash/fnv"
	"io"
	"maps"
	"strconv"
	"strings"

	"tripod/store"
)

// place names a line of a list: its time, a hash of what it says, and how many
// that are alike stand before it. Written, it is the id of the row's element,
// and what addresses name lines by: l<ns>-<hash>, or l<ns>-<hash>-<n>.
type place struct {
	at   int64 // Unix ns
	hash string
	nth  int
}

// maxNth bounds how many lines of one nanosecond and one text an address counts.
const maxNth = 1_000_000

func (pl place) zero() bool { return pl == place{} }

func (pl place) String() string {
	if pl.zero() {
		return ""
	}
	s := "l" + strconv.FormatInt(pl.at, 10) + "-" + pl.hash
	if pl.nth > 0 {
		s += "-" + strconv.Itoa(pl.nth)
	}
	return s
}

// parsePlace is the zero place for what names no line.
func parsePlace(s string) place {
	digits, rest, ok := strings.Cut(strings.TrimPrefix(s, "l"), "-")
	hash, count, many := strings.Cut(rest, "-")
	at, err := strconv.ParseInt(digits, 10, 64)
	pl := place{at: at, hash: hash}
	if many {
		n, bad := strconv.Atoi(count)
		pl.nth, ok = n, ok && bad == nil && n > 0 && n <= maxNth
	}
	if !ok || err != nil || at < 0 || len(hash) != hashLen || pl.String() != s {
		return place{}
	}
	return pl
}

// hashLen is the length of a hash: 40 bits tell apart what one nanosecond has.
const hashLen = 10

// placeOf names a line, as the first of those that are alike.
func placeOf(r *store.Record) place { return place{at: r.Time, hash: hashOf(r)} }

// is says whether a line is one of those that the place counts.
func (pl place) is(r *store.Record) bool { return r.Time == pl.at && hashOf(r) == pl.hash }

// hashOf covers what was sent and by whom, so that lines of different streams
// differ.
func hashOf(r *store.Record) string {
	h := fnv.New64a()
	for _, s := range []string{r.Service, r.Level.Word(), r.Line()} {
		_, _ = io.WriteString(h, s) // a hash never fails
		_, _ = h.Write([]byte{0})
	}
	_, _ = h.Write(r.TraceID[:])
	_, _ = h.Write(r.SpanID[:])
	lists := []store.Attrs{nil, nil}
	if r.Raw == "" {
		lists[0] = r.Attrs
	}
	if r.Resource != nil {
		lists[1] = r.Resource.Attrs
	}
	for _, attrs := range lists {
		for _, a := range attrs {
			_, _ = io.WriteString(h, "\x00"+a.Key+"\x00"+a.Value.Text())
		}
	}
	return hex.EncodeToString(h.Sum(nil))[:hashLen]
}

// placesOf names the lines of a list, before which lines of the time of its
// first were seen.
func placesOf(records []store.Record, seen map[place]int) []place {
	out := make([]place, len(records))
	if seen = maps.Clone(seen); seen == nil {
		seen = map[place]int{}
	}
	for i := range records {
		pl := placeOf(&records[i])
		out[i] = pl
		out[i].nth = seen[pl]
		seen[pl]++
	}
	return out
}
