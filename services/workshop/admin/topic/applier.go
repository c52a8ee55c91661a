package topic

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/embedded"
	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
	"workshop.example/kit/wait"
	"workshop.example/workshop/admin/session"
	"workshop.example/workshop/screen"
)

// applier creates topics on a cluster that may still be starting.
type applier struct {
	*session.Tool
	cluster    kafka.Cluster
	topics     []kafka.Topic
	minBrokers int
	timeout    time.Duration

	embedded bool     // the cluster is
	seen     []string // brokers that were registered when we last asked

	mu    sync.Mutex // ApplyTopics may outlast the command's time-out
	cause string     // why we still wait
	said  time.Time
}

const (
	askEvery    = 250 * time.Millisecond
	repeatEvery = 10 * time.Second
)

func (a *applier) run(ctx context.Context) error {
	created := map[string]bool{} // over all attempts: what an earlier one created exists for the next
	for {
		applied, brokers, err := a.attempt(ctx)
		for _, t := range applied {
			created[t.Topic.Name] = created[t.Topic.Name] || t.Created
		}
		if err == nil {
			return a.report(applied, created, brokers)
		}
		if ctx.Err() != nil {
			return a.gaveUp(ctx)
		}
		if !transient(err) {
			return err
		}
		a.wait(err.Error())
		if wait.Sleep(ctx, askEvery) != nil {
			return a.gaveUp(ctx)
		}
	}
}

// attempt waits for the brokers and applies the topics once.
func (a *applier) attempt(ctx context.Context) (applied []kafka.Applied, brokers int, err error) {
	// Dial reports each new cause, and repeats it, by itself.
	client, admin, err := openAdmin(ctx, a.cluster, func(cause error) {
		a.seen = nil // no longer, where there were some
		a.say(cause.Error())
	})
	if err != nil {
		return nil, 0, err
	}
	defer wait.CloseWithin(time.Second, admin)
	for {
		a.seen, err = kafka.Interruptible(ctx, func() ([]string, error) { return registered(admin) })
		if err != nil {
			return nil, 0, err
		}
		if len(a.seen) >= a.minBrokers {
			break
		}
		a.wait(a.tooFew())
		if err := wait.Sleep(ctx, askEvery); err != nil {
			return nil, 0, err
		}
	}
	applied, err = kafka.Interruptible(ctx, func() ([]kafka.Applied, error) {
		return kafka.ApplyTopics(ctx, admin, a.topics, func(cause error) { a.wait(cause.Error()) })
	})
	if err != nil {
		return applied, len(a.seen), err
	}
	id, err := kafka.ClusterID(ctx, client)
	if a.embedded = embedded.IsEmbedded(id); err == nil && !a.embedded {
		a.elect(ctx, admin)
	}
	return applied, len(a.seen), err
}

// registered asks the controller, not the client's memory, which brokers there are.
func registered(admin sarama.ClusterAdmin) ([]string, error) {
	brokers, _, err := admin.DescribeCluster()
	if err != nil {
		return nil, fmt.Errorf("describe cluster: %w", err)
	}
	slices.SortFunc(brokers, func(a, b *sarama.Broker) int { return int(a.ID() - b.ID()) })
	addrs := make([]string, len(brokers))
	for i, b := range brokers {
		addrs[i] = b.Addr()
	}
	return addrs, nil
}

func (a *applier) tooFew() string {
	return fmt.Sprintf("%d of %d brokers are registered (%s)", len(a.seen), a.minBrokers, strings.Join(a.seen, ", "))
}

// wait notes why we wait, if the cause is new or ten seconds have passed.
func (a *applier) wait(cause string) {
	a.mu.Lock()
	due := cause != a.cause || time.Since(a.said) >= repeatEvery
	a.mu.Unlock()
	if due {
		a.say(cause)
	}
}

func (a *applier) say(cause string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.cause, a.said = cause, time.Now()
	a.Note("waiting: %s", cause)
}

