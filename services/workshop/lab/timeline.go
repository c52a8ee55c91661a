package lab

import (
	"cmp"
	"fmt"
	"slices"
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

// timeline collects the histories, which are gone when the bench is closed. A program without one, such
// as a student's, has its lives and its score lines.
func (b *Bench) timeline() Timeline {
	t := Timeline{Ended: time.Now()}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range b.processes {
		i := slices.IndexFunc(t.Tracks, func(track Track) bool { return track.Name == p.Name })
		if i < 0 {
			entries, _ := b.Entries(p.Name) // what is there; the verdict does not hang on it
			t.Tracks = append(t.Tracks, Track{Name: p.Name, Entries: entries})
			i = len(t.Tracks) - 1
		}
		life := Life{Began: p.began}
		select {
		case <-p.ended:
			life.Ended, life.Code = p.endedAt, p.ExitCode()
		default:
		}
		t.Tracks[i].Lives = append(t.Tracks[i].Lives, life)
		if len(t.Tracks[i].Entries) == 0 || t.Tracks[i].LinesOnly {
			t.Tracks[i].LinesOnly = true
			t.Tracks[i].Entries = append(t.Tracks[i].Entries, scoreEntries(p, len(t.Tracks[i].Lives))...)
		}
	}
	for _, track := range t.Tracks {
		first := slices.MinFunc(track.Lives, func(a, b Life) int { return cmp.Compare(a.Began.UnixNano(), b.Began.UnixNano()) })
		if t.Began.IsZero() || first.Began.Before(t.Began) {
			t.Began = first.Began
		}
	}
	if t.Began.IsZero() { // a lab that does all of it itself
		t.Began = t.Ended
	}
	t.identify()
	return t
}

// place is where a message is.
type place struct {
	topic     string
	partition int32
	offset    int64
}

// identify gives deliveries, which know only the place of a message, its stream and number, where the program that
// sent it or one that showed it has told them.
func (t Timeline) identify() {
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

// scoreEntries are the score lines of one life as a history has them.
func scoreEntries(p *Process, life int) []history.Entry {
	var entries []history.Entry
	for i, line := range p.Lines() {
		if score, ok := parseScore(line.Text); ok {
			entries = append(entries, history.Entry{
				At: line.At, Program: p.Name, Session: fmt.Sprintf("%s#%d", p.Name, life), Operation: uint64(i + 1),
				Step: history.Show, Phase: history.OK, Subject: history.Subject{Number: score.ID(), Partition: history.None, Offset: history.None},
			})
		}
	}
	return entries
}
