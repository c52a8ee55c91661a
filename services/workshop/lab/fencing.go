package lab

import (
	"context"
	"slices"
	"strings"
	"time"

	"workshop.example/kit/service"
	"workshop.example/kit/verdict"
	"workshop.example/workshop/match"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

// newerAfter is how many events the older simulator has begun to send when the newer starts.
const newerAfter = 12

var fencingText = Labs.Texts("fencing")

var fencing = add(Lab{
	Name:   "fencing",
	Pace:   100 * time.Millisecond,
	ByHand: theMatch,
	run:    runFencing,
})

func runFencing(ctx context.Context, b *rig.Bench) ([]report.Part, error) {
	m, err := match.New(ctx, b)
	if err != nil {
		return nil, err
	}
	id := "TRANSACTIONAL_ID=" + b.Name("simulator")
	// Never so fast that its match is over before the newer is there, which a busy machine is slow to start.
	older, err := m.PlayAs("older", id, "PACE="+max(b.Pace, 250*time.Millisecond).String())
	if err != nil {
		return nil, err
	}
	if err := older.Await(ctx, "some goals were sent", rig.Said(`{"id":`, newerAfter)); err != nil {
		return nil, err
	}
	newer, err := m.PlayAs("newer", id)
	if err != nil {
		return nil, err
	}
	codes := map[*rig.Process]int{}
	for _, p := range []*rig.Process{older, newer} {
		if codes[p], err = p.Wait(ctx); err != nil {
			return nil, err
		}
	}
	if codes[older] == 0 {
		return nil, &rig.NotRun{Cause: "the older simulator has played its match to the end before the newer one was there"}
	}
	first, err := judgeWrites(ctx, m, "older", fencingText("title-older"))
	if err != nil {
		return nil, err
	}
	said := slices.ContainsFunc(older.Lines(), func(l rig.Line) bool { return strings.Contains(l.Text, "fenced") })
	first.Facts = append(first.Facts, report.Fact{Text: fencingText("fenced", codes[older]), Held: codes[older] == 1 && said})
	second, err := judgeWrites(ctx, m, "newer", fencingText("title-newer"))
	if err != nil {
		return nil, err
	}
	complete := codes[newer] == 0 && second.ended
	second.Facts = append(second.Facts, report.Fact{Text: fencingText("to-its-end"), Held: complete})
	return []report.Part{first.Part, second.Part}, nil
}

// sentPart is the count of what one simulator has sent.
type sentPart struct {
	report.Part
	ended bool // the end of the match is in the topic
}

// judgeWrites compares what a simulator was told of its events, the end of the match included, with
// what is in the topic of them.
func judgeWrites(ctx context.Context, m *match.Match, name string, title service.Text) (sentPart, error) {
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
		return sentPart{}, &rig.NotRun{Cause: name + " had nothing acknowledged"}
	}
	events, err := m.Events(ctx)
	if err != nil {
		return sentPart{}, err
	}
	events = match.OfStream(events, writes[0].Stream)
	run := verdict.Run{Writes: writes, Log: []verdict.Record{}}
	ended := false
	for _, e := range events {
		run.Log = append(run.Log, e.Record)
		ended = ended || e.Ended && !e.Aborted
	}
	return sentPart{report.Part{
		Title: title, Unread: true, Counted: verdict.Check(run), Highest: match.Highest(events), Sent: len(writes), Acknowledged: acknowledged,
	}, ended}, nil
}
