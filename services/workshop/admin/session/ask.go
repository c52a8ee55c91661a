package session

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	"workshop.example/kit/wait"
)

// StartCluster is the advice if no broker answers.
const StartCluster = "start the cluster (docker compose up -d, or workshop up), or name another with --bootstrap-servers"

// Ask connects to the cluster and calls question, both within the timeout of the command.
func Ask[T any](ctx context.Context, o *Options, question func(ctx context.Context, s *Session) (T, error)) (T, error) {
	var none T
	cluster, err := o.Cluster()
	if err != nil {
		return none, err
	}
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	s, err := Connect(ctx, cluster, cluster.AdminConfig(ClientID))
	if err != nil {
		return none, o.explain(ctx, err, cluster)
	}
	defer s.Close()
	// Sarama's calls take no context; they end by themselves, unless the process does first.
	answer, err := kafka.Interruptible(ctx, func() (T, error) {
		answer, err := question(ctx, s)
		if missing, ok := errors.AsType[*missingError](err); ok && missing.kind == "topic" {
			err = s.hidden(missing.name, err)
		}
		return answer, err
	})
	if err != nil && ctx.Err() != nil {
		return none, o.explain(ctx, err, cluster)
	}
	return answer, err
}

// Do is Ask for an action without an answer.
func Do(ctx context.Context, o *Options, action func(ctx context.Context, s *Session) error) error {
	_, err := Ask(ctx, o, func(ctx context.Context, s *Session) (struct{}, error) { return struct{}{}, action(ctx, s) })
	return err
}

// Dial returns a client for longer than a request, which follows the leaders of a topic. The topic has to exist.
func (o *Options) Dial(ctx context.Context, topic string, set func(*sarama.Config)) (sarama.Client, error) {
	cluster, err := o.Cluster()
	if err != nil {
		return nil, err
	}
	conf := cluster.Config(ClientID)
	set(conf)
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	for {
		client, err := cluster.DialOnce(ctx, conf, topic)
		if err == nil {
			return client, nil
		}
		// The controller knows the topic; if it has just created it, other brokers hear of it in a moment.
		if !errors.Is(err, sarama.ErrUnknownTopicOrPartition) || wait.Sleep(ctx, 50*time.Millisecond) != nil {
			return nil, o.explain(ctx, err, cluster)
		}
	}
}

// explain adds advice to an error of the connection.
func (o *Options) explain(ctx context.Context, err error, cluster kafka.Cluster) error {
	brokers := strings.Join(cluster.Brokers, ",")
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		perhaps := ""
		if o.Changes {
			perhaps = " (what was asked for may be done all the same)"
		}
		return fmt.Errorf("%s: no answer within %s%s; allow more with --timeout, or look at the brokers' logs", brokers, o.Timeout, perhaps)
	case ctx.Err() != nil:
		return errors.New("interrupted before the cluster had answered")
	}
	if _, ok := errors.AsType[*kafka.UnreachableError](err); ok {
		return err // which has its own remedy
	}
	return fmt.Errorf("%w; %s. «workshop doctor --bootstrap-servers %s» says more", err, StartCluster, brokers)
}
