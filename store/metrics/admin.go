package metrics

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb"
)

// Head is of what is in no block yet: the names with the most of something,
// limit of each kind, and how many chunks there are.
func (s *Store) Head(limit int) (*tsdb.Stats, int64, error) {
	chunks, err := s.headChunks()
	return s.db.Head().Stats(labels.MetricName, limit), chunks, err
}

func (s *Store) headChunks() (int64, error) {
	const name = "prometheus_tsdb_head_chunks"
	families, err := s.counts.Gather()
	if err != nil {
		return 0, fmt.Errorf("tsdb's own metrics: %w", err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return int64(f.GetMetric()[0].GetGauge().GetValue()), nil
		}
	}
	return 0, fmt.Errorf("tsdb has no metric %s", name)
}

// Blocks are those on disk, oldest first.
func (s *Store) Blocks() []tsdb.BlockMeta { return s.db.BlockMetas() }

// Delete hides the samples of the series that all matchers fit, from mint to
// maxt in Unix ms, both included, from every later query. They leave the disk
// when their block is compacted, or with CleanTombstones.
func (s *Store) Delete(ctx context.Context, mint, maxt int64, ms ...*labels.Matcher) error {
	if err := s.settleLate(ctx); err != nil {
		return err
	}
	defer s.changes.everything()
	return s.db.Delete(ctx, mint, maxt, ms...)
}

// settleLate puts what came late into blocks: where it is before, tsdb neither
// deletes it nor takes it into a snapshot.
func (s *Store) settleLate(ctx context.Context) error {
	if err := s.db.CompactOOOHead(ctx); err != nil {
		return fmt.Errorf("compact late samples: %w", err)
	}
	return nil
}

// CleanTombstones writes the blocks anew from which something was deleted.
func (s *Store) CleanTombstones() error { return s.db.CleanTombstones() }

// Snapshot copies all that is stored, withHead also what is in no block yet,
// into a new folder below snapshots/ of the store's own, which a Store or a
// Prometheus opens, and gives the folder's name. Blocks are linked and cost
// nothing until they are compacted away. It is on disk when Snapshot returns;
// one that failed leaves nothing behind.
func (s *Store) Snapshot(ctx context.Context, withHead bool) (name string, err error) {
	var salt [8]byte
	rand.Read(salt[:])
	name = s.o.Now().UTC().Format("20060102T150405Z0700-") + hex.EncodeToString(salt[:])
	dir := filepath.Join(s.dir, snapshots, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			os.RemoveAll(dir)
		}
	}()
	if withHead {
		if err := s.settleLate(ctx); err != nil {
			return "", err
		}
	}
	if err := s.db.Snapshot(dir, withHead); err != nil {
		return "", err
	}
	return name, nil
}

// snapshots is the folder of a store that holds its copies.
const snapshots = "snapshots"
