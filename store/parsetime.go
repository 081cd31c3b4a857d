package store

// ParseTime reads a time as loggers write it, in Unix ns: RFC 3339 and its
// kin, or seconds, milliseconds, microseconds or nanoseconds since 1970, told
// apart by their size. Without a zone it is UTC. It is how SetLine reads them.
func ParseTime(text string) (ns int64, ok bool) {
	ns, _, ok = parseLineTime(text)
	return ns, ok
}
