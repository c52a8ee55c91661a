package kafka

import (
	"errors"
	"fmt"

	"github.com/IBM/sarama"
)

// ClusterID is what the brokers call their cluster. A cluster that was made anew has another, so that
// topic, partition and offset name one message for ever only together with it.
func ClusterID(client sarama.Client) (string, error) {
	broker := client.LeastLoadedBroker()
	if broker == nil {
		return "", fmt.Errorf("cluster id: %w", sarama.ErrOutOfBrokers)
	}
	resp, err := broker.GetMetadata(sarama.NewMetadataRequest(client.Config().Version, nil))
	if err != nil {
		return "", fmt.Errorf("cluster id: %w", err)
	}
	if resp.ClusterID == nil || *resp.ClusterID == "" {
		return "", errors.New("cluster id: the broker names none")
	}
	return *resp.ClusterID, nil
}
