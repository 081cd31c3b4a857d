package host

// kernelClock says how right the kernel holds its clock to be.
type kernelClock struct {
	offset, maxError, estimatedError float64 // seconds
	frequency                        float64 // local, over true
	synced                           bool
}

func (r *Reader) timex(emit Emit) bool {
	c, ok := r.o.clock()
	if !ok {
		return false
	}
	emit("node_timex_offset_seconds", c.offset)
	emit("node_timex_maxerror_seconds", c.maxError)
	emit("node_timex_estimated_error_seconds", c.estimatedError)
	emit("node_timex_frequency_adjustment_ratio", c.frequency)
	emit("node_timex_sync_status", bit(c.synced))
	return true
}
