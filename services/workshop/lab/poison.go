package lab

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/IBM/sarama"
	"golang.org/x/sync/errgroup"

	"workshop.example/kit/verdict"
	"workshop.example/workshop/match"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

var poisonText = Labs.Texts("poison")

var _ = add(Lab{
	Name:   "poison",
	Pace:   100 * time.Millisecond,
	ByHand: theMatch,
	run:    runPoison,
})

// poisonPace is slow enough for the message to come in mid-match.
const poisonPace = 50 * time.Millisecond

func runPoison(ctx context.Context, b *rig.Bench) ([]report.Part, error) {
	b.Pace = max(b.Pace, poisonPace)
	m, err := match.New(ctx, b)
	if err != nil {
		return nil, err
	}
	if _, err := m.Play(); err != nil {
		return nil, err
	}
	without, with := m.Board("without-dlq", "DELIVERY=at-least-once", "DEAD_LETTER_TOPIC=none"), m.Board("with-dlq", "DELIVERY=at-least-once")
	first, err := without.Start()
	if err != nil {
		return nil, err
	}
	var at int64
	following, inTime := errgroup.WithContext(ctx)
	following.Go(func() error {
		_, err := with.Follow(inTime)
		return err
	})
	following.Go(func() (err error) {
		if err = first.Await(inTime, "id 5 is shown", match.Showing(failAt)); err == nil {
			at, err = sendPoison(inTime, m)
		}
		return err
	})
	codes := make([]int, 0, 3)
	following.Go(func() error {
		for p := first; ; {
			code, err := p.Wait(inTime)
			if err != nil {
				return err
			}
			if codes = append(codes, code); len(codes) == cap(codes) {
				return nil
			}
			without.SayRestart(code)
			if p, err = without.Start(); err != nil {
				return err
			}
		}
	})
	if err := following.Wait(); err != nil {
		return nil, err
	}
	return judgePoison(ctx, m, without, with, at, codes)
}

// sendPoison sends a message that is no event, and returns its offset.
func sendPoison(ctx context.Context, m *match.Match) (int64, error) {
	sender, err := rig.NewSender(ctx, m.Bench.Cluster, m.Bench.Cluster.Config("workshop"))
	if err != nil {
		return 0, fmt.Errorf("send an unreadable message: %w", err)
	}
	defer sender.Close()
	msg := &sarama.ProducerMessage{Topic: m.Topic, Value: sarama.StringEncoder("isto não é um gol")}
	if err := sender.Send(ctx, msg); err != nil {
		return 0, fmt.Errorf("send an unreadable message: %w", err)
	}
	m.Bench.Say(poisonText("sent", msg.Offset))
	return msg.Offset, nil
}

func judgePoison(ctx context.Context, m *match.Match, without, with *match.Board, at int64, codes []int) ([]report.Part, error) {
	stopped, err := m.Part(ctx, without)
	if err != nil {
		return nil, err
	}
	goals, err := m.Goals(ctx)
	if err != nil {
		return nil, err
	}
	for _, g := range goals {
		if g.Offset > at {
			stopped.Want.Lost = append(stopped.Want.Lost, g.Number)
		}
	}
	committed, err := m.Bench.Committed(without.Group, m.Topic, 0)
	if err != nil {
		return nil, err
	}
	stopped.Pending = true
	stopped.Title = poisonText("title-without")
	stopped.Facts = []report.Fact{
		{Text: poisonText("stopped", len(codes)),
			Held: !slices.ContainsFunc(codes, func(code int) bool { return code != 1 })},
		{Text: poisonText("stayed", at),
			Held: committed == at},
	}
	letters, err := m.DeadLetters(ctx)
	if err != nil {
		return nil, err
	}
	passed, err := m.Part(ctx, with)
	passed.Title = poisonText("title-with")
	passed.Facts = []report.Fact{{
		Text: poisonText("letter", at, m.Topic),
		Held: slices.Equal(letters, []verdict.Message{match.UnreadableAt(at)}),
	}}
	return []report.Part{stopped, passed}, err
}
