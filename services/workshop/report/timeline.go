package report

import (
	"time"

	"workshop.example/kit/history"
)

// Timeline is what the programs of a run did, and when.
type Timeline struct {
	Began, Ended time.Time
	Tracks       []Track
}

// Track is one program over all its lives.
type Track struct {
	Name    string
	Lives   []Life
	Entries []history.Entry

	LinesOnly bool // it keeps no history: the entries are its score lines
}

// Life is one process.
type Life struct {
	Began, Ended time.Time // Ended is zero where it was stopped only after the verdict
	Code         int
}

// place is where a message is.
type place struct {
	topic     string
	partition int32
	offset    int64
}

// Identify gives deliveries, which know only the place of a message, its stream and number, where the program that
// sent it or one that showed it has told them.
func (t Timeline) Identify() {
	known := map[place]history.Subject{}
	for _, track := range t.Tracks {
		for _, e := range track.Entries {
			if e.Number > 0 && e.Offset >= 0 && (e.Step == history.Send || e.Step == history.Show) {
				known[place{e.Topic, e.Partition, e.Offset}] = e.Subject
			}
		}
	}
	for _, track := range t.Tracks {
		for i, e := range track.Entries {
			if subject, ok := known[place{e.Topic, e.Partition, e.Offset}]; ok && e.Step == history.Deliver && e.Number == 0 {
				track.Entries[i].Stream, track.Entries[i].Number = subject.Stream, subject.Number
			}
		}
	}
}
