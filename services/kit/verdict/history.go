package verdict

import "workshop.example/kit/history"

// Observed is what histories say of one topic.
type Observed struct {
	Run
	// Unread are messages that nobody has got to: acknowledged at or behind the offset that the topic's
	// group has committed last. They are not among the writes, since they are not missing yet.
	Unread []Message
	// Twice are messages that were acknowledged again, in whatever way they came to be sent again.
	Twice []Message
}

// Check judges the run. A message that was acknowledged twice is in the log twice.
func (o Observed) Check() Verdict {
	v := Check(o.Run)
	v.Duplicated = append(v.Duplicated, o.Twice...)
	return v
}

// OfHistories is Histories for entries that are in memory.
func OfHistories(entries []history.Entry) map[string]Observed {
	h := NewHistories()
	for _, e := range entries {
		h.Add(e)
	}
	return h.Observed()
}
