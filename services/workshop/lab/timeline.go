package lab

import (
	"cmp"
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
}

// Life is one process.
type Life struct {
	Began, Ended time.Time // Ended is zero where it was stopped only after the verdict
	Code         int
}

// timeline collects the histories, which are gone when the bench is closed. A program without one, such
// as a student's, has its lives alone.
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
	}
	for _, track := range t.Tracks {
		first := slices.MinFunc(track.Lives, func(a, b Life) int { return cmp.Compare(a.Began.UnixNano(), b.Began.UnixNano()) })
		if t.Began.IsZero() || first.Began.Before(t.Began) {
			t.Began = first.Began
		}
	}
	if t.Began.IsZero() { // no program was started: the lab has sent, or read, by itself
		t.Began = t.Ended
	}
	return t
}
