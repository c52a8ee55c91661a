package publish_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/kafka/publish"
	"workshop.example/kit/kafkatest"
)

func faultOf(err *kerr.Error, count int) kfake.Fault {
	return kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: "t", Err: err, Count: count}
}

// A broker that has lost its place in the sequence gets a new epoch, and every message once.
func TestLostSequenceBeginsANewEpoch(t *testing.T) {
	t.Parallel()
	for _, code := range []*kerr.Error{kerr.OutOfOrderSequenceNumber, kerr.UnknownProducerID, kerr.InvalidProducerEpoch} {
		t.Run(code.Message, func(t *testing.T) {
			t.Parallel()
			c := kafkatest.Start(t, "t:1")
			b := start(t, c)
			b.publish("key-0", numbered(0))
			kafkatest.Eventually(t, "the first is acknowledged", func() bool { return b.count(publish.Acknowledged) == 1 })
			faults := c.Fault(faultOf(code, 3))
			epochs := map[int16]bool{}
			c.ControlKey(kmsg.Produce.Int16(), func(kreq kmsg.Request) (kmsg.Response, error, bool) {
				var batch kmsg.RecordBatch
				if err := batch.ReadFrom(kreq.(*kmsg.ProduceRequest).Topics[0].Partitions[0].Records); err != nil {
					t.Error(err)
				}
				epochs[batch.ProducerEpoch] = true
				return nil, nil, false
			})
			for n := 1; n < 5000; n++ {
				b.publish("key-0", numbered(n))
			}
			b.wantAll(5000)
			if faults.Hits() != 3 || len(epochs) < 2 {
				t.Errorf("%d faults, epochs %v: the test did not test", faults.Hits(), epochs)
			}
		})
	}
}

// A message that may be in the log is not sent under another number, even when the broker has lost its place: it would be there
// twice. Here it is in the log, and nobody can know.
func TestLostSequenceOfAMessageThatMayBeStored(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "t:1")
	b := start(t, c)
	stored := c.Fault(faultOf(kerr.NotEnoughReplicasAfterAppend, 1))
	b.publish("key-0", numbered(0))
	kafkatest.Eventually(t, "the answer is lost", func() bool { return stored.Hits() == 1 })
	c.Fault(faultOf(kerr.UnknownProducerID, 1))
	kafkatest.Eventually(t, "the outcome is told", func() bool { _, told := b.outcome(numbered(0)); return told })
	for n := 1; n < 100; n++ {
		b.publish("key-0", numbered(n))
	}
	if got := b.judge(100); got != (finding{}) {
		t.Errorf("%+v", got)
	}
	if o := b.told[numbered(0)]; o.Result != publish.Unknown || !errors.Is(o.Err, sarama.ErrUnknownProducerID) {
		t.Errorf("%+v", o)
	}
	if got := b.count(publish.Acknowledged); got != 99 {
		t.Errorf("%d acknowledged, want 99", got)
	}
}

// Five batches are stored and their answers lost; then the retry of the first is refused twice, with many messages
// waiting. Were they sent beside the retry, they would push the first out of the five that a broker remembers.
func TestARetryGoesAlone(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "t:1")
	b := startWith(t, c, publish.Options{BatchBytes: 1 << 10})
	b.publish("key-0", numbered(0))
	kafkatest.Eventually(t, "the first is acknowledged", func() bool { return b.count(publish.Acknowledged) == 1 })
	attempts := map[int32]int{} // by sequence
	c.ControlKey(kmsg.Produce.Int16(), func(kreq kmsg.Request) (kmsg.Response, error, bool) {
		var batch kmsg.RecordBatch
		if err := batch.ReadFrom(kreq.(*kmsg.ProduceRequest).Topics[0].Partitions[0].Records); err != nil {
			t.Error(err)
		}
		attempts[batch.FirstSequence]++
		switch n := attempts[batch.FirstSequence]; { // the fault meets this request
		case n == 1 && len(attempts) <= 5:
			c.Fault(faultOf(kerr.NotEnoughReplicasAfterAppend, 1))
		case batch.FirstSequence == 1 && n <= 3:
			c.Fault(faultOf(kerr.NotEnoughReplicas, 1))
		}
		return nil, nil, false
	})
	for n := 1; n < 500; n++ {
		b.publish("key-0", numbered(n))
	}
	b.wantAll(500)
	if attempts[1] != 4 {
		t.Errorf("%d attempts of the first batch, want 4: the test did not test", attempts[1])
	}
}

// After the last epoch comes another producer id.
func TestEpochsAreUsedUp(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "t:1")
	b := start(t, c)
	before := publish.UseUpEpochs(b.Publisher)
	c.Fault(faultOf(kerr.OutOfOrderSequenceNumber, 1))
	b.publishAll(1000)
	b.wantAll(1000)
	if after := publish.ProducerID(b.Publisher); after == before {
		t.Error("the producer id is still the same")
	}
}

// Some brokers say of a repeated batch that they have it, and not where.
func TestRepeatedBatchIsAcknowledged(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "t:1")
	b := start(t, c)
	c.Fault(faultOf(kerr.DuplicateSequenceNumber, 1))
	b.publish("key-0", numbered(0))
	b.Close(t.Context())
	if o := b.told[numbered(0)]; o.Result != publish.Acknowledged {
		t.Errorf("%+v", o)
	}
}

// At the end of the time that a close has, the outcome of what was sent is unknown, and what was not sent has failed.
func TestCloseWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "t:1")
	b := start(t, c)
	faults := c.Fault(faultOf(kerr.NotLeaderForPartition, -1))
	b.publish("key-0", numbered(0))
	kafkatest.Eventually(t, "it was sent", func() bool { return faults.Hits() > 0 })
	b.publish("key-0", numbered(1))
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	b.Close(ctx)
	if sent := b.told[numbered(0)]; sent.Result != publish.Unknown || sent.Err == nil {
		t.Errorf("the one that was sent: %+v", sent)
	}
	if unsent := b.told[numbered(1)]; unsent.Result != publish.Failed || !errors.Is(unsent.Err, publish.ErrClosed) {
		t.Errorf("the one that was not sent: %+v", unsent)
	}
}

// What no attempt brings through in time is given up: with an outcome, and without one for what follows.
func TestDeliveryTimesOut(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fault *kerr.Error
		want  publish.Result
	}{
		{kerr.NotEnoughReplicas, publish.Failed},
		{kerr.NotEnoughReplicasAfterAppend, publish.Unknown},
	} {
		cluster := kafkatest.Start(t, "t:1")
		b := start(t, cluster)
		publish.SetTimeout(b.Publisher, 500*time.Millisecond)
		faults := cluster.Fault(faultOf(c.fault, -1))
		b.publish("key-0", numbered(0))
		kafkatest.Eventually(t, "the outcome is told", func() bool { _, told := b.outcome(numbered(0)); return told })
		faults.Remove()
		for n := 1; n < 1000; n++ {
			b.publish("key-0", numbered(n))
		}
		if got := b.judge(1000); got != (finding{}) {
			t.Errorf("%s: %+v", c.fault.Message, got)
		}
		if o := b.told[numbered(0)]; o.Result != c.want || o.Err == nil {
			t.Errorf("%s: %+v, want result %d", c.fault.Message, o, c.want)
		}
		if got := b.count(publish.Acknowledged); got != 999 {
			t.Errorf("%s: %d acknowledged, want 999", c.fault.Message, got)
		}
	}
}
