package kafka_test

import (
	"errors"
	"testing"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
)

func admin(t *testing.T, c *kafkatest.Cluster) sarama.ClusterAdmin {
	t.Helper()
	a, err := sarama.NewClusterAdmin(c.ListenAddrs(), c.Kafka().AdminConfig("test"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

var wanted = []kafka.Topic{{Name: "t", Partitions: 2, Replicas: 3}}

// The name of a topic whose deletion has not ended is taken, though no broker knows the topic any more.
func TestApplyWaitsForADeletion(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t)
	taken := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.CreateTopics}, Err: kerr.TopicAlreadyExists, Count: -1})
	applied, err := kafka.ApplyTopics(t.Context(), admin(t, c), wanted, func(cause error) {
		if deleting, ok := errors.AsType[*kafka.DeletingError](cause); !ok || deleting.Topic != "t" {
			t.Errorf("waits for %v", cause)
		}
		taken.Remove()
	})
	if err != nil || !applied[0].Created {
		t.Errorf("applied %+v, %v", applied, err)
	}
	if taken.Hits() < 2 {
		t.Errorf("refused %d times: the test did not test", taken.Hits())
	}
	if c.PartitionInfo("t", 1) == nil {
		t.Error("the topic was not created as wanted")
	}
}

// vanishing lists a topic whose deletion begins then.
type vanishing struct{ sarama.ClusterAdmin }

func (v vanishing) ListTopics() (map[string]sarama.TopicDetail, error) {
	topics, err := v.ClusterAdmin.ListTopics()
	return topics, errors.Join(err, v.DeleteTopic("t"))
}

// A topic that was listed and has gone meanwhile is created.
func TestApplyCreatesWhatHasGone(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "t:1")
	applied, err := kafka.ApplyTopics(t.Context(), vanishing{admin(t, c)}, wanted, nil)
	if err != nil || !applied[0].Created || applied[0].Mismatch != "" {
		t.Errorf("applied %+v, %v", applied, err)
	}
}

// The control: a topic that exists is left as it is, and nobody waits.
func TestApplyLeavesWhatExists(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "t:1")
	applied, err := kafka.ApplyTopics(t.Context(), admin(t, c), wanted, func(cause error) { t.Errorf("waits for %v", cause) })
	if err != nil || applied[0].Created || applied[0].Mismatch == "" {
		t.Errorf("applied %+v, %v", applied, err)
	}
}

// outlasted creates a topic, but the answer is that the request has timed out, and for so long no broker knows the topic that it is
// asked for again.
type outlasted struct {
	sarama.ClusterAdmin
	asked int
}

func (o *outlasted) CreateTopic(name string, detail *sarama.TopicDetail, validateOnly bool) error {
	err := o.ClusterAdmin.CreateTopic(name, detail, validateOnly)
	if o.asked++; o.asked == 1 {
		return errors.Join(sarama.ErrRequestTimedOut, err)
	}
	return err
}

func (o *outlasted) DescribeTopics(names []string) ([]*sarama.TopicMetadata, error) {
	if o.asked < 2 {
		return []*sarama.TopicMetadata{{Name: names[0], Err: sarama.ErrUnknownTopicOrPartition}}, nil
	}
	return o.ClusterAdmin.DescribeTopics(names)
}

// A topic of many partitions outlasts its request: it is ours when it appears, and was not being deleted.
func TestApplyKnowsItsOwnTopicAgain(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t)
	a := &outlasted{ClusterAdmin: admin(t, c)}
	applied, err := kafka.ApplyTopics(t.Context(), a, wanted, func(cause error) { t.Errorf("waits for %v", cause) })
	if err != nil || !applied[0].Created || a.asked != 2 {
		t.Errorf("applied %+v, %v, asked for %d times", applied, err, a.asked)
	}
}
