package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka/secure"
	"workshop.example/kit/wait"
)

// WaitingRepeat is how often Waiting is told the same cause.
const WaitingRepeat = 10 * time.Second

// Dial connects to the cluster and waits until every topic has its leaders, however long that
// takes: services may be started in any order. It tries at once, then backs off up to 5 s. It
// returns ctx's error when that ends first, at once, even where a network call is still under way.
//
// The client's brokers were reached at the addresses that they advertise, because that is where a
// bootstrap address that works and a cluster that does not most often part.
func (c Cluster) Dial(ctx context.Context, conf *sarama.Config, topics []string, waiting Waiting) (sarama.Client, error) {
	if err := conf.Validate(); err != nil {
		return nil, fmt.Errorf("sarama configuration: %w", err)
	}
	var last string
	var said time.Time
	for delay := 100 * time.Millisecond; ; delay = min(delay*2, 5*time.Second) {
		client, err := Interruptible(ctx, func() (sarama.Client, error) { return c.try(ctx, conf, topics) })
		if err == nil {
			return client, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if cause := err.Error(); cause != last || time.Since(said) >= WaitingRepeat {
			last, said = cause, time.Now()
			if waiting != nil {
				waiting(err)
			}
		}
		// Jitter, so that thirty laptops do not knock in step after a restart.
		if err := wait.Sleep(ctx, delay/2+rand.N(delay/2)); err != nil {
			return nil, err
		}
	}
}

// DialOnce makes one attempt, for callers that inspect the cluster rather than wait for it. One broker
// that answers where it advertises itself is enough: others may be down, and partitions without a leader.
func (c Cluster) DialOnce(ctx context.Context, conf *sarama.Config, topics ...string) (sarama.Client, error) {
	if err := conf.Validate(); err != nil {
		return nil, fmt.Errorf("sarama configuration: %w", err)
	}
	return Interruptible(ctx, func() (sarama.Client, error) {
		answering, err := c.knock(ctx, conf)
		if err != nil {
			return nil, err
		}
		// Without retries, or sarama would wait for the missing leaders, a minute long.
		own, retryFromNow := withoutRetries(conf)
		client, err := sarama.NewClient(answering, own)
		if err != nil {
			return nil, err
		}
		err = client.RefreshMetadata(topics...)
		if errors.Is(err, sarama.ErrLeaderNotAvailable) || errors.Is(err, sarama.ErrReplicaNotAvailable) {
			err = nil
		}
		if err == nil {
			err = c.reachAny(ctx, client, answering)
		}
		if err != nil {
			client.Close()
			return nil, err
		}
		retryFromNow()
		return client, nil
	})
}

// withoutRetries returns a copy of conf with which a client does not retry a question for metadata before
// retryFromNow is called. The client asks in the background too, so that its configuration must not be
// changed: the copy says that a retry would outlast its time limit.
func withoutRetries(conf *sarama.Config) (own *sarama.Config, retryFromNow func()) {
	const limit = time.Hour
	var retrying atomic.Bool
	c := *conf
	c.Metadata.Timeout = limit
	c.Metadata.Retry.BackoffFunc = func(retries, most int) time.Duration {
		switch {
		case !retrying.Load():
			return 2 * limit
		case conf.Metadata.Retry.BackoffFunc != nil:
			return conf.Metadata.Retry.BackoffFunc(retries, most)
		default:
			return conf.Metadata.Retry.Backoff
		}
	}
	return &c, func() { retrying.Store(true) }
}

// reachAny fails where none of the brokers answers at the address that it advertises.
func (c Cluster) reachAny(ctx context.Context, client sarama.Client, answering []string) error {
	var advertised []string
	for _, b := range client.Brokers() {
		if slices.Contains(answering, b.Addr()) {
			return nil
		}
		advertised = append(advertised, b.Addr())
	}
	_, err := Cluster{Brokers: advertised}.knock(ctx, client.Config())
	if err == nil || len(advertised) == 0 {
		return ctx.Err()
	}
	return c.reach(client.Config(), client.Brokers(), c.Brokers) // says which, and why
}

// Interruptible runs call, something of sarama's, none of which takes a context. When ctx ends first
// it returns ctx's error at once, and closes what call may still bring.
func Interruptible[T any](ctx context.Context, call func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := call()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		go func() {
			r := <-done
			if closer, ok := any(r.value).(io.Closer); ok && r.err == nil {
				closer.Close()
			}
		}()
		var none T
		return none, ctx.Err()
	}
}

