// An idempotent consumer of your own, to begin with: it reads the shop's orders as a member of a group. The rest is yours (see the TODOs),
// and labs/go/solutions/consumer_of_orders.go is one that is done. go build -o bin/own-consumer labs/go/consumer_of_orders.go
package main

import (
	"cmp"
	"context"
	"log"
	"os"
	"strings"

	"github.com/IBM/sarama"
)

type reader struct{}

func (reader) Setup(sarama.ConsumerGroupSession) error   { return nil }
func (reader) Cleanup(sarama.ConsumerGroupSession) error { return nil }

func (r reader) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for msg := range claim.Messages() {
		// msg.Value is {"type": ..., "payload": {"orderId": ..., "amount": ..., "email": ...}, "correlationId": ...}
		// TODO: print a line that begins with the orderId, once for each order
		// TODO: keep the orderId in a file in STATE_DIR, which outlives a crash
		// TODO: os.Exit(137) at the orderId FAIL_AT_ID, before the commit
		session.MarkMessage(msg, "")
		session.Commit()
	}
	return nil
}

func main() {
	conf, brokers := sarama.NewConfig(), strings.Split(cmp.Or(os.Getenv("BOOTSTRAP_SERVERS"), "localhost:9091"), ",")
	conf.Consumer.Offsets.Initial, conf.Consumer.Offsets.AutoCommit.Enable = sarama.OffsetOldest, false
	group, err := sarama.NewConsumerGroup(brokers, cmp.Or(os.Getenv("CONSUMER_GROUP"), "pedidos"), conf)
	for err == nil {
		err = group.Consume(context.Background(), []string{cmp.Or(os.Getenv("TOPIC"), "ECOMMERCE_NEW_ORDER")}, reader{})
	}
	log.Fatal(err)
}
