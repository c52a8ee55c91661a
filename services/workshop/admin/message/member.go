package message

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	kafkagroup "workshop.example/kit/kafka/group"
	"workshop.example/kit/lines"
	"workshop.example/kit/wait"
	"workshop.example/workshop/admin/offset"
)

const (
	commitEvery = 1000             // messages; and always when no more are waiting
	joinTime    = 30 * time.Second // before --timeout counts: a dead member's session, and more
)

// asMember prints as a member of a group. It commits what it has printed: after a crash between the two, messages are printed again,
// and none is lost.
func (c *consume) asMember(ctx context.Context, client sarama.Client) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var last atomic.Int64 // when a message came last, or the partitions; Unix milliseconds
	last.Store(time.Now().Add(joinTime).UnixMilli())
	if c.idle > 0 {
		go func() {
			for wait.Sleep(ctx, min(c.idle/4, 100*time.Millisecond)) == nil {
				if time.Since(time.UnixMilli(last.Load())) > c.idle {
					stop(offset.ErrEnough)
				}
			}
		}()
	}
	group := &kafkagroup.Consumer{
		Client: client,
		Redial: func(ctx context.Context) (sarama.Client, error) { return c.redial(ctx, client.Config()) },
		Member: kafka.Membership{Group: c.group, Reset: c.start.At},
		Topic:  c.topic,
		Hooks:  lines.Hooks(c.Process()),
		Assigned: func(_, _, held []int32) {
			last.Store(time.Now().UnixMilli())
			if len(held) == 0 {
				c.Note("member of group %s without a partition: the group has more members than the topic has partitions", c.group)
			}
		},
		Handle: func(_ context.Context, claim *kafkagroup.Claim) error { return c.asOwner(claim, &last) },
	}
	return group.Run(ctx)
}

// asOwner prints the messages of a partition while this member owns it. It marks a message only after it was written, since marked
// messages are committed whatever happens next.
func (c *consume) asOwner(claim *kafkagroup.Claim, last *atomic.Int64) error {
	var printed *sarama.ConsumerMessage // the last one that is not marked yet
	unmarked := 0
	show := func() error {
		if err := c.out.flush(); err != nil {
			return &kafka.FatalError{Err: err}
		}
		if printed != nil {
			claim.Mark(printed)
		}
		printed, unmarked = nil, 0
		return nil
	}
	for msg := range claim.Messages() {
		last.Store(time.Now().UnixMilli())
		err := c.out.print(msg)
		if err == nil || errors.Is(err, offset.ErrEnough) && !errors.Is(err, errTooMany) {
			printed = msg
			unmarked++
		}
		if errors.Is(err, offset.ErrEnough) {
			return errors.Join(show(), kafkagroup.ErrDone)
		}
		if err != nil {
			return &kafka.FatalError{Err: err}
		}
		if claim.Idle() || unmarked >= commitEvery {
			if err := show(); err != nil {
				return err
			}
			if err := claim.Commit(); err != nil {
				return err
			}
		}
	}
	return show()
}

func (c *consume) redial(ctx context.Context, conf *sarama.Config) (sarama.Client, error) {
	cluster, err := c.Cluster()
	if err != nil {
		return nil, err
	}
	return cluster.Dial(ctx, conf, []string{c.topic}, c.Waiting)
}