// try makes one attempt with a client that does not retry by itself: the retries in conf are for
// the life after the start, and here they would be a silent minute that no signal interrupts.
func (c Cluster) try(ctx context.Context, conf *sarama.Config, topics []string) (sarama.Client, error) {
	answering, err := c.knock(ctx, conf)
	if err != nil {
		return nil, err
	}
	// Only these: sarama would ask all of them in any order, and wait 15 s for one that is paused.
	all := c.Brokers
	c.Brokers = answering
	probe := *conf
	probe.Metadata.Retry.Max = 0
	client, err := sarama.NewClient(c.Brokers, &probe)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	for _, topic := range topics {
		if err := client.RefreshMetadata(topic); err != nil {
			return nil, explain(err, topic)
		}
		partitions, err := client.Partitions(topic)
		if err != nil {
			return nil, explain(err, topic)
		}
		for _, partition := range partitions {
			if _, err := client.Leader(topic, partition); err != nil {
				return nil, fmt.Errorf("topic %s, partition %d: %w", topic, partition, err)
			}
		}
	}
	if err := c.reach(&probe, client.Brokers(), all); err != nil {
		return nil, err
	}
	return c.client(conf, topics)
}

// client is a client that knows the brokers behind the bootstrap addresses. One that does not, fresh
// from NewClient with Metadata.Full off, asks the first bootstrap address for whatever is no topic's
// business, such as a producer id, and never another: with that broker down it would fail.
func (c Cluster) client(conf *sarama.Config, topics []string) (sarama.Client, error) {
	client, err := sarama.NewClient(c.Brokers, conf)
	if err != nil {
		return nil, err
	}
	if err := client.RefreshMetadata(topics...); err != nil {
		client.Close()
		return nil, err
	}
	return client, nil
}

func explain(err error, topic string) error {
	switch {
	case errors.Is(err, sarama.ErrUnknownTopicOrPartition):
		return &MissingTopicError{topic}
	case errors.Is(err, sarama.ErrTopicAuthorizationFailed):
		return &RefusedError{
			Name: topic, Code: "TOPIC_AUTHORIZATION_FAILED", Err: sarama.ErrTopicAuthorizationFailed,
			Reason: fmt.Sprintf("this user has no permission on topic %s: grant READ or WRITE on it, which include DESCRIBE "+
				"(kafka-acls --add --operation Read --topic), or choose another TOPIC", topic),
		}
	default:
		return fmt.Errorf("topic %s: %w", topic, err)
	}
}

// reach connects to each broker at the address that it advertises.
func (c Cluster) reach(conf *sarama.Config, brokers []*sarama.Broker, bootstrap []string) error {
	slices.SortFunc(brokers, func(a, b *sarama.Broker) int { return int(a.ID() - b.ID()) })
	for _, b := range brokers {
		if err := b.Open(conf); err != nil && !errors.Is(err, sarama.ErrAlreadyConnected) {
			return err
		}
	}
	for _, b := range brokers {
		if ok, err := b.Connected(); !ok {
			if refused, ok := errors.AsType[*secure.Error](err); ok {
				return refused
			}
			if slices.Contains(bootstrap, b.Addr()) { // the address is right, the broker is down
				return fmt.Errorf("broker %d does not answer at %s: %s", b.ID(), b.Addr(), short(err))
			}
			return &UnreachableError{Broker: b.ID(), Bootstrap: bootstrap, Advertised: b.Addr(), Err: err}
		}
	}
	return nil
}
