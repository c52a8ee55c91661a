package board

import (
	"fmt"
	"testing"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafkatest"
)

// states is what the brokers are, by id.
func (c Cluster) states() (text string) {
	for _, b := range c.Brokers {
		state := "down"
		if b.Up {
			state = "up"
		}
		text += fmt.Sprint(b.ID, " ", state, " ")
	}
	return text
}

// A broker that does not answer is down, also where others name it no more; and all of them are, when none answers.
func TestBrokersThatDoNotAnswerAreDown(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "transactions:3", "a:1")
	w := newWatch(c.Kafka(), "transactions")
	defer w.close()
	if _, looked := w.now(); looked {
		t.Error("nobody has looked yet")
	}
	look := func() Cluster {
		w.look(t.Context())
		state, _ := w.now()
		return state
	}
	state := look()
	if got := state.states(); got != "0 up 1 up 2 up " {
		t.Errorf("brokers: %s", got)
	}
	if len(state.Topics) != 2 || state.Topics[0].Name != "transactions" || len(state.Topics[0].Partitions) != 3 {
		t.Errorf("topics: %+v", state.Topics)
	}
	if err := c.RemoveNode(1); err != nil {
		t.Fatal(err)
	}
	w.peers[1].close() // which the embedded broker leaves open
	if got := look().states(); got != "0 up 1 down 2 up " {
		t.Errorf("without broker 1: %s", got)
	}
	c.Close()
	state = look()
	if got := state.states(); got != "0 down 1 down 2 down " || len(state.Topics) != 2 {
		t.Errorf("without any: %s, %d topics", got, len(state.Topics))
	}
}

// A broker that was paused tells of leaders that are none any more.
func TestNewestAnswerCounts(t *testing.T) {
	answer := func(controller, leader, epoch int32) *sarama.MetadataResponse {
		resp := &sarama.MetadataResponse{ControllerID: controller}
		resp.Topics = []*sarama.TopicMetadata{{Name: "t", Partitions: []*sarama.PartitionMetadata{{Leader: leader, LeaderEpoch: epoch}}}}
		return resp
	}
	stale, follower, controller := answer(1, 1, 4), answer(3, 2, 5), answer(3, 2, 5)
	empty := &sarama.MetadataResponse{ControllerID: 4}
	if got := newest(map[int32]*sarama.MetadataResponse{1: stale, 2: follower, 3: controller, 4: empty}); got != controller {
		t.Errorf("got %+v", got)
	}
	if got := newest(nil); got != nil {
		t.Errorf("of none: %+v", got)
	}
}

// A topic of many partitions leaves no room for others; those that the board is about come first.
func TestSoManyPartitionsAreDrawn(t *testing.T) {
	meta := &sarama.MetadataResponse{}
	for _, topic := range []struct {
		name       string
		partitions int
	}{{"a", 300}, {"__consumer_offsets", 50}, {"transactions", 3}} {
		described := &sarama.TopicMetadata{Name: topic.name}
		for n := range topic.partitions {
			described.Partitions = append(described.Partitions, &sarama.PartitionMetadata{ID: int32(topic.partitions - 1 - n)})
		}
		meta.Topics = append(meta.Topics, described)
	}
	var c Cluster
	c.describe(meta, []string{"transactions"})
	if len(c.Topics) != 2 || c.Topics[0].Name != "transactions" || len(c.Topics[1].Partitions) != mostPartitions-3 ||
		c.LeftOut != 300-(mostPartitions-3) || c.Topics[1].Partitions[7].Number != 7 {
		t.Errorf("%d topics, %d partitions are left out", len(c.Topics), c.LeftOut)
	}
}
