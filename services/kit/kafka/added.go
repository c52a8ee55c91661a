package kafka

import (
	"context"
	"time"

	"github.com/IBM/sarama"
)

// WatchPartitions calls added for each partition of topic beyond the first known ones, once, soon after
// it was added, until ctx ends. It is for readers without a group; group.Consumer does this by itself. What was
// sent to a new partition before it was noticed is lost to a reader that does not begin with its oldest
// message.
func WatchPartitions(ctx context.Context, client sarama.Client, topic string, known int, added func(partition int32)) {
	look := time.NewTicker(client.Config().Metadata.RefreshFrequency)
	defer look.Stop()
	for {
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
		// The client refreshes its metadata in the background: this asks no broker. A topic that is just
		// being deleted has none; it may come back.
		partitions, err := client.Partitions(topic)
		if err != nil {
			continue
		}
		for ; known < len(partitions); known++ {
			added(int32(known)) // partitions are numbered from 0, without gaps
		}
	}
}
