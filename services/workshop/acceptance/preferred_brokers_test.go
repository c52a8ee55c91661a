//go:build brokers

package acceptance

import (
	"strings"
	"testing"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafkatest"
)

// After all brokers were stopped one of them leads every partition: «workshop topics apply» gives them back to their
// preferred leaders. Here another replica becomes the first of a partition's, while its leader stays.
func TestApplyElectsPreferredLeaders(t *testing.T) {
	t.Parallel()
	name := unique("preferred")
	tool(t, "", "topics", "apply", "--topic", name+":1")
	admin, err := sarama.NewClusterAdmin(stack.Brokers, stack.AdminConfig("acceptance"))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	partition := func() *sarama.PartitionMetadata {
		topics, err := admin.DescribeTopics([]string{name})
		if err != nil || len(topics) != 1 || len(topics[0].Partitions) != 1 {
			t.Fatalf("%v, %v", topics, err)
		}
		return topics[0].Partitions[0]
	}
	before := partition()
	moved := append(before.Replicas[1:len(before.Replicas):len(before.Replicas)], before.Replicas[0])
	if err := admin.AlterPartitionReassignments(name, [][]int32{moved}); err != nil {
		t.Fatal(err)
	}
	kafkatest.Eventually(t, "another replica is preferred", func() bool { return partition().Replicas[0] == moved[0] })
	if leader := partition().Leader; leader != before.Leader {
		t.Fatalf("broker %d leads before the election, want %d", leader, before.Leader)
	}
	_, stderr, _ := tryTool(t, "", "topics", "apply", "--topic", name+":1")
	if leader := partition().Leader; leader != moved[0] || !strings.Contains(stderr, "leaders that are the preferred ones again: 1") {
		t.Errorf("broker %d leads, want %d; apply says:\n%s", leader, moved[0], stderr)
	}
}
