package consumer

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"workshop.example/kit/kafkatest"
)

// TestSharesWithAnotherClient has a member of franz-go in the group: which clients may share one depends on the strategies
// that they announce, not on who made them.
func TestSharesWithAnotherClient(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		strategy string
		theirs   kgo.GroupBalancer
	}{
		{"range", kgo.RangeBalancer()},
		{"roundrobin", kgo.RoundRobinBalancer()},
		{"sticky", kgo.StickyBalancer()},
	} {
		t.Run(c.strategy, func(t *testing.T) {
			t.Parallel()
			cluster := kafkatest.Start(t, "transactions:2", "transactions.dlq:1")
			given := franzGo(t, cluster, c.theirs)
			r := kafkatest.StartRun(t, env(cluster, "GROUP_STRATEGY", c.strategy), configure, run)
			got := await(t, given)
			if len(got) != 1 {
				t.Fatalf("with our member it holds %v", got)
			}
			r.WaitFor(fmt.Sprintf("(agora: %d)", 1-got[0]))
		})
	}
}

// The control: another strategy does not share, and is told which one would.
func TestAnotherStrategyIsNamed(t *testing.T) {
	t.Parallel()
	cluster := kafkatest.Start(t, "transactions:2", "transactions.dlq:1")
	franzGo(t, cluster, kgo.RoundRobinBalancer())
	r := kafkatest.StartRun(t, env(cluster, "GROUP_STRATEGY", "sticky"), configure, run)
	r.WaitFor("ponha em GROUP_STRATEGY a deles")
	r.WaitFor("(INCONSISTENT_GROUP_PROTOCOL: roundrobin)")
	if strings.Contains(r.Out.String(), "partições recebidas") {
		t.Errorf("it got partitions:\n%s", r.Out)
	}
}

// franzGo makes its client the only member of the group, and returns what it is given from then on.
func franzGo(t *testing.T, cluster *kafkatest.Cluster, strategy kgo.GroupBalancer) (given chan []int32) {
	t.Helper()
	given = make(chan []int32, 8)
	client, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.ConsumerGroup("cg-group-id"),
		kgo.ConsumeTopics("transactions"), kgo.Balancers(strategy),
		kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, now map[string][]int32) { given <- now["transactions"] }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	if got := await(t, given); len(got) != 2 {
		t.Fatalf("alone it holds %v", got)
	}
	return given
}

// await is the next assignment.
func await(t *testing.T, given chan []int32) (partitions []int32) {
	t.Helper()
	kafkatest.Eventually(t, "an assignment", func() bool {
		select {
		case partitions = <-given:
			return true
		default:
			return false
		}
	})
	return partitions
}
