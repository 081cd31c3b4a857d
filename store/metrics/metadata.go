package metrics

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/prometheus/prometheus/model/metadata"
)

// maxFamilies bounds the metadata in memory; at 200 bytes each it is 4 MB. A
// family beyond it is stored and asked for like any other, but has no help.
const maxFamilies = 20_000

// maxHelp bounds what a sender can make us keep for each family, in bytes.
const maxHelp = 1 << 10

// families is what senders said about their metrics, the newest word for each;
// it is not kept on disk, because scrapes and remote-write senders repeat it.
type families struct {
	mu sync.RWMutex
	m  map[string]metadata.Metadata
}

// SetMetadata keeps a family's type, help and unit.
func (s *Store) SetMetadata(family string, md metadata.Metadata) { s.meta.set(family, md) }

// Metadata is that of one family, or of all when metric is empty.
func (s *Store) Metadata(metric string) map[string]metadata.Metadata { return s.meta.get(metric) }

func (f *families) set(family string, md metadata.Metadata) {
	if family == "" || md.IsEmpty() {
		return
	}
	f.mu.RLock()
	old, known := f.m[family]
	n := len(f.m)
	f.mu.RUnlock()
	if known && old == md || !known && n >= maxFamilies || len(family) > maxHelp || len(md.Unit) > maxHelp {
		return
	}
	if len(md.Help) > maxHelp {
		md.Help = strings.ToValidUTF8(md.Help[:maxHelp], "")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.m == nil {
		f.m = map[string]metadata.Metadata{}
	}
	f.m[family] = md
}

func (f *families) get(metric string) map[string]metadata.Metadata {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if metric == "" {
		return maps.Clone(f.m)
	}
	if md, ok := f.m[metric]; ok {
		return map[string]metadata.Metadata{metric: md}
	}
	return nil
}

// Families are the names that have metadata, sorted.
func (s *Store) Families() []string {
	s.meta.mu.RLock()
	defer s.meta.mu.RUnlock()
	return slices.Sorted(maps.Keys(s.meta.m))
}
