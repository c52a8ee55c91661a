package lab

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"workshop.example/kit/history"
	"workshop.example/workshop/match"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

// Run carries out a lab. It leaves nothing behind, also when ctx ends in its middle. An error says
// that there is no verdict, and why.
func Run(ctx context.Context, l Lab, o rig.Options) (report.Result, error) {
	running, over := context.WithCancel(ctx)
	defer over() // whatever an experiment still holds
	var brokers *rig.BrokerFaults
	if l.Killer {
		var err error
		if brokers, err = rig.FindBrokers(o); err == nil {
			err = brokers.StartAll(o.Say)
		}
		if err != nil {
			return report.Result{}, err
		}
	}
	if o.Pace < 0 {
		o.Pace = l.Pace
	}
	b, err := rig.NewBench(ctx, "lab-"+l.Name, brokers, o)
	if err != nil {
		return report.Result{}, err
	}
	defer b.Close()
	parts, err := l.run(running, b)
	if ctx.Err() != nil {
		return report.Result{}, ctx.Err()
	}
	if err == nil {
		err = b.CloseWires()
	}
	spec, _ := Labs.Find(l.Name)
	return report.Result{Name: l.Name, Words: spec.Words.With(o.Student.Role), Seed: o.Seed, Parts: parts, Timeline: timeline(b)}, err
}

// timeline collects the histories, which are gone when the bench is closed. A program without one, such
// as a student's, has its lives and its score lines.
func timeline(b *rig.Bench) report.Timeline {
	t := report.Timeline{Ended: time.Now()}
	for _, p := range b.Processes() {
		i := slices.IndexFunc(t.Tracks, func(track report.Track) bool { return track.Name == p.Name })
		if i < 0 {
			entries, _ := b.Entries(p.Name) // what is there; the verdict does not hang on it
			t.Tracks = append(t.Tracks, report.Track{Name: p.Name, Entries: entries})
			i = len(t.Tracks) - 1
		}
		life := report.Life{Began: p.Began}
		select {
		case <-p.Ended():
			life.Ended, life.Code = p.EndedAt, p.ExitCode()
		default:
		}
		t.Tracks[i].Lives = append(t.Tracks[i].Lives, life)
		if len(t.Tracks[i].Entries) == 0 || t.Tracks[i].LinesOnly {
			t.Tracks[i].LinesOnly = true
			t.Tracks[i].Entries = append(t.Tracks[i].Entries, scoreEntries(p, len(t.Tracks[i].Lives))...)
		}
	}
	for _, track := range t.Tracks {
		first := slices.MinFunc(track.Lives, func(a, b report.Life) int { return cmp.Compare(a.Began.UnixNano(), b.Began.UnixNano()) })
		if t.Began.IsZero() || first.Began.Before(t.Began) {
			t.Began = first.Began
		}
	}
	if t.Began.IsZero() { // a lab that does all of it itself
		t.Began = t.Ended
	}
	t.Identify()
	return t
}

// scoreEntries are the score lines of one life as a history has them.
func scoreEntries(p *rig.Process, life int) []history.Entry {
	var entries []history.Entry
	for i, line := range p.Lines() {
		if score, ok := match.ParseScore(line.Text); ok {
			entries = append(entries, history.Entry{
				At: line.At, Program: p.Name, Session: fmt.Sprintf("%s#%d", p.Name, life), Operation: uint64(i + 1),
				Step: history.Show, Phase: history.OK, Subject: history.Subject{Number: score.ID(), Partition: history.None, Offset: history.None},
			})
		}
	}
	return entries
}
