package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/service"
)

// member is a group of one that keeps what it handled, in order.
type member struct {
	*kafkatest.Run
	mu      sync.Mutex
	handled []string
}

func (m *member) add(v string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.handled = append(m.handled, v)
}

func (m *member) values() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.handled...)
}

// join starts a member that calls work for each message, and commits each.
func join(t testing.TB, c *kafkatest.Cluster, work func(*sarama.ConsumerMessage) error) *member {
	t.Helper()
	return joinWith(t, c, func(m *member) func(context.Context, *kafka.Claim) error {
		return func(_ context.Context, claim *kafka.Claim) error {
			for msg := range claim.Messages() {
				if work != nil {
					if err := work(msg); err != nil {
						return err
					}
				}
				m.add(string(msg.Value))
				claim.Mark(msg)
				if err := claim.Commit(); err != nil {
					return err
				}
			}
			return nil
		}
	}, nil)
}

func joinWith(t testing.TB, c *kafkatest.Cluster, handle func(*member) func(context.Context, *kafka.Claim) error, change func(*kafka.Group)) *member {
	t.Helper()
	m := &member{}
	m.Run = kafkatest.StartRun(t, map[string]string{"BOOTSTRAP_SERVERS": c.Bootstrap()},
		func(env *service.Env) kafka.Cluster { return kafka.ClusterFromEnv(env) },
		func(ctx context.Context, cluster kafka.Cluster, p *service.Process) error {
			connect := func(ctx context.Context) (sarama.Client, error) {
				return cluster.Dial(ctx, cluster.Config("test"), []string{"t"}, func(error) {})
			}
			client, err := connect(ctx)
			if err != nil {
				return err
			}
			defer service.CloseWithin(service.Farewell, client) // sarama's refresh of the metadata, under way, would hold it
			g := &kafka.Group{
				Client: client, Redial: connect, Member: kafka.Membership{Group: "g", Reset: sarama.OffsetOldest}, Topic: "t", Process: p,
				Handle: handle(m), Assigned: func(_, _, held []int32) { p.Out.Print(fmt.Sprint("held ", held)) },
			}
			if change != nil {
				change(g)
			}
			p.Ops.ReadyWhen(g.Ready)
			return g.Run(ctx)
		})
	return m
}

func numbers(first, last int) []string {
	var all []string
	for n := first; n <= last; n++ {
		all = append(all, fmt.Sprint(n))
	}
	return all
}

func wantHandled(t *testing.T, m *member, want []string) {
	t.Helper()
	kafkatest.Eventually(t, fmt.Sprintf("%d messages handled", len(want)), func() bool { return len(m.values()) >= len(want) })
	if got := strings.Join(m.values(), " "); got != strings.Join(want, " ") {
		t.Errorf("handled %s, want %s", got, strings.Join(want, " "))
	}
}

// The coordinator refuses a commit for reasons that pass: Commit tries again until it is confirmed.
// (sarama's session.Commit would return as if nothing had happened: see the control below.)
func TestCommitIsConfirmed(t *testing.T) {
	for _, refusal := range []*kerr.Error{kerr.NotCoordinator, kerr.CoordinatorLoadInProgress, kerr.CoordinatorNotAvailable} {
		t.Run(refusal.Message, func(t *testing.T) {
			c := kafkatest.Start(t, "t:1")
			c.ProduceValues("t", numbers(1, 3)...)
			fault := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: refusal, Count: 4})
			m := join(t, c, nil)
			wantHandled(t, m, numbers(1, 3))
			kafkatest.Eventually(t, "all committed", func() bool { return c.Committed("g", "t", 0) == 3 })
			if fault.Hits() != 4 {
				t.Errorf("%d commits were refused, want 4: the test did not test", fault.Hits())
			}
			if got := c.GroupInfo("g").Commits["t"][0].LeaderEpoch; got != -1 {
				t.Errorf("committed leader epoch %d, want -1: a Java client would rewind", got)
			}
		})
	}
}

