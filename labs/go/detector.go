// A fraud detector of your own, to begin with: it reads the shop's orders as a member of a group. The rest is yours (see the TODOs), and
// labs/go/solutions/detector.go is one that is done. Build it from the repository's root: go build -o bin/own-detector labs/go/detector.go
package main

import (
	"cmp"
	"context"
	"log"
	"os"
	"strings"

	"github.com/IBM/sarama"
)

type detector struct{}

func (detector) Setup(sarama.ConsumerGroupSession) error   { return nil }
func (detector) Cleanup(sarama.ConsumerGroupSession) error { return nil }

func (d detector) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for msg := range claim.Messages() {
		// msg.Value is {"type": ..., "payload": {"orderId": ..., "amount": ..., "email": ...}, "correlationId": ...}
		// TODO: send msg.Value, as it came, to TOPIC_PREFIX+"ECOMMERCE_ORDER_APPROVED" or, from 4500 on, ..."_REJECTED", once for each orderId
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
	group, err := sarama.NewConsumerGroup(brokers, cmp.Or(os.Getenv("CONSUMER_GROUP"), "detector"), conf)
	for err == nil {
		err = group.Consume(context.Background(), []string{os.Getenv("TOPIC_PREFIX") + "ECOMMERCE_NEW_ORDER"}, detector{})
	}
	log.Fatal(err)
}
