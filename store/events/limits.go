package events

// Bounds that hold for what is written and are checked in what is read.
const (
	maxDepth     = 32       // of lists and maps in a value
	maxRowBytes  = 4 << 20  // one encoded event, its names included
	maxRowFields = 1 << 16  // of one event, with all that is nested in them
	maxBatchRows = 4096     // of one journal frame
	maxBatchRaw  = 2 << 20  // a frame is closed when it is larger, with what its rows have in common
	maxFrame     = 16 << 20 // a frame in the journal
	maxBlockRows = 1 << 16
	maxBlockRaw  = 2 << 20  // a block is closed when it is larger
	maxSection   = 64 << 20 // a decompressed section of a part
)
