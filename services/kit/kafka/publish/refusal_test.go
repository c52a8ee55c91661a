package publish_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/kafka/publish"
	"workshop.example/kit/kafkatest"
)

// observeProduce counts produce requests.
func observeProduce(c *kafkatest.Cluster) *kfake.FaultHandle {
	return c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: "t", Count: -1, Observe: true})
}

// Batches that the topic finds too large are divided until they fit; a message that is too large by itself is refused alone.
func TestTooLargeBatchesAreDivided(t *testing.T) {
	t.Parallel()
	for _, codec := range []sarama.CompressionCodec{sarama.CompressionNone, sarama.CompressionZSTD} {
		c := kafkatest.Start(t)
		if err := c.Cluster.CreateTopic("t", 2, map[string]string{"max.message.bytes": "2048"}); err != nil {
			t.Fatal(err)
		}
		b := start(t, c, func(conf *sarama.Config) { conf.Producer.Compression = codec })
		huge := incompressible(8192)
		for n := range 3000 {
			if n == 1000 {
				b.publish("key-1", huge)
			}
			b.publish(fmt.Sprint("key-", n%7), numbered(n))
		}
		if got := b.judge(3001); got != (finding{}) {
			t.Errorf("%v: %+v", codec, got)
		}
		if got := b.count(publish.Acknowledged); got != 3000 {
			t.Errorf("%v: %d acknowledged, want 3000", codec, got)
		}
		if o := b.told[huge]; o.Result != publish.Failed || !anyError(o, sarama.ErrMessageSizeTooLarge) {
			t.Errorf("%v: the message that is too large: %+v", codec, o)
		}
	}
}

// refuseBad answers a batch with a message that begins with "bad" as a broker does that finds a record invalid, and names these
// records where named is set. Nothing of the batch is stored.
func refuseBad(c *kafkatest.Cluster, named bool) {
	c.ControlKey(kmsg.Produce.Int16(), func(kreq kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		req := kreq.(*kmsg.ProduceRequest)
		resp := req.ResponseKind().(*kmsg.ProduceResponse)
		found := false
		for _, topic := range req.Topics {
			rt := kmsg.NewProduceResponseTopic()
			rt.Topic = topic.Topic
			for _, partition := range topic.Partitions {
				rp := kmsg.NewProduceResponseTopicPartition()
				rp.Partition = partition.Partition
				rp.ErrorCode = kerr.NotEnoughReplicas.Code // for batches that are not to blame: try again
				if bad := badRecords(partition.Records); len(bad) > 0 {
					found = true
					rp.ErrorCode = kerr.InvalidRecord.Code
					if named {
						rp.ErrorRecords = bad
					}
				}
				rt.Partitions = append(rt.Partitions, rp)
			}
			resp.Topics = append(resp.Topics, rt)
		}
		return resp, nil, found
	})
}

func badRecords(raw []byte) (bad []kmsg.ProduceResponseTopicPartitionErrorRecord) {
	var batch kmsg.RecordBatch
	if err := batch.ReadFrom(raw); err != nil {
		panic(err)
	}
	rest := batch.Records
	for i := range batch.NumRecords {
		var record kmsg.Record
		length, n := binary.Varint(rest)
		if err := record.ReadFrom(rest[:n+int(length)]); err != nil {
			panic(err)
		}
		rest = rest[n+int(length):]
		if strings.HasPrefix(string(record.Value), "bad") {
			e := kmsg.NewProduceResponseTopicPartitionErrorRecord()
			reason := "no key " + string(record.Value)
			e.RelativeOffset, e.ErrorMessage = i, &reason
			bad = append(bad, e)
		}
	}
	return bad
}

// One bad message does not take its batch along, whether the broker says which it is or not (before Kafka 2.4, and some
// interceptors since).
func TestOnlyTheBadRecordIsRefused(t *testing.T) {
	t.Parallel()
	for _, named := range []bool{true, false} {
		c := kafkatest.Start(t, "t:2")
		b := start(t, c)
		refuseBad(c, named)
		count := 0
		for n := range 2000 {
			if n%400 == 3 {
				b.publish(fmt.Sprint("key-", n%7), fmt.Sprint("bad ", n))
				count++
			}
			b.publish(fmt.Sprint("key-", n%7), numbered(n))
			count++
		}
		if got := b.judge(count); got != (finding{}) {
			t.Errorf("named %t: %+v", named, got)
		}
		if got := b.count(publish.Acknowledged); got != 2000 {
			t.Errorf("named %t: %d acknowledged, want 2000", named, got)
		}
		for tag, o := range b.told {
			switch bad := strings.HasPrefix(tag, "bad"); {
			case bad != (o.Result == publish.Failed):
				t.Errorf("named %t: %.10s: result %d, %v", named, tag, o.Result, o.Err)
			case bad && !anyError(o, sarama.ErrInvalidRecord):
				t.Errorf("named %t: %.10s: %v", named, tag, o.Err)
			case bad && named && !strings.Contains(o.Err.Error(), "no key "+tag):
				t.Errorf("the reason for %s is %v", tag, o.Err)
			}
		}
	}
}

// A refusal that is not about records fails all of them, and what comes later goes through.
func TestRefusedBatchFails(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "t:1")
	b := start(t, c)
	refusal := c.RefuseProduce("t")
	for n := range 10 {
		b.publish("k", fmt.Sprint("refused ", n))
	}
	kafkatest.Eventually(t, "ten are refused", func() bool { return b.count(publish.Failed) == 10 })
	refusal.Remove()
	b.publishAll(100)
	if got := b.judge(110); got != (finding{}) || b.count(publish.Acknowledged) != 100 {
		t.Errorf("%+v, %d acknowledged", got, b.count(publish.Acknowledged))
	}
	if o := b.told["refused 3"]; !anyError(o, sarama.ErrTopicAuthorizationFailed) {
		t.Errorf("%+v", o)
	}
}
