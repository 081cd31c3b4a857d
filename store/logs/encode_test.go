package logs

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"tripod/store"
	"tripod/store/storetest"
)

// TestEncoderForgetsTheRecordBefore encodes records alone and behind others.
func TestEncoderForgetsTheRecordBefore(t *testing.T) {
	records := storetest.RecordCorpus(3, 300)
	r := rand.New(rand.NewPCG(1, 1))
	shared := []*store.Resource{nil, {}, {Attrs: store.Attrs{{Key: "a", Value: store.Int(1)}}},
		{Attrs: store.Attrs{{Key: "a", Value: store.Int(2)}, {Key: "b", Value: store.String("x")}}, Dropped: 3, SchemaURL: "s"}}
	var e encoder
	e.roomForIDs(10)
	var f fitter
	for i := range records {
		rec := &records[i]
		if r.IntN(2) == 0 {
			rec.Resource = shared[r.IntN(len(shared))]
		}
		var fresh encoder
		if got, want := e.encode(rec, nil), fresh.encode(rec, nil); !reflect.DeepEqual(got, want) {
			t.Fatalf("record %d: got %+v, want %+v", i, got, want)
		}
		var alone fitter
		if got, want := f.fits(rec), alone.fits(rec); (got == nil) != (want == nil) || f.weight.bytes != alone.weight.bytes && rec.Resource != nil {
			t.Fatalf("record %d: got %v %+v, want %v %+v", i, got, f, want, alone)
		}
	}
}
