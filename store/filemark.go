package store

// Attributes of a record that was read from a file, by which whoever read it
// goes on after a stop. They are no labels of a line: each line has an offset of
// its own, and each rotation makes another content, so that a series of numbers
// would be one of a single line.
const (
	AttrFileID     = "log.file.id"     // of the content, which renaming and copying do not change
	AttrFileOffset = "log.file.offset" // behind the record, in bytes
)

// IsFileMark says whether an attribute is one of those.
func IsFileMark(key string) bool { return key == AttrFileID || key == AttrFileOffset }
