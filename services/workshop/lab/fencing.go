package lab

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"workshop.example/kit/verdict"
)

// newerAfter is how many events the older simulator has begun to send when the newer starts.
const newerAfter = 12

var fencing = Lab{
	Name:   "fencing",
	Pace:   100 * time.Millisecond,
	ByHand: theMatch,
	run:    runFencing,
}

func runFencing(ctx context.Context, b *Bench) ([]Part, error) {
	m, err := New(ctx, b)
	if err != nil {
		return nil, err
	}
	id := "TRANSACTIONAL_ID=" + b.Name("simulator")
	// Never so fast that its match is over before the newer is there, which a busy machine is slow to start.
	older, err := m.PlayAs("older", id, "PACE="+max(b.Pace, 250*time.Millisecond).String())
	if err != nil {
		return nil, err
	}
	if err := older.Await(ctx, "some goals were sent", Said(`{"id":`, newerAfter)); err != nil {
		return nil, err
	}
	newer, err := m.PlayAs("newer", id)
	if err != nil {
		return nil, err
	}
	codes := map[*Process]int{}
	for _, p := range []*Process{older, newer} {
		if codes[p], err = p.Wait(ctx); err != nil {
			return nil, err
		}
	}
	if codes[older] == 0 {
		return nil, &NotRun{Cause: "the older simulator has played its match to the end before the newer one was there"}
	}
	first, err := judgeWrites(ctx, m, "older", Text{PT: "o mais antigo", EN: "the older"})
	if err != nil {
		return nil, err
	}
	first.Facts = append(first.Facts, Fact{Text: Text{
		PT: fmt.Sprintf("parou com código %d e disse que foi barrado (fenced)", codes[older]), EN: fmt.Sprintf("it stopped with code %d and said that it was fenced", codes[older]),
	}, Held: codes[older] == 1 && slices.ContainsFunc(older.Lines(), func(l Line) bool { return strings.Contains(l.Text, "fenced") })})
	second, err := judgeWrites(ctx, m, "newer", Text{PT: "o mais novo", EN: "the newer"})
	if err != nil {
		return nil, err
	}
	complete := codes[newer] == 0 && second.ended
	second.Facts = append(second.Facts, Fact{Text: Text{PT: "a partida dele foi até o fim", EN: "its match went to its end"}, Held: complete})
	return []Part{first.Part, second.Part}, nil
}

// sentPart is the count of what one simulator has sent.
type sentPart struct {
	Part
	ended bool // the end of the match is in the topic
}

// judgeWrites compares what a simulator was told of its events, the end of the match included, with
// what is in the topic of them.
func judgeWrites(ctx context.Context, m *Match, name string, title Text) (sentPart, error) {
	entries, err := m.Bench.Entries(name)
	if err != nil {
		return sentPart{}, err
	}
	writes := verdict.OfHistories(entries)[m.Topic].Writes
	acknowledged := 0
	for _, w := range writes {
		if w.Outcome == verdict.Acknowledged {
			acknowledged++
		}
	}
	if acknowledged == 0 {
		return sentPart{}, &NotRun{Cause: name + " had nothing acknowledged"}
	}
	events, err := m.Events(ctx)
	if err != nil {
		return sentPart{}, err
	}
	events = OfStream(events, writes[0].Stream)
	run := verdict.Run{Writes: writes, Log: []verdict.Record{}}
	ended := false
	for _, e := range events {
		run.Log = append(run.Log, e.Record)
		ended = ended || e.Ended && !e.Aborted
	}
	return sentPart{Part{
		Title: title, Unread: true, Counted: verdict.Check(run), Highest: Highest(events), Sent: len(writes), Acknowledged: acknowledged,
	}, ended}, nil
}
