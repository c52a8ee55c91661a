package group_test

import (
	"context"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafka/group"
	"workshop.example/kit/kafkatest"
)

// A handler that commits some offsets in transactions and others by itself: the end of the session, and the looks behind markers in
// between, take none of them back.
func TestCommittedInATransactionAndWithout(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "t:1", "out:1")
	c.ProduceValues("t", "plain", "transaction", "plain", "transaction")
	conf := c.Kafka().Config("test")
	client, err := sarama.NewClient(c.ListenAddrs(), conf)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	id := kafka.Transactional{ID: "both", Timeout: 10 * time.Second}
	transactor, err := c.Kafka().NewTransactor(t.Context(), client, conf, id, kafka.Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	defer transactor.Close()
	began, read := int64(0), 0
	g := &group.Consumer{
		Client: client, Member: kafka.Membership{Group: "g", Reset: sarama.OffsetOldest}, Topic: "t", Assigned: func(_, _, _ []int32) {},
		Handle: func(ctx context.Context, claim *group.Claim) error {
			began = claim.InitialOffset()
			for msg := range claim.Messages() {
				if string(msg.Value) == "plain" {
					claim.Mark(msg)
					if err := claim.Commit(); err != nil {
						return err
					}
				} else {
					if err := inTransaction(ctx, transactor, claim, msg); err != nil {
						return err
					}
					claim.Committed(msg)
				}
				if got := c.Committed("g", "t", 0); got != msg.Offset+1 {
					t.Errorf("after offset %d the group has %d", msg.Offset, got)
				}
				if read++; read == 4 {
					return group.ErrDone
				}
			}
			return nil
		},
	}
	if err := g.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := c.Committed("g", "t", 0); got != 4 || began != sarama.OffsetOldest {
		t.Errorf("in the end the group has %d, want 4; it began at %d", got, began)
	}
}

func inTransaction(ctx context.Context, transactor *kafka.Transactor, claim *group.Claim, msg *sarama.ConsumerMessage) error {
	if err := transactor.Begin(ctx); err != nil {
		return err
	}
	out := []*sarama.ProducerMessage{{Topic: "out", Value: sarama.StringEncoder("x")}}
	if err := transactor.SendAll(ctx, out, nil); err != nil {
		return err
	}
	if err := transactor.AddOffset(claim.GroupMetadata(), msg); err != nil {
		return err
	}
	return transactor.Commit(ctx)
}
