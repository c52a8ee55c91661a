package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/history"
	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/lines"
	"workshop.example/kit/service"
)

const smallLimit = 16384 // of a topic, for messages of 100 bytes

// startSmall starts a cluster with a topic t of this many partitions that allows batches up to smallLimit.
func startSmall(t *testing.T, partitions int32) *kafkatest.Cluster {
	t.Helper()
	c := kafkatest.Start(t)
	limit := strconv.Itoa(smallLimit)
	if err := c.Cluster.CreateTopic("t", partitions, map[string]string{"max.message.bytes": limit}); err != nil {
		t.Fatal(err)
	}
	return c
}

func smallMessages(count int) []*sarama.ProducerMessage {
	msgs := make([]*sarama.ProducerMessage, count)
	for n := range msgs {
		msgs[n] = &sarama.ProducerMessage{
			Topic: "t", Key: sarama.StringEncoder(fmt.Sprint("key-", n%7)),
			Value: sarama.StringEncoder(fmt.Sprintf("%06d%s", n, strings.Repeat("x", 94))),
		}
	}
	return msgs
}

// tooLarge is a message that a broker refuses for topic t. It is one and not a batch of many, because sarama's
// transactions have a data race where one message fails while others are being sent (v1.61.1, lastError in
// publishTxnPartitions).
func tooLarge() []*sarama.ProducerMessage {
	return []*sarama.ProducerMessage{{Topic: "t", Value: sarama.ByteEncoder(make([]byte, smallLimit-50))}}
}

// sendAfterFirst sends a transaction's messages, the first alone: it waits for the end of the transaction before, and if that wait
// failed while others were being sent, the race would show.
func sendAfterFirst(ctx context.Context, transactor *kafka.Transactor, msgs []*sarama.ProducerMessage) error {
	if err := transactor.Send(ctx, msgs[0], history.Subject{}); err != nil || len(msgs) == 1 {
		return err
	}
	return transactor.SendAll(ctx, msgs[1:], nil)
}

// wantAll wants each of smallMessages in the topic once, and in order for each key.
func wantAll(t *testing.T, c *kafkatest.Cluster, count int) {
	t.Helper()
	last := map[string]string{}
	msgs := c.ReadAll("t")
	for _, msg := range msgs {
		if n := string(msg.Value[:6]); n <= last[string(msg.Key)] {
			t.Fatalf("%s: message %s comes after %s", msg.Key, n, last[string(msg.Key)])
		}
		last[string(msg.Key)] = string(msg.Value[:6])
	}
	if len(msgs) != count {
		t.Errorf("%d messages in the topic, want %d", len(msgs), count)
	}
}

func dialSmall(t *testing.T, c *kafkatest.Cluster) sarama.Client {
	t.Helper()
	client, err := c.Kafka().Dial(t.Context(), c.Kafka().Config("test"), []string{"t"}, func(error) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// sendAll sends them through a new producer of client, and returns what was not acknowledged.
func sendAll(t *testing.T, client sarama.Client, msgs []*sarama.ProducerMessage) sarama.ProducerErrors {
	t.Helper()
	producer, err := sarama.NewSyncProducerFromClient(client)
	if err != nil {
		t.Fatal(err)
	}
	defer producer.Close()
	failed, _ := errors.AsType[sarama.ProducerErrors](producer.SendMessages(msgs))
	return failed
}

func TestBatchesFitTheTopic(t *testing.T) {
	t.Parallel()
	c := startSmall(t, 2)
	client := dialSmall(t, c)
	most := client.Config().Producer.MaxMessageBytes
	if !kafka.FitBatches(t.Context(), client, most, "t") {
		t.Fatal("nothing lowered")
	}
	if failed := sendAll(t, client, smallMessages(3000)); len(failed) > 0 {
		t.Errorf("%d messages were not acknowledged: %v", len(failed), failed[0].Err)
	}
	wantAll(t, c, 3000)
	if kafka.FitBatches(t.Context(), client, most, "t") {
		t.Error("changed again, with the same limit")
	}
	// A message that is too large by itself stays an error: below what sarama counts as too large, and above.
	for _, size := range []int{smallLimit - 50, smallLimit + 1} {
		failed := sendAll(t, client, []*sarama.ProducerMessage{{Topic: "t", Value: sarama.ByteEncoder(make([]byte, size))}})
		if len(failed) != 1 || !kafka.Refused(failed[0].Err) || !kafka.TooLarge(failed[0].Err) {
			t.Errorf("a value of %d bytes: %v, want a refusal", size, failed)
		}
	}
}

// The control: sarama by itself has small messages refused, because it sends them in large batches.
func TestBatchesThatDoNotFitAreRefused(t *testing.T) {
	t.Parallel()
	c := startSmall(t, 2)
	failed := sendAll(t, dialSmall(t, c), smallMessages(3000))
	if len(failed) == 0 {
		t.Fatal("all were acknowledged: sarama has learnt to split, and FitBatches can go")
	}
	if !errors.Is(failed[0].Err, sarama.ErrMessageSizeTooLarge) {
		t.Error(failed[0].Err)
	}
}

// Who may not ask for the limit goes on with what it has.
func TestLimitThatNobodyTells(t *testing.T) {
	t.Parallel()
	c := startSmall(t, 1)
	client := dialSmall(t, c)
	before := client.Config().Producer.MaxMessageBytes
	c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.DescribeConfigs}, Err: kerr.TopicAuthorizationFailed, Count: -1})
	if kafka.FitBatches(t.Context(), client, before, "t") || client.Config().Producer.MaxMessageBytes != before {
		t.Errorf("batches of %d bytes, want %d as before", client.Config().Producer.MaxMessageBytes, before)
	}
}

