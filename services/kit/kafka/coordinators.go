package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/wait"
)

// NoCoordinatorError is a group that no broker coordinates at the moment: its coordinator has died, or the cluster has no
// __consumer_offsets yet. It makes that topic at the first question, and only while there are as many brokers as replicas
// (offsets.topic.replication.factor).
type NoCoordinatorError struct{ Group string }

func (e *NoCoordinatorError) Error() string {
	return fmt.Sprintf("no coordinator of group %s answers; on a new cluster there is one once all of its brokers run", e.Group)
}

// MemberDialer returns a function that dials as [Cluster.Dial] does, for a member of a group, which may have to dial again.
// It also waits until the group has a coordinator, so that the program does not call itself ready before: a cluster that
// never had a group makes the topic for offsets first.
func (c Cluster) MemberDialer(
	m Membership, conf *sarama.Config, topics []string, waiting Waiting,
) func(context.Context) (sarama.Client, error) {
	return func(ctx context.Context) (sarama.Client, error) {
		client, err := c.Dial(ctx, conf, topics, waiting)
		if err != nil {
			return nil, err
		}
		if err := awaitCoordinator(ctx, client, m.Group, sarama.CoordinatorGroup, waiting); err != nil {
			wait.CloseWithin(wait.CloseTimeout, client)
			return nil, err
		}
		return client, nil
	}
}

// awaitCoordinators asks for a coordinator of either kind until there is one. A cluster makes its two
// internal topics when they are asked for first; sarama, which looks for both where it needs one,
// would on a cluster that has never had a group wait a minute for the one that nobody asks for. It
// returns ErrTransactionalIDAuthorizationFailed as it is, and leaves any other error to the producer.
func awaitCoordinators(ctx context.Context, client sarama.Client, key string) error {
	for _, kind := range []sarama.CoordinatorType{sarama.CoordinatorGroup, sarama.CoordinatorTransaction} {
		if err := awaitCoordinator(ctx, client, key, kind, nil); err != nil {
			return err
		}
	}
	return nil
}

// awaitCoordinator asks for a coordinator of one kind. waiting, which may be nil, is told every WaitingRepeat.
func awaitCoordinator(ctx context.Context, client sarama.Client, key string, kind sarama.CoordinatorType, waiting Waiting) error {
	for said := time.Now(); ; {
		broker := client.LeastLoadedBroker()
		if broker == nil {
			return nil // sarama will find brokers again, and say what is wrong otherwise
		}
		resp, err := Interruptible(ctx, func() (*sarama.FindCoordinatorResponse, error) {
			return broker.FindCoordinator(&sarama.FindCoordinatorRequest{Version: 3, CoordinatorKey: key, CoordinatorType: kind})
		})
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil && errors.Is(resp.Err, sarama.ErrTransactionalIDAuthorizationFailed) {
			return resp.Err
		}
		if err != nil || !errors.Is(resp.Err, sarama.ErrConsumerCoordinatorNotAvailable) {
			return nil
		}
		if waiting != nil && time.Since(said) >= WaitingRepeat {
			said = time.Now()
			waiting(&NoCoordinatorError{key})
		}
		if err := wait.Sleep(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
}
