package embedded_test

import (
	"context"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"workshop.example/kit/embedded"
)

// ask puts a request to a cluster, by default in the newest version that it offers.
func ask[R kmsg.Response](t *testing.T, addrs []string, req kmsg.Request, opts ...kgo.Opt) (resp R, err error) {
	t.Helper()
	client, err := kgo.NewClient(append(opts, kgo.SeedBrokers(addrs...))...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	answer, err := client.Request(context.Background(), req)
	if err != nil {
		return resp, err
	}
	return answer.(R), nil
}

func createTopic(t *testing.T, addrs []string) *kmsg.CreateTopicsResponse {
	t.Helper()
	topic := kmsg.NewCreateTopicsRequestTopic()
	topic.Topic, topic.NumPartitions, topic.ReplicationFactor = "t", 1, 1
	retention, value := kmsg.NewCreateTopicsRequestTopicConfig(), "60000"
	retention.Name, retention.Value = "retention.ms", &value
	topic.Configs = append(topic.Configs, retention)
	req := kmsg.NewPtrCreateTopicsRequest()
	req.Topics = append(req.Topics, topic)
	resp, err := ask[*kmsg.CreateTopicsResponse](t, addrs, req)
	if err != nil || len(resp.Topics) != 1 || resp.Topics[0].ErrorCode != 0 {
		t.Fatalf("create a topic: %+v, %v", resp, err)
	}
	return resp
}

func describePartitions(t *testing.T, addrs []string) (*kmsg.DescribeTopicPartitionsResponse, error) {
	t.Helper()
	req, topic := kmsg.NewPtrDescribeTopicPartitionsRequest(), kmsg.NewDescribeTopicPartitionsRequestTopic()
	topic.Topic, req.ResponsePartitionLimit = "t", 10
	req.Topics = append(req.Topics, topic)
	return ask[*kmsg.DescribeTopicPartitionsResponse](t, addrs, req)
}

// Kafka's own tools ask in the newest version that a broker offers, and end in an exception of Java on an
// array that is null or a source of a setting that is none.
func TestKafkasToolsAreNotOfferedWhatTheyCannotRead(t *testing.T) {
	c, err := embedded.Start(embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, topic := range createTopic(t, c.ListenAddrs()).Topics {
		for _, config := range topic.Configs {
			if config.Source < 0 {
				t.Errorf("the source of the setting %s is %d", config.Name, config.Source)
			}
		}
	}
	if resp, err := describePartitions(t, c.ListenAddrs()); err == nil {
		for _, p := range resp.Topics[0].Partitions {
			if p.EligibleLeaderReplicas == nil || p.LastKnownELR == nil {
				t.Errorf("eligible leader replicas of partition %d are null", p.Partition)
			}
		}
	}
}

// Once this fails, kfake has been mended, and the versions need no cap any more.
func TestCapsAreStillNeeded(t *testing.T) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if source := createTopic(t, c.ListenAddrs()).Topics[0].Configs[0].Source; source != -1 {
		t.Errorf("the source of a setting is %d: CreateTopics needs no cap", source)
	}
	resp, err := describePartitions(t, c.ListenAddrs())
	if err != nil {
		t.Fatal(err)
	}
	if elr := resp.Topics[0].Partitions[0].EligibleLeaderReplicas; elr != nil {
		t.Errorf("eligible leader replicas are %v: DescribeTopicPartitions needs no cap", elr)
	}
}

func TestGroupsOfATypeInAnyCase(t *testing.T) {
	c, err := embedded.Start(embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	createTopic(t, c.ListenAddrs())
	commit := kmsg.NewPtrOffsetCommitRequest()
	commit.Group = "g"
	topic, partition := kmsg.NewOffsetCommitRequestTopic(), kmsg.NewOffsetCommitRequestTopicPartition()
	topic.Topic = "t"
	topic.Partitions = append(topic.Partitions, partition)
	commit.Topics = append(commit.Topics, topic)
	byName := kgo.MaxVersions(kversion.V3_9_0()) // newer commits name topics by their ids
	if _, err := ask[*kmsg.OffsetCommitResponse](t, c.ListenAddrs(), commit, byName); err != nil {
		t.Fatal(err)
	}
	for _, r := range []struct {
		types []string
		want  int
	}{{nil, 1}, {[]string{"Classic"}, 1}, {[]string{"classic"}, 1}, {[]string{"Consumer"}, 0}} {
		req := kmsg.NewPtrListGroupsRequest()
		req.TypesFilter = r.types
		// The client asks all brokers and puts their answers together.
		resp, err := ask[*kmsg.ListGroupsResponse](t, c.ListenAddrs(), req)
		if err != nil || len(resp.Groups) != r.want {
			t.Errorf("types %q: %+v and %v, want %d groups", r.types, resp, err, r.want)
		}
	}
}
