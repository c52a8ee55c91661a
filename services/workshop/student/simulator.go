package student

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/workshop/match"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

const (
	// matchPartitions is more than one, so that a match without a key, or with one that differs from goal to goal, is torn apart.
	matchPartitions = 3
	// matchSilence is how long a simulator may send nothing until it is stopped.
	matchSilence = startGrace
)

// player is a simulator of the student's own: it plays a match in transactions, and aborts each goal of some first.
type player struct {
	bench *rig.Bench
	topic string
	every int // ABORT_EVERY

	process   *rig.Process
	stopped   bool
	events    []played
	malformed error
	plain     bool // one was sent outside of a transaction
	open      bool // a transaction was left open
	weak      atomic.Bool
}

// played is an event on the topic.
type played struct {
	event.ScoreEvent
	partition int32
	offset    int64
	aborted   bool
}

// RunSimulator carries out an experiment with the student's own simulator. Every goal whose id is a multiple of every is to be sent and
// aborted first.
func RunSimulator(ctx context.Context, b *rig.Bench, every int) ([]report.Part, error) {
	m, err := match.NewOn(ctx, b, "", matchPartitions)
	if err != nil {
		return nil, err
	}
	s := &player{bench: b, topic: m.Topic, every: every}
	if b.Embedded != nil {
		b.Embedded.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, When: func(request kmsg.Request) bool {
			if produce, ok := request.(*kmsg.ProduceRequest); ok && produce.Acks != -1 {
				s.weak.Store(true)
			}
			return false
		}})
	}
	if err := s.play(ctx); err != nil {
		return nil, err
	}
	if err := s.read(ctx); err != nil {
		return nil, err
	}
	return []report.Part{s.judge()}, nil
}

// play runs the program until it ends, or sends nothing more.
func (s *player) play(ctx context.Context) (err error) {
	b := s.bench
	env := append(ownEnvironment(b), "TOPIC="+s.topic, "MATCHES=1", "PACE="+b.Pace.String(), fmt.Sprint("SEED=", b.Seed),
		"TRANSACTIONAL_ID="+b.Name("simulator"), fmt.Sprint("ABORT_EVERY=", s.every))
	words := slices.Concat(b.Student.Guard, b.Student.Words)
	if s.process, err = b.Launch(b.Screen, b.Student.Role, words[0], words[1:], env, true); err != nil {
		return err
	}
	tick := time.NewTicker(look)
	defer tick.Stop()
	moved, sent := time.Now(), int64(0)
	for {
		select {
		case <-s.process.Ended():
			return nil
		case <-tick.C:
			if now := s.sent(); now != sent {
				moved, sent = time.Now(), now
			}
			if time.Since(moved) > matchSilence || len(s.process.Lines()) > flood {
				s.process.Stop()
				s.stopped = true
				return nil
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// sent is how long the topic is, with the markers of transactions.
func (s *player) sent() (sum int64) {
	for p := range int32(matchPartitions) {
		if end, err := s.bench.Client.GetOffset(s.topic, p, sarama.OffsetNewest); err == nil {
			sum += end
		}
	}
	return sum
}

func (s *player) read(ctx context.Context) error {
	client := s.bench.Client
	for p := range int32(matchPartitions) {
		end, err := client.GetOffset(s.topic, p, sarama.OffsetNewest)
		if err != nil {
			return err
		}
		if end == 0 {
			continue
		}
		stable, err := kafka.StableOffset(client, s.topic, p)
		if err != nil {
			return err
		}
		s.open = s.open || stable < end
		_, plain, err := kafka.Producers(client, s.topic, p)
		if err != nil {
			return err
		}
		s.plain = s.plain || plain
		committed := map[int64]bool{}
		note := func(msg *sarama.ConsumerMessage) error { committed[msg.Offset] = true; return nil }
		take := func(msg *sarama.ConsumerMessage) error { return s.take(msg, !committed[msg.Offset]) }
		if _, err := kafka.ReadToEnd(ctx, client, s.topic, p, sarama.OffsetOldest, sarama.ReadCommitted, note); err != nil {
			return err
		}
		if _, err := kafka.ReadToEnd(ctx, client, s.topic, p, sarama.OffsetOldest, sarama.ReadUncommitted, take); err != nil {
			return err
		}
	}
	slices.SortStableFunc(s.events, func(a, b played) int { return a.ID - b.ID })
	return nil
}

func (s *player) take(msg *sarama.ConsumerMessage, aborted bool) error {
	e, err := event.DecodeScoreEvent(msg.Value)
	var malformed *event.Malformed
	switch {
	case errors.As(err, &malformed):
		s.malformed = malformed
	case err != nil:
		return err
	default:
		s.events = append(s.events, played{e, msg.Partition, msg.Offset, aborted})
	}
	return nil
}