// A limit that was too low for a message, and is raised: the next try has it.
func TestTransactionsFollowARaisedLimit(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t)
	if err := c.Cluster.CreateTopic("t", 1, map[string]string{"max.message.bytes": "100"}); err != nil {
		t.Fatal(err)
	}
	client := dialSmall(t, c)
	r := kafkatest.StartRun(t, nil, func(*service.Env) int { return 0 }, func(ctx context.Context, _ int, p *service.Process) error {
		transactor, err := c.Kafka().NewTransactor(ctx, client, client.Config(),
			kafka.Transactional{ID: "fit", Timeout: kafkatest.Deadline}, lines.Hooks(p))
		if err != nil {
			return err
		}
		defer transactor.Close()
		// The first is refused by the broker, the second by sarama, which has learnt the limit from it.
		for try := 1; ; try++ {
			if err := transactor.Begin(ctx); err != nil {
				return err
			}
			err := transactor.SendAll(ctx, smallMessages(3), nil)
			if err == nil {
				p.Out.Print(fmt.Sprint("try ", try))
				return transactor.Commit(ctx)
			}
			if !kafka.TooLarge(err) || try == 4 {
				return err
			}
			if err := transactor.Abort(ctx); err != nil {
				return err
			}
			if try == 2 {
				c.LimitMessages("t", smallLimit)
			}
		}
	})
	if err := r.Wait(); err != nil {
		t.Fatal(err)
	}
	wantAll(t, c, 3)
}

// A transaction that is refused for a batch's size is aborted, and the next try has smaller ones: see the control.
func TestTransactionsFitTheTopic(t *testing.T) {
	t.Parallel()
	c := startSmall(t, 2)
	client := dialSmall(t, c)
	r := kafkatest.StartRun(t, nil, func(*service.Env) int { return 0 }, func(ctx context.Context, _ int, p *service.Process) error {
		transactor, err := c.Kafka().NewTransactor(ctx, client, client.Config(),
			kafka.Transactional{ID: "fit", Timeout: kafkatest.Deadline}, lines.Hooks(p))
		if err != nil {
			return err
		}
		defer transactor.Close()
		for try := 1; ; try++ {
			err := transactor.Begin(ctx)
			if err == nil {
				err = sendAfterFirst(ctx, transactor, [][]*sarama.ProducerMessage{tooLarge(), smallMessages(1000)}[try-1])
			}
			if err == nil {
				err = transactor.Send(ctx, &sarama.ProducerMessage{
					Topic: "t",
					Key:   sarama.StringEncoder("key-0"),
					Value: sarama.StringEncoder("999999"),
				}, history.Subject{})
			}
			if err == nil {
				p.Out.Print(fmt.Sprint("try ", try))
				return transactor.Commit(ctx)
			}
			if try == 2 || !errors.Is(err, sarama.ErrMessageSizeTooLarge) {
				return err
			}
			if err := transactor.Abort(ctx); err != nil {
				return err
			}
		}
	})
	if err := r.Wait(); err != nil {
		t.Fatal(err)
	}
	if got := r.Out.String(); got != "try 2\n" {
		t.Errorf("%q, want the second try: the first was not refused", got)
	}
	wantAll(t, c, 1001)
}

// A transaction may hold messages to topics of different limits, such as a dead letter: what its own topic takes
// is not kept out by the limit of another, nor are small messages to that one sent in batches beyond it.
func TestTransactionsFitEachTopic(t *testing.T) {
	t.Parallel()
	c := startSmall(t, 2)
	if err := c.Cluster.CreateTopic("t.dlq", 1, nil); err != nil {
		t.Fatal(err)
	}
	client := dialSmall(t, c)
	letter := []*sarama.ProducerMessage{{Topic: "t.dlq", Value: sarama.ByteEncoder(make([]byte, 2*smallLimit))}}
	r := kafkatest.StartRun(t, nil, func(*service.Env) int { return 0 }, func(ctx context.Context, _ int, p *service.Process) error {
		transactor, err := c.Kafka().NewTransactor(ctx, client, client.Config(),
			kafka.Transactional{ID: "fit", Timeout: kafkatest.Deadline}, lines.Hooks(p))
		if err != nil {
			return err
		}
		defer transactor.Close()
		for _, msgs := range [][]*sarama.ProducerMessage{tooLarge(), letter} {
			if err := transactor.Begin(ctx); err != nil {
				return err
			}
			if err := transactor.SendAll(ctx, msgs, nil); !kafka.TooLarge(err) {
				t.Errorf("%v, want what makes another producer", err)
			}
			if err := transactor.Abort(ctx); err != nil {
				return err
			}
		}
		if err := transactor.Begin(ctx); err != nil {
			return err
		}
		if err := sendAfterFirst(ctx, transactor, append(smallMessages(1000), letter...)); err != nil {
			return err
		}
		return transactor.Commit(ctx)
	})
	if err := r.Wait(); err != nil {
		t.Fatal(err)
	}
	wantAll(t, c, 1000)
	if got := len(c.ReadAll("t.dlq")); got != 1 {
		t.Errorf("%d dead letters, want 1", got)
	}
}
