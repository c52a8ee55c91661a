package history

// Batch records many steps of one goroutine with one write call, where the methods of a Recorder and an Operation
// make one a line. What it was given is in the file when Flush returns. So two things have to wait for Flush:
//
//   - what was begun is not done before, or a process that is killed leaves a deed without an intent;
//   - an outcome is not told before, on the screen say, or a process that is killed has told what its history denies.
//
// The lines of one Flush carry the time of the first. Several batches of one Recorder may be in use at once; a batch
// is for one goroutine.
type Batch struct {
	recorder *Recorder
	lines    []byte
	origin   []byte // the beginning of each line
}

// Batch makes a batch. That of a nil Recorder records nothing.
func (r *Recorder) Batch() *Batch { return &Batch{recorder: r} }

// Begin gathers the intent of a step. The operation's own methods may record its outcome too.
func (b *Batch) Begin(step Step, subject Subject) Operation {
	if b.recorder == nil {
		return Operation{}
	}
	o := b.recorder.operation(step, subject)
	b.add(o, Intent, nil)
	return o
}

// OK is [Operation.OK] in the batch.
func (b *Batch) OK(o Operation) { b.add(o, OK, nil) }

// Stored is [Operation.Stored] in the batch.
func (b *Batch) Stored(o Operation, partition int32, offset int64) {
	o.subject.Partition, o.subject.Offset = partition, offset
	b.add(o, OK, nil)
}

// Unknown is [Operation.Unknown] in the batch.
func (b *Batch) Unknown(o Operation, err error) { b.add(o, Unknown, err) }

func (b *Batch) add(o Operation, phase Phase, cause error) {
	if b.recorder == nil || o.recorder == nil {
		return
	}
	if len(b.lines) == 0 {
		origin := b.recorder.origin()
		b.origin = origin.appendOrigin(b.origin[:0])
	}
	b.lines = o.appendStep(append(b.lines, b.origin...), phase, cause)
}

// Flush writes what was gathered since the last Flush.
func (b *Batch) Flush() {
	if len(b.lines) == 0 {
		return
	}
	b.recorder.mu.Lock()
	defer b.recorder.mu.Unlock()
	b.recorder.put(b.lines)
	b.lines = b.lines[:0]
}
