package promwrite_test

import (
	"errors"
	"net/url"
	"testing"
	"time"

	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/client_golang/exp/api/remote"
	common "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	sender "github.com/prometheus/prometheus/storage/remote"
)

// Prometheus's own sender understands our answers: what was written, and that
// it must not come again with what was refused.
func TestPrometheusSender(t *testing.T) {
	ms := time.Now().UnixMilli()
	two := func(at int64) marshaler {
		return &writev2.Request{Symbols: []string{"", "__name__", "two"}, Timeseries: []writev2.TimeSeries{{
			LabelsRefs: []uint32{1, 2}, Samples: []writev2.Sample{{Value: 1, Timestamp: at}}}}}
	}
	one := func(at int64) marshaler {
		return &prompb.WriteRequest{Timeseries: []prompb.TimeSeries{{
			Labels: pairs("__name__", "one"), Samples: []prompb.Sample{{Value: 1, Timestamp: at}}}}}
	}
	for name, c := range map[string]struct {
		msg     remote.WriteMessageType
		req     func(at int64) marshaler
		samples int
	}{
		"version 1": {remote.WriteV1MessageType, one, 0}, // it has no counts
		"version 2": {remote.WriteV2MessageType, two, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			u, err := url.Parse(s.URL + "/api/v1/write")
			if err != nil {
				t.Fatal(err)
			}
			client, err := sender.NewWriteClient("test", &sender.ClientConfig{
				URL: &common.URL{URL: u}, Timeout: model.Duration(10 * time.Second), WriteProtoMsg: c.msg,
			})
			if err != nil {
				t.Fatal(err)
			}
			send := func(at int64) (sender.WriteResponseStats, error) {
				raw, err := c.req(at).Marshal()
				if err != nil {
					t.Fatal(err)
				}
				return client.Store(t.Context(), snappy.Encode(nil, raw), 0)
			}
			if stats, err := send(ms); err != nil || stats.Samples != c.samples {
				t.Errorf("%+v, %v", stats, err)
			}
			var again sender.RecoverableError
			if _, err := send(ms + 3600_000); err == nil || errors.As(err, &again) {
				t.Errorf("a refused sample: %v, want an error that is final", err)
			}
		})
	}
}
