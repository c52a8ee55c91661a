package board

import (
	"context"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"workshop.example/kit/kafkatest"
)

// A group is on the board whatever protocol its members speak: with them, their partitions and its lag.
func TestGroupsOfEachProtocol(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "t:1")
	c.ProduceValues("t", "0", "1", "2")
	ctx, cancel := context.WithTimeout(t.Context(), kafkatest.Deadline)
	defer cancel()
	for _, opts := range [][]kgo.Opt{
		{kgo.ConsumerGroup("old"), kgo.Balancers(kgo.RangeBalancer())},
		{kgo.ConsumerGroup("new"), kgo.Balancers(kgo.StickyBalancer()), kgo.ServerSideBalancer()},
		{kgo.ShareGroup("shares")},
	} {
		member, err := kgo.NewClient(append(opts, kgo.SeedBrokers(c.ListenAddrs()...), kgo.ClientID("member"), kgo.ConsumeTopics("t"))...)
		if err != nil {
			t.Fatal(err)
		}
		defer member.Close()
		go func() {
			for ctx.Err() == nil {
				member.PollFetches(ctx)
			}
		}()
	}
	w := newWatch(c.Kafka())
	defer w.close()
	kafkatest.Eventually(t, "each group has a member with the partition, and no lag", func() bool {
		w.look(ctx)
		state, _ := w.now()
		whole := map[string]bool{}
		for _, g := range state.Groups {
			whole[g.Name+" "+g.Type] = g.State == "Stable" && len(g.Members) == 1 && len(g.Members[0].Partitions) == 1 &&
				len(g.Lags) == 1 && g.Lags[0].Messages != nil && *g.Lags[0].Messages == 0
		}
		return whole["old classic"] && whole["new consumer"] && whole["shares share"]
	})
}
