package stream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/IBM/sarama"
	"golang.org/x/sync/errgroup"

	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/kit/kafka/group"
	"workshop.example/kit/lines"
	"workshop.example/kit/service"
	"workshop.example/kit/wait"
)

// CommitPace is how long messages are worked on before their offsets are committed: what a kill -9 may make
// happen again. One that comes alone is committed at once.
const CommitPace = 500 * time.Millisecond

// Members joins the group with every worker and works on claims with what claim makes for each of them,
// until ctx ends or one of them cannot go on. It dials first: every topic that the service needs has to
// be there.
func (s Settings) Members(
	ctx context.Context, p *service.Process, topic string,
	claim func(worker int) func(context.Context, *group.Claim) error,
) error {
	s.Trace.Open(p)
	defer s.Trace.Flush()
	groups := make([]*group.Consumer, s.Workers)
	for i := range groups {
		member := s.Member
		if s.Workers > 1 && member.InstanceID != "" {
			member.InstanceID = fmt.Sprintf("%s-%d", member.InstanceID, i+1)
		}
		conf := s.Config(p)
		member.Apply(conf)
		connect := s.Cluster.MemberDialer(member, conf, s.Topics(topic, event.DeadLetterTopic), lines.Hooks(p).Waiting)
		client, err := connect(ctx)
		if err != nil {
			return err
		}
		defer wait.CloseWithin(wait.CloseTimeout, client)
		groups[i] = &group.Consumer{
			Client: client, Redial: connect, Member: member, Topic: s.Topic(topic), Hooks: lines.Hooks(p), CommitPace: CommitPace,
			Handle: claim(i + 1),
			Assigned: func(given, lost, held []int32) {
				p.Log.Info("rebalance", "worker", i+1, "given", given, "lost", lost, "held", held)
			},
		}
	}
	p.Ops.ReadyWhen(func() error {
		for i, g := range groups {
			if err := g.Ready(); err != nil {
				return fmt.Errorf("worker %d: %w", i+1, err)
			}
		}
		return nil
	})
	running, ctx := errgroup.WithContext(ctx)
	for _, g := range groups {
		running.Go(func() error { return g.Run(ctx) })
	}
	return running.Wait()
}

// Each hands over the messages of a claim and commits behind them, in the background. At the first error it stops
// where it is, and says so on the screen; the group then reads on from there.
func Each(ctx context.Context, p *service.Process, claim *group.Claim, take func(context.Context, *sarama.ConsumerMessage) error) error {
	return batches(ctx, p, claim, 1, func(ctx context.Context, msgs []*sarama.ConsumerMessage) (int, error) {
		if err := take(ctx, msgs[0]); err != nil {
			return 0, err
		}
		return 1, nil
	})
}

// batches is Each for what is waiting, up to so many messages. take returns how many of the first may be passed.
func batches(
	ctx context.Context, p *service.Process, claim *group.Claim, most int,
	take func(context.Context, []*sarama.ConsumerMessage) (passed int, err error),
) error {
	var waiting []*sarama.ConsumerMessage
	for msg := range claim.Messages() {
		waiting = append(waiting, msg)
		if !claim.Idle() && len(waiting) < most {
			continue
		}
		passed, err := take(ctx, waiting)
		if passed > 0 {
			claim.Mark(waiting[passed-1])
		}
		if err != nil { // the end of the claim commits what is marked
			SayStopped(ctx, p, waiting[passed], err)
			return err
		}
		if err := claim.CommitBehind(); err != nil {
			return err
		}
		waiting = waiting[:0]
	}
	return nil
}

// SayStopped tells students where a service stands, why, and that it will go on by itself. It says
// nothing where it will not: the process is to stop, or the error ends it and is reported then.
func SayStopped(ctx context.Context, p *service.Process, msg *sarama.ConsumerMessage, err error) {
	if _, fatal := errors.AsType[*kafka.FatalError](err); fatal || ctx.Err() != nil {
		return
	}
	p.Out.Print(fmt.Sprintf(service.Pick(p.Lang,
		"parado em %s, partição %d, offset %d: %v; nada foi perdido, tento de novo em instantes",
		"stopped at %s, partition %d, offset %d: %v; nothing is lost, trying again in a moment"),
		msg.Topic, msg.Partition, msg.Offset, err))
}