// The control: what Commit exists for. Sarama's own commit swallows the refusal.
func TestSaramasCommitIsNotConfirmed(t *testing.T) {
	c := kafkatest.Start(t, "t:1")
	c.ProduceValues("t", "1")
	fault := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.NotCoordinator, Count: 1})
	group, err := sarama.NewConsumerGroup(c.ListenAddrs(), "g", c.Kafka().Config("test"))
	if err != nil {
		t.Fatal(err)
	}
	defer group.Close()
	ctx, cancel := context.WithTimeout(context.Background(), kafkatest.Deadline)
	defer cancel()
	if err := group.Consume(ctx, []string{"t"}, onceAndCommit{}); err != nil {
		t.Fatal(err)
	}
	if fault.Hits() != 1 {
		t.Fatalf("%d commits were refused, want 1", fault.Hits())
	}
	if got := c.Committed("g", "t", 0); got != -1 {
		t.Errorf("committed %d: sarama has learnt to retry, and Claim.Commit could become simpler", got)
	}
}

type onceAndCommit struct{}

func (onceAndCommit) Setup(sarama.ConsumerGroupSession) error   { return nil }
func (onceAndCommit) Cleanup(sarama.ConsumerGroupSession) error { return nil }
func (onceAndCommit) ConsumeClaim(s sarama.ConsumerGroupSession, c sarama.ConsumerGroupClaim) error {
	s.MarkMessage(<-c.Messages(), "")
	s.Commit()
	return nil
}

// A handler that fails meets the same message again, and what was committed does not come back.
func TestHandlerErrorResumesFromTheCommit(t *testing.T) {
	c := kafkatest.Start(t, "t:1")
	c.ProduceValues("t", numbers(1, 5)...)
	failures := 0
	m := join(t, c, func(msg *sarama.ConsumerMessage) error {
		if string(msg.Value) == "3" && failures < 3 {
			failures++
			return errors.New("not now")
		}
		return nil
	})
	wantHandled(t, m, numbers(1, 5))
	if failures != 3 {
		t.Errorf("%d failures, want 3", failures)
	}
}

// The control of the test above: committed before it is handled, a message whose handler fails is lost.
func TestCommitBeforeWorkLoses(t *testing.T) {
	c := kafkatest.Start(t, "t:1")
	c.ProduceValues("t", numbers(1, 5)...)
	m := joinWith(t, c, func(m *member) func(context.Context, *kafka.Claim) error {
		return func(_ context.Context, claim *kafka.Claim) error {
			for msg := range claim.Messages() {
				claim.Mark(msg)
				if err := claim.Commit(); err != nil {
					return err
				}
				if string(msg.Value) == "3" {
					return errors.New("not now")
				}
				m.add(string(msg.Value))
			}
			return nil
		}
	}, nil)
	wantHandled(t, m, []string{"1", "2", "4", "5"})
}

func TestHandlerEndsTheGroup(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		want string // the error of Run; "" for nil
	}{
		{"done", kafka.ErrDone, ""},
		{"done, wrapped", fmt.Errorf("match over: %w", kafka.ErrDone), ""},
		{"fatal", &kafka.FatalError{Err: errors.New("no way on")}, "no way on"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cluster := kafkatest.Start(t, "t:1")
			cluster.ProduceValues("t", numbers(1, 5)...)
			m := join(t, cluster, func(msg *sarama.ConsumerMessage) error {
				if string(msg.Value) == "3" {
					return c.err
				}
				return nil
			})
			err := m.Wait()
			if got := fmt.Sprint(err); (err == nil) != (c.want == "") || c.want != "" && got != c.want {
				t.Errorf("error %v, want %q", err, c.want)
			}
			wantHandled(t, m, numbers(1, 2))
			if got := cluster.Committed("g", "t", 0); got != 2 {
				t.Errorf("committed %d, want 2", got)
			}
		})
	}
}

// Retention deletes what the group has not read: it goes on, and says what is gone.
func TestRemovedMessagesAreNamed(t *testing.T) {
	c := kafkatest.Start(t, "t:1")
	c.ProduceValues("t", numbers(1, 10)...)
	first := join(t, c, func(msg *sarama.ConsumerMessage) error {
		if string(msg.Value) == "4" {
			return kafka.ErrDone
		}
		return nil
	})
	if err := first.Wait(); err != nil {
		t.Fatal(err)
	}
	if err := c.DeleteRecords("t", 0, 6); err != nil {
		t.Fatal(err)
	}
	second := join(t, c, nil)
	wantHandled(t, second, numbers(7, 10))
	second.WaitFor("mensagens apagadas pela retenção antes de serem lidas: partição 0, offsets 3 a 5")
}

