package group_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafka/group"
	"workshop.example/kit/kafkatest"
)

// rule joins group g with another strategy than ours, and returns the way to leave it.
func rule(t *testing.T, c *kafkatest.Cluster) (leave func()) {
	t.Helper()
	conf := c.Kafka().Config("ruler")
	conf.Consumer.Group.Rebalance.GroupStrategies = []sarama.BalanceStrategy{sarama.NewBalanceStrategyRoundRobin()}
	group, err := sarama.NewConsumerGroup(c.ListenAddrs(), "g", conf)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	joined, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		if err := group.Consume(ctx, []string{"t"}, holder{joined}); err != nil {
			t.Errorf("the ruler: %v", err)
		}
	}()
	<-joined
	leave = func() {
		cancel()
		<-ended
		group.Close()
	}
	t.Cleanup(leave)
	return leave
}

// holder holds its partitions and does nothing.
type holder struct{ joined chan struct{} }

func (h holder) Setup(sarama.ConsumerGroupSession) error { close(h.joined); return nil }
func (holder) Cleanup(sarama.ConsumerGroupSession) error { return nil }
func (holder) ConsumeClaim(s sarama.ConsumerGroupSession, _ sarama.ConsumerGroupClaim) error {
	<-s.Context().Done()
	return nil
}

// A group in which another strategy rules takes our member when the others have left. It is told which
// strategy that is, and not that a member may have died.
// It is not parallel: a refusal that takes two seconds is put down to a dead member rightly.
func TestAnotherStrategyRulesForATime(t *testing.T) {
	c := kafkatest.Start(t, "t:1")
	c.ProduceValues("t", numbers(1, 3)...)
	leave := rule(t, c)
	m := join(t, c, nil)
	m.WaitFor("o grupo g já tem membros com outra estratégia de partição que a deste programa: ponha em GROUP_STRATEGY ")
	m.WaitFor("(INCONSISTENT_GROUP_PROTOCOL: roundrobin)")
	if strings.Contains(m.Out.String(), "esperando a vez no grupo") {
		t.Errorf("the wait is put down to a dead member:\n%s", m.Out)
	}
	leave()
	wantHandled(t, m, numbers(1, 3))
}

// The others stay: the member ends, and says why.
func TestAnotherStrategyRules(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "t:1")
	rule(t, c)
	m := joinWith(t, c, func(*member) func(context.Context, *group.Claim) error { return nil }, (*group.Consumer).ShortenRefusal)
	wantRefused(t, m, sarama.ErrInconsistentGroupProtocol, "INCONSISTENT_GROUP_PROTOCOL: roundrobin")
}

func wantRefused(t *testing.T, m *member, code sarama.KError, name string) {
	t.Helper()
	err := m.Wait()
	if _, ok := errors.AsType[*kafka.RefusedError](err); !ok || !errors.Is(err, code) || !strings.HasSuffix(err.Error(), "("+name+")") {
		t.Errorf("ended with %v, want %s", err, name)
	}
	if !strings.Contains(m.Out.String(), "("+name+")") {
		t.Errorf("the screen does not say %s:\n%s", name, m.Out)
	}
}

// What no wait can heal ends the member at the first answer.
func TestRefusalsThatNoWaitHeals(t *testing.T) {
	t.Parallel()
	for _, refusal := range []*kerr.Error{
		kerr.InvalidSessionTimeout,
		kerr.InvalidGroupID,
		kerr.GroupAuthorizationFailed,
		kerr.UnsupportedVersion,
	} {
		t.Run(refusal.Message, func(t *testing.T) {
			t.Parallel()
			c := kafkatest.Start(t, "t:1")
			fault := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.JoinGroup}, Err: refusal, TopLevel: true, Count: -1})
			m := join(t, c, nil)
			wantRefused(t, m, sarama.KError(refusal.Code), refusal.Message)
			if fault.Hits() != 1 {
				t.Errorf("asked %d times, want once", fault.Hits())
			}
		})
	}
}

// A full group is waited for. An answer without a remedy of ours is only tried again.
func TestRefusalsThatPass(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		refusal *kerr.Error
		want    string // on the screen
	}{
		{kerr.GroupMaxSizeReached, "o grupo g está cheio (group.max.size dos brokers): este programa entra quando um membro sair"},
		{kerr.UnknownServerError, ""},
	} {
		t.Run(c.refusal.Message, func(t *testing.T) {
			t.Parallel()
			cluster := kafkatest.Start(t, "t:1")
			cluster.ProduceValues("t", "1")
			fault := cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.JoinGroup}, Err: c.refusal, TopLevel: true, Count: -1})
			m := join(t, cluster, nil)
			kafkatest.Eventually(t, "it has tried again", func() bool { return fault.Hits() > 2 })
			if c.want != "" {
				m.WaitFor(c.want)
			}
			fault.Remove()
			wantHandled(t, m, numbers(1, 1))
		})
	}
}
