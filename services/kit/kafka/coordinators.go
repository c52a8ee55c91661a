package kafka

import (
	"context"
	"errors"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/wait"
)

// awaitCoordinators asks for a coordinator of either kind until there is one. A cluster makes its two
// internal topics when they are asked for first; sarama, which looks for both where it needs one,
// would on a cluster that has never had a group wait a minute for the one that nobody asks for. It
// returns ErrTransactionalIDAuthorizationFailed as it is, and leaves any other error to the producer.
func awaitCoordinators(ctx context.Context, client sarama.Client, key string) error {
	for _, kind := range []sarama.CoordinatorType{sarama.CoordinatorGroup, sarama.CoordinatorTransaction} {
		for {
			broker := client.LeastLoadedBroker()
			if broker == nil {
				break // sarama will find brokers again, and say what is wrong otherwise
			}
			resp, err := broker.FindCoordinator(&sarama.FindCoordinatorRequest{Version: 3, CoordinatorKey: key, CoordinatorType: kind})
			if err == nil && errors.Is(resp.Err, sarama.ErrTransactionalIDAuthorizationFailed) {
				return resp.Err
			}
			if err != nil || !errors.Is(resp.Err, sarama.ErrConsumerCoordinatorNotAvailable) {
				break
			}
			if err := wait.Sleep(ctx, 100*time.Millisecond); err != nil {
				return err
			}
		}
	}
	return nil
}