// gaveUp returns the error for the end of ctx: what was seen, and what to do about it.
func (a *applier) gaveUp(ctx context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case !errors.Is(ctx.Err(), context.DeadlineExceeded):
		return errors.New("interrupted before every topic was there: run it again, it goes on where it stopped")
	case len(a.seen) == 0:
		cause := a.cause
		if cause == "" {
			cause = strings.Join(a.cluster.Brokers, ",") + ": no answer"
		}
		return fmt.Errorf("no cluster within %s (%s): %s", a.timeout, cause, session.StartCluster)
	case len(a.seen) < a.minBrokers:
		return fmt.Errorf("after %s %s: start the others, or accept fewer with --min-brokers %d", a.timeout, a.tooFew(), len(a.seen))
	default:
		return fmt.Errorf("not every topic was there after %s, with brokers %s: %s; look at the brokers' logs, or allow more with --timeout",
			a.timeout, strings.Join(a.seen, ", "), a.cause)
	}
}

// transient reports whether the next attempt may succeed: after the end of a connection, or what a cluster answers while brokers come
// and go. Other answers, such as a lack of permission, stay the same.
func transient(err error) bool {
	kafkaSays, ok := errors.AsType[sarama.KError](err)
	return !ok || slices.Contains([]sarama.KError{
		sarama.ErrNotController, sarama.ErrInvalidReplicationFactor, sarama.ErrRequestTimedOut, sarama.ErrLeaderNotAvailable,
		sarama.ErrBrokerNotAvailable, sarama.ErrReplicaNotAvailable, sarama.ErrNetworkException, sarama.ErrUnknownTopicOrPartition,
		sarama.ErrThrottlingQuotaExceeded,
	}, kafkaSays)
}

// openAdmin waits until it is connected to the cluster.
func openAdmin(ctx context.Context, cluster kafka.Cluster, waiting kafka.Waiting) (sarama.Client, sarama.ClusterAdmin, error) {
	client, err := cluster.Dial(ctx, cluster.AdminConfig(session.ClientID), nil, waiting)
	if err != nil {
		return nil, nil, err
	}
	admin, err := sarama.NewClusterAdminFromClient(client)
	if err != nil {
		client.Close()
	}
	return client, admin, err
}

// report prints a line for each topic, and notes what is not as it should be.
func (a *applier) report(applied []kafka.Applied, created map[string]bool, brokers int) error {
	var table strings.Builder
	var warnings []string
	fewer := int16(0)
	for _, t := range applied {
		want := min(t.Topic.Replicas, int16(brokers))
		state := service.Text{PT: "existe", EN: "exists"}
		switch {
		case created[t.Topic.Name]:
			state = service.Text{PT: "criado", EN: "created"}
			if want < t.Topic.Replicas {
				fewer = want
			}
		case t.Mismatch == "" && t.Replicas < want:
			t.Mismatch = fmt.Sprintf("has %s instead of %d", session.Count(int32(t.Replicas), "replica"), want)
		}
		if t.Mismatch != "" {
			state = service.Text{PT: "existe, mas difere", EN: "exists but differs"}
			warnings = append(warnings, Differs(t))
			fmt.Fprintf(&table, "%s\t%s\t%s\n", t.Topic.Name, a.In(state), a.Words("%s", t.Mismatch))
			continue
		}
		fmt.Fprintf(&table, "%s\t%s\t%s\n", t.Topic.Name, a.In(state),
			a.Words("%s, %s", session.Count(t.Topic.Partitions, "partition"), session.Count(int32(t.Replicas), "replica")))
	}
	if fewer > 0 {
		warnings = append(warnings, fmt.Sprintf("with %s the topics got %s instead of 3: the loss of a broker can lose messages. "+
			"To have 3, start three brokers before the topics are created (--min-brokers 3 waits for them)",
			session.Count(int32(brokers), "broker"), session.Count(int32(fewer), "replica")))
	}
	if a.embedded && slices.ContainsFunc(applied, func(t kafka.Applied) bool { return t.Replicas > 1 }) {
		a.NoteCopies()
	}
	for _, w := range warnings {
		a.Note("warning: %s", w)
	}
	_, err := screen.Table(a.Stdout, table.String(), a.Width())
	return err
}

// Differs returns the warning about a topic that exists, but not as it should be.
func Differs(a kafka.Applied) string {
	return fmt.Sprintf("topic %s %s; it was left as it is: moving messages to other partitions would break their order. "+
		"To have it as the workshop describes it, delete it with its messages and apply again", a.Topic.Name, a.Mismatch)
}
