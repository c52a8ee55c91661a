package publish

// memory lends buffers for batches, and takes them back. What it has lent and what it keeps for the next borrower together
// stay below the limit, so that the garbage collector has next to nothing to do, and a cluster that is slower than the
// program blocks it instead of filling its memory.
//
// Buffers come in powers of two. A batch begins with a small one and moves to a larger one as it grows: with 300 partitions
// most batches stay small, with 3 they grow to the largest.
type memory struct {
	limit int
	lent  int                  // bytes
	kept  int                  // bytes
	free  [len(sizes)][][]byte // by size
}

var sizes = [...]int{4 << 10, 8 << 10, 16 << 10, 32 << 10, 64 << 10, 128 << 10, 256 << 10, 512 << 10, 1 << 20}

// class is the index of the smallest size that holds n bytes, len(sizes) where none does.
func class(n int) int {
	for i, size := range sizes {
		if n <= size {
			return i
		}
	}
	return len(sizes)
}

// take lends an empty buffer for at least n bytes, nil where that passes the limit. A buffer that is larger than all sizes
// is lent too, for a message that is.
func (m *memory) take(n int) []byte {
	i, size := class(n), n
	if i < len(sizes) {
		size = sizes[i]
	}
	if m.lent+size > m.limit {
		return nil
	}
	return m.must(n)
}

// must is take beyond the limit, for what is needed so that others can be given back.
func (m *memory) must(n int) []byte {
	i := class(n)
	if i == len(sizes) {
		m.lent += n
		m.makeRoom()
		return make([]byte, 0, n)
	}
	m.lent += sizes[i]
	if last := len(m.free[i]) - 1; last >= 0 {
		buffer := m.free[i][last]
		m.free[i] = m.free[i][:last]
		m.kept -= sizes[i]
		return buffer[:0]
	}
	m.makeRoom()
	return make([]byte, 0, sizes[i])
}

// makeRoom drops kept buffers, the largest first, until the limit holds again.
func (m *memory) makeRoom() {
	for i := len(m.free) - 1; i >= 0; i-- {
		for m.lent+m.kept > m.limit && len(m.free[i]) > 0 {
			last := len(m.free[i]) - 1
			m.free[i][last] = nil
			m.free[i] = m.free[i][:last]
			m.kept -= sizes[i]
		}
	}
}

// give takes back a buffer that was lent with room for n bytes. It may have been moved by growing since; that one is
// left to the garbage collector.
func (m *memory) give(buffer []byte, n int) {
	i := class(n)
	if i == len(sizes) {
		m.lent -= n
		return
	}
	m.lent -= sizes[i]
	if cap(buffer) == sizes[i] {
		m.free[i] = append(m.free[i], buffer)
		m.kept += sizes[i]
		m.makeRoom()
	}
}
