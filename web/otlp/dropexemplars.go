package otlp

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"

	"tripod/web"
)

// dropper takes exemplars whose ids cannot be out of a metrics request of
// protobuf, in which pdata would not read them. The request has passed
// checkProto.
type dropper struct {
	schema  *[parts][]field
	metric  string // the one at hand
	dropped web.Refusals
}

// message is a message without such exemplars; it is b itself if there are none.
func (d *dropper) message(b []byte, p part) (out []byte, changed bool) {
	if p == metric {
		d.metric = string(lastOf(b, 1))
	}
	for at := 0; at < len(b); {
		num, typ, tag := protowire.ConsumeTag(b[at:])
		n := protowire.ConsumeFieldValue(num, typ, b[at+tag:])
		whole := b[at : at+tag+n]
		kept := whole
		if of := d.leads(p, num); of != leaf && typ == protowire.BytesType {
			kept = d.field(whole, tag, of)
		}
		if len(kept) != len(whole) && !changed {
			out, changed = append(make([]byte, 0, len(b)), b[:at]...), true
		}
		if changed {
			out = append(out, kept...)
		}
		at += tag + n
	}
	if !changed {
		return b, false
	}
	return out, true
}

// field is a field, whose tag has so many bytes, without such exemplars.
func (d *dropper) field(whole []byte, tag int, of part) []byte {
	v, _ := protowire.ConsumeBytes(whole[tag:])
	if of == exemplar {
		if fault := idFault(v); fault != "" {
			d.dropped.Add(web.Invalid, 1, exemplarFault(d.metric, fault))
			return nil
		}
		return whole
	}
	inner, changed := d.message(v, of)
	if !changed {
		return whole
	}
	return protowire.AppendBytes(append([]byte(nil), whole[:tag]...), inner)
}

// leads is the message in a field, if exemplars may be in it.
func (d *dropper) leads(p part, num protowire.Number) part {
	for _, f := range d.schema[p] {
		if f.num == num && f.of > metricsRequest && f.of <= exemplar && f.of != summary && f.of != summaries {
			return f.of
		}
	}
	return leaf
}

// idFault says why an exemplar cannot have its ids.
func idFault(e []byte) string {
	for len(e) > 0 {
		num, typ, tag := protowire.ConsumeTag(e)
		n := protowire.ConsumeFieldValue(num, typ, e[max(tag, 0):])
		if tag < 0 || n < 0 {
			return ""
		}
		if typ == protowire.BytesType {
			v, _ := protowire.ConsumeBytes(e[tag:])
			switch size := len(v); {
			case size == 0:
			case num == 5 && size != 16:
				return fmt.Sprintf("trace id is of %d bytes, not of 16", size)
			case num == 4 && size != 8:
				return fmt.Sprintf("span id is of %d bytes, not of 8", size)
			}
		}
		e = e[tag+n:]
	}
	return ""
}

// lastOf is what a message has last in a field of bytes.
func lastOf(b []byte, want protowire.Number) (last []byte) {
	for len(b) > 0 {
		num, typ, tag := protowire.ConsumeTag(b)
		n := protowire.ConsumeFieldValue(num, typ, b[tag:])
		if num == want && typ == protowire.BytesType {
			last, _ = protowire.ConsumeBytes(b[tag:])
		}
		b = b[tag+n:]
	}
	return last
}
