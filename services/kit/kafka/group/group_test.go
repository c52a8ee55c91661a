package group_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafka/group"
	"workshop.example/kit/kafkaenv"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/lines"
	"workshop.example/kit/service"
	"workshop.example/kit/wait"
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
	return joinWith(t, c, func(m *member) func(context.Context, *group.Claim) error {
		return func(_ context.Context, claim *group.Claim) error {
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

func joinWith(t testing.TB, c *kafkatest.Cluster, handle func(*member) func(context.Context, *group.Claim) error,
	change func(*group.Consumer)) *member {
	t.Helper()
	m := &member{}
	m.Run = kafkatest.StartRun(t, map[string]string{"BOOTSTRAP_SERVERS": c.Bootstrap()},
		func(env *service.Env) kafka.Cluster { return kafkaenv.Cluster(env) },
		func(ctx context.Context, cluster kafka.Cluster, p *service.Process) error {
			connect := func(ctx context.Context) (sarama.Client, error) {
				return cluster.Dial(ctx, cluster.Config("test"), []string{"t"}, func(error) {})
			}
			client, err := connect(ctx)
			if err != nil {
				return err
			}
			defer wait.CloseWithin(wait.CloseTimeout, client) // sarama's refresh of the metadata, under way, would hold it
			g := &group.Consumer{
				Client: client, Redial: connect, Member: kafka.Membership{Group: "g", Reset: sarama.OffsetOldest}, Topic: "t", Hooks: lines.Hooks(p),
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

// A handler that fails meets the same message again, and what was committed does not come back.
func TestHandlerErrorResumesFromTheCommit(t *testing.T) {
	t.Parallel()
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
	t.Parallel()
	c := kafkatest.Start(t, "t:1")
	c.ProduceValues("t", numbers(1, 5)...)
	m := joinWith(t, c, func(m *member) func(context.Context, *group.Claim) error {
		return func(_ context.Context, claim *group.Claim) error {
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
	t.Parallel()
	for _, c := range []struct {
		name string
		err  error
		want string // the error of Run; "" for nil
	}{
		{"done", group.ErrDone, ""},
		{"done, wrapped", fmt.Errorf("match over: %w", group.ErrDone), ""},
		{"fatal", &kafka.FatalError{Err: errors.New("no way on")}, "no way on"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
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
	t.Parallel()
	c := kafkatest.Start(t, "t:1")
	c.ProduceValues("t", numbers(1, 10)...)
	first := join(t, c, func(msg *sarama.ConsumerMessage) error {
		if string(msg.Value) == "4" {
			return group.ErrDone
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
	t.Parallel()
	c := kafkatest.Start(t, "t:1")
	c.ProduceValues("t", numbers(1, 5)...)
	admin, err := sarama.NewClusterAdmin(c.ListenAddrs(), c.Kafka().AdminConfig("test"))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	if _, err := admin.AlterConsumerGroupOffsets("g", map[string]map[int32]sarama.OffsetAndMetadata{"t": {0: {Offset: 50, LeaderEpoch: -1}}},
		nil); err != nil {
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
	t.Parallel()
	c := kafkatest.Start(t, "t:1")
	c.ProduceValues("t", "1")
	release := make(chan struct{})
	defer close(release)
	m := joinWith(t, c, func(*member) func(context.Context, *group.Claim) error {
		return func(_ context.Context, claim *group.Claim) error {
			for range claim.Messages() {
				<-release
			}
			return nil
		}
	}, func(g *group.Consumer) { g.ShortenHandleTimeout() })
	if err := m.Wait(); err == nil || !strings.Contains(err.Error(), "has not been handled within") {
		t.Errorf("error %v", err)
	}
}
