package columns

// Bytes is about what unpacked integers take in memory.
func (v *Ints) Bytes() int { return v.n*v.width + 8*len(v.all) }

// Bytes is about what unpacked floats take in memory.
func (v *Floats) Bytes() int { return len(v.raw) + v.ints.Bytes() }

// Bytes is about what unpacked texts take in memory.
func (t *Texts) Bytes() int {
	n := len(t.same) + len(t.few) + 4*len(t.codes) + t.plain.bytes() + len(t.of) + 4*len(t.rank)
	for i := range t.forms {
		for j := range t.forms[i].slots {
			s := &t.forms[i].slots[j]
			n += 256 + s.ints.Bytes() + len(s.raw) + s.rest.bytes()
		}
	}
	return n
}

func (l *list) bytes() int { return len(l.data) + 4*len(l.ends) }
