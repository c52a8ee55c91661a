package shoptest

import (
	"context"
	"fmt"
	"slices"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
)

// Mail is an e-mail as its receiver has it.
type Mail struct{ To, MessageID string }

// Evidence is what is there in the end.
type Evidence struct {
	Accounts []Account
	// Records of the topics, as read_committed shows them.
	NewOrders, Approved, Rejected []*sarama.ConsumerMessage
	Mails                         []Mail // nil: not observed
}

// Without is the evidence but for the records of one order, which is nobody's business.
func (e Evidence) Without(uuid string) Evidence {
	for _, records := range []*[]*sarama.ConsumerMessage{&e.NewOrders, &e.Approved, &e.Rejected} {
		*records = slices.DeleteFunc(slices.Clone(*records), func(msg *sarama.ConsumerMessage) bool {
			o, _, err := orderOf(msg)
			return err == nil && o.ID == uuid
		})
	}
	return e
}

// Collect reads what is on the topics now. Prefix is what stands before every topic's name.
func Collect(ctx context.Context, client sarama.Client, prefix string, accounts []Account) (Evidence, error) {
	e := Evidence{Accounts: accounts}
	for name, into := range map[string]*[]*sarama.ConsumerMessage{
		event.NewOrderTopic: &e.NewOrders, event.OrderApprovedTopic: &e.Approved, event.OrderRejectedTopic: &e.Rejected,
	} {
		topic := prefix + name
		partitions, err := client.Partitions(topic)
		if err != nil {
			return e, fmt.Errorf("partitions of %s: %w", topic, err)
		}
		for _, partition := range partitions {
			_, err := kafka.ReadToEnd(ctx, client, topic, partition, sarama.OffsetOldest, sarama.ReadCommitted,
				func(msg *sarama.ConsumerMessage) error {
					*into = append(*into, msg)
					return nil
				})
			if err != nil {
				return e, fmt.Errorf("read %s: %w", topic, err)
			}
		}
	}
	return e, nil
}