// The topic was deleted and made again, so that the group's offset lies beyond its end.
func TestOffsetBeyondTheEndStartsAgain(t *testing.T) {
	c := kafkatest.Start(t, "t:1")
	c.ProduceValues("t", numbers(1, 5)...)
	admin, err := sarama.NewClusterAdmin(c.ListenAddrs(), c.Kafka().AdminConfig("test"))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	if _, err := admin.AlterConsumerGroupOffsets("g", map[string]map[int32]sarama.OffsetAndMetadata{"t": {0: {Offset: 50, LeaderEpoch: -1}}}, nil); err != nil {
		t.Fatal(err)
	}
	m := join(t, c, nil)
	wantHandled(t, m, numbers(1, 5))
	if !strings.Contains(m.Logs.String(), "beyond the end of the log") {
		t.Errorf("the log does not say why:\n%s", m.Logs)
	}
}

// A handler that hangs must not keep its partition for ever.
func TestStuckHandlerIsGivenUp(t *testing.T) {
	c := kafkatest.Start(t, "t:1")
	c.ProduceValues("t", "1")
	release := make(chan struct{})
	defer close(release)
	m := joinWith(t, c, func(*member) func(context.Context, *kafka.Claim) error {
		return func(_ context.Context, claim *kafka.Claim) error {
			for range claim.Messages() {
				<-release
			}
			return nil
		}
	}, func(g *kafka.Group) { g.ShortenHandleTimeout() })
	if err := m.Wait(); err == nil || !strings.Contains(err.Error(), "has not been handled within") {
		t.Errorf("error %v", err)
	}
}

// What was handled but could not be committed at the stop is said: it will be handled again.
func TestStopWithoutCommitIsReported(t *testing.T) {
	c := kafkatest.Start(t, "t:1")
	c.ProduceValues("t", "1")
	c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.NotCoordinator, Count: -1})
	m := join(t, c, nil)
	wantHandled(t, m, numbers(1, 1))
	if err := m.Stop(); err == nil || !strings.Contains(err.Error(), "not committed") {
		t.Errorf("error %v, want one that says what was not committed", err)
	}
}

// The cluster is gone: the service says that it is not ready, and a stop is a good one, because
// nothing that it handled is uncommitted.
func TestClusterGone(t *testing.T) {
	c := kafkatest.Start(t, "t:1")
	c.ProduceValues("t", "1")
	m := join(t, c, nil)
	wantHandled(t, m, numbers(1, 1))
	kafkatest.Eventually(t, "committed", func() bool { return c.Committed("g", "t", 0) == 1 })
	if err := m.Ops.Ready(); err != nil {
		t.Errorf("not ready: %v", err)
	}
	c.Close()
	kafkatest.Eventually(t, "the service is not ready", func() bool { return m.Ops.Ready() != nil })
	if err := m.Stop(); err != nil {
		t.Errorf("stopped with %v", err)
	}
}

// A commit that was given up is not forgotten: unless a later one makes up for it, the stop says so.
func TestGivenUpCommitIsRemembered(t *testing.T) {
	c := kafkatest.Start(t, "t:1")
	c.ProduceValues("t", "1")
	fault := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.GroupAuthorizationFailed, Count: -1})
	m := join(t, c, nil)
	kafkatest.Eventually(t, "the commit was refused twice", func() bool { return fault.Hits() >= 2 })
	if err := m.Stop(); err == nil || !strings.Contains(err.Error(), "not committed") {
		t.Errorf("error %v, want one that says what was not committed", err)
	}
}

