package otlp

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"tripod/store"
)

// TestShortAttributes reads attributes both ways, whole and with each byte cut
// off or changed.
func TestShortAttributes(t *testing.T) {
	bytesField := func(num protowire.Number, in []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(nil, num, protowire.BytesType), in)
	}
	number := func(num protowire.Number, n uint64) []byte {
		return protowire.AppendVarint(protowire.AppendTag(nil, num, protowire.VarintType), n)
	}
	values := [][]byte{nil, number(2, 1), number(3, 0), number(3, 127), number(3, 128), number(3, math.MaxUint64), append(number(3, 1), number(3, 2)...),
		protowire.AppendFixed64(protowire.AppendTag(nil, 4, protowire.Fixed64Type), 7), bytesField(5, bytesField(1, number(3, 1))), bytesField(7, []byte("ab"))}
	for _, n := range []int{0, 1, 2, 3, 80, 123, 124, 125, 126, 127, 128, 300} {
		values = append(values, bytesField(1, []byte(strings.Repeat("v", n))))
	}
	tried, read := 0, 0
	same := func(text string) {
		var got, want store.Attr
		if tried++; !short(&got, text) {
			return
		}
		read++
		r := reader{left: 10}
		err := r.anyKeyValue(&want, fields{text: text, end: len(text)}, 10)
		if err != nil || r.left != 8 || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %v, want %v, %v with %d messages", text, got, want, err, 10-r.left)
		}
	}
	for _, n := range []int{0, 1, 12, 127, 128} {
		key := bytesField(1, []byte(strings.Repeat("k", n)))
		for _, v := range values {
			whole := append(append([]byte{}, key...), bytesField(2, v)...)
			same(string(whole))
			same(string(append(bytesField(2, v), key...)))
			same(string(append(whole, key...)))
			for i := range whole {
				same(string(whole[:i]))
				for _, c := range []byte{0, 1, 2, 3, 10, 18, 24, 127, 128, 255} {
					bent := append([]byte{}, whole...)
					bent[i] = c
					same(string(bent))
				}
			}
		}
	}
	if read < 100 || read > tried/2 {
		t.Errorf("read %d of %d", read, tried)
	}
	for _, v := range [][]byte{bytesField(1, []byte("GET")), number(3, 100)} {
		if text := string(append(bytesField(1, []byte("http.request.method")), bytesField(2, v)...)); !short(&store.Attr{}, text) {
			t.Errorf("%q is not read the short way", text)
		}
	}
}
