package logs

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"tripod/store"
	"tripod/store/storetest"
	"tripod/testdata/weblog"
)

// TestEncoderForgetsTheRecordBefore encodes records alone and behind others.
func TestEncoderForgetsTheRecordBefore(t *testing.T) {
	records := storetest.RecordCorpus(3, 300)
	r := rand.New(rand.NewPCG(1, 1))
	shared := []*store.Resource{nil, {}, {Attrs: store.Attrs{{Key: "a", Value: store.Int(1)}}},
		{Attrs: store.Attrs{{Key: "a", Value: store.Int(2)}, {Key: "b", Value: store.String("x")}}, Dropped: 3, SchemaURL: "s"}}
	var e encoder
	e.ids.Grow(10, 10)
	var f fitter
	all, told, spared := newDigest(), newDigest(), 0
	for i := range records {
		if i > 0 && r.IntN(2) == 0 {
			records[i] = records[i-1]
		}
		rec := &records[i]
		if r.IntN(2) == 0 {
			rec.Resource = shared[r.IntN(len(shared))]
		}
		var fresh encoder
		got, want := e.encode(rec, nil), fresh.encode(rec, nil)
		all.Add(&want)
		if got.Alike {
			spared++
		} else {
			told.Add(&got)
		}
		if got.Alike = want.Alike; !reflect.DeepEqual(got, want) {
			t.Fatalf("record %d: got %+v, want %+v", i, got, want)
		}
		var alone fitter
		if got, want := f.fits(rec), alone.fits(rec); (got == nil) != (want == nil) || f.weight.bytes != alone.weight.bytes && rec.Resource != nil {
			t.Fatalf("record %d: got %v %+v, want %v %+v", i, got, f, want, alone)
		}
	}
	if !bytes.Equal(told.AppendTo(nil), all.AppendTo(nil)) || spared == 0 {
		t.Errorf("without %d of %d events the digest is another", spared, len(records))
	}
}

// BenchmarkEncode makes events of 1,000 lines, as Append does.
func BenchmarkEncode(b *testing.B) {
	const rows = 1000
	g := weblog.New(weblog.Options{Rows: rows, Start: time.Unix(1773324360, 0), Span: time.Hour})
	records := make([]store.Record, 0, rows)
	res := &store.Resource{Attrs: store.Attrs{{Key: "service_name", Value: store.String("web")}}}
	var lines store.Lines
	for l := (weblog.Line{}); g.Next(&l); {
		records = append(records, store.Record{Time: l.Time, Service: "web", Resource: res})
		lines.Set(&records[len(records)-1], string(l.AppendJSON(nil)))
	}
	s := &Store{now: time.Now}
	b.ReportAllocs()
	for b.Loop() {
		m := appends.Get().(*appendMemory)
		if refused := s.encode(m, records); len(m.events) != rows {
			b.Fatal(refused)
		}
		m.free()
	}
	b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "records/s")
}