// The coordinator is gone in the middle of a commit: Commit keeps to its bounds, sarama's minute of
// looking for another notwithstanding.
func TestCommitGivesUpInTime(t *testing.T) {
	c := kafkatest.Start(t, "t:1")
	c.ProduceValues("t", "1")
	committing := make(chan struct{})
	m := joinWith(t, c, func(*member) func(context.Context, *kafka.Claim) error {
		return func(_ context.Context, claim *kafka.Claim) error {
			for msg := range claim.Messages() {
				claim.Mark(msg)
				c.Close()
				close(committing)
				return claim.Commit()
			}
			return nil
		}
	}, nil)
	<-committing
	if err := m.Stop(); err == nil || !strings.Contains(err.Error(), "not committed") {
		t.Errorf("error %v, want one that says what was not committed", err)
	}
}

// While the cluster is away the screen says so, and not that another member died.
func TestWaitForTheClusterIsExplained(t *testing.T) {
	c := kafkatest.Start(t, "t:1")
	m := join(t, c, nil)
	m.WaitFor("held [0]")
	c.Close()
	m.WaitFor("brokers ainda não disponíveis: ")
	if strings.Contains(m.Out.String(), "esperando a vez no grupo") {
		t.Errorf("the wait is put down to a dead member:\n%s", m.Out)
	}
}

// faults lets coordinators and leaders move, members come and go and handlers fail, while count
// messages are handled once or more by work. It returns when all are committed.
func faults(t *testing.T, commitFirst bool) (handled, count int) {
	const seed, messages = 1, 300
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	c := kafkatest.Start(t, "t:3")
	var mu sync.Mutex
	seen, failed := map[string]bool{}, map[string]bool{}
	work := func(value string) error {
		mu.Lock()
		defer mu.Unlock()
		if n, _ := strconv.Atoi(value); n%50 == 7 && !failed[value] { // at its first try
			failed[value] = true
			return errors.New("not now")
		}
		seen[value] = true
		return nil
	}
	start := func() *member {
		return joinWith(t, c, func(*member) func(context.Context, *kafka.Claim) error {
			return func(_ context.Context, claim *kafka.Claim) error {
				for msg := range claim.Messages() {
					if commitFirst {
						claim.Mark(msg)
						if err := claim.Commit(); err != nil {
							return err
						}
					}
					if err := work(string(msg.Value)); err != nil {
						return err
					}
					claim.Mark(msg)
					if err := claim.Commit(); err != nil {
						return err
					}
				}
				return nil
			}
		}, nil)
	}
	members := []*member{start(), start()}
	producer := c.Producer()
	var installed []*kfake.FaultHandle
	for i := range messages {
		if _, _, err := producer.SendMessage(&sarama.ProducerMessage{Topic: "t", Value: sarama.StringEncoder(fmt.Sprint(i))}); err != nil {
			t.Fatal(err)
		}
		switch rng.IntN(60) {
		case 0:
			c.RehashCoordinators()
		case 1:
			c.ShufflePartitionLeaders()
		case 2:
			installed = append(installed, c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.NotCoordinator, Count: 2}))
		case 3:
			installed = append(installed, c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Heartbeat}, Err: kerr.UnknownMemberID, TopLevel: true}))
		case 4:
			m := rng.IntN(2)
			if err := members[m].Stop(); err != nil {
				t.Logf("member stopped with %v", err) // what it could not commit, the other handles again
			}
			members[m] = start()
		}
	}
	kafkatest.Eventually(t, "all is committed", func() bool {
		var committed, end int64
		for p := range int32(3) {
			committed += max(0, c.Committed("g", "t", p))
			end += c.PartitionInfo("t", p).HighWatermark
		}
		return committed == end
	})
	hits := 0
	for _, f := range installed {
		hits += f.Hits()
	}
	if hits < 3 || len(failed) != messages/50 {
		t.Errorf("%d faults struck and %d handlers failed: the test did not test", hits, len(failed))
	}
	mu.Lock()
	defer mu.Unlock()
	return len(seen), messages
}

func TestNothingIsLostUnderFaults(t *testing.T) {
	if handled, count := faults(t, false); handled != count {
		t.Errorf("%d of %d messages were handled", handled, count)
	}
}

// The control: committed before they are handled, messages are lost under the same faults.
func TestCommitFirstLosesUnderFaults(t *testing.T) {
	if handled, count := faults(t, true); handled == count {
		t.Errorf("all %d messages were handled: the faults have lost their teeth", count)
	}
}
