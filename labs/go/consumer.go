// The consumer in the fewest lines: consume.py of the Jornada workshop in Go, with sarama alone. Run it from the repository's root, and
// stop it with Ctrl-C: go run labs/go/consumer.go
package main

import (
	"cmp"
	"context"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"github.com/IBM/sarama"
)

// reader prints what it reads. Setup and Cleanup are called before and after each rebalance of the group.
type reader struct{}

func (reader) Setup(sarama.ConsumerGroupSession) error   { return nil }
func (reader) Cleanup(sarama.ConsumerGroupSession) error { return nil }

// ConsumeClaim is called once per partition that the group has given to this member, each in a goroutine of its own.
func (reader) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for msg := range claim.Messages() {
		fmt.Println(string(msg.Value))
		session.MarkMessage(msg, "") // committed with the next automatic commit, within a second
	}
	return nil
}

func main() {
	topic := cmp.Or(os.Getenv("TOPIC"), "transactions")
	group := cmp.Or(os.Getenv("CONSUMER_GROUP"), "cg-group-id")
	brokers := strings.Split(cmp.Or(os.Getenv("BOOTSTRAP_SERVERS"), "localhost:9091"), ",")
	conf := sarama.NewConfig()
	conf.Consumer.Offsets.Initial = sarama.OffsetOldest // a group without a committed offset reads from the beginning
	consumer, err := sarama.NewConsumerGroup(brokers, group, conf)
	for ; err != nil; consumer, err = sarama.NewConsumerGroup(brokers, group, conf) {
		fmt.Println("brokers ainda não disponíveis:", err)
		time.Sleep(time.Second)
	}
	fmt.Println("brokers estão disponíveis e prontos para consumir mensagens")
	for { // Consume returns at each rebalance
		if err := consumer.Consume(context.Background(), []string{topic}, reader{}); err != nil {
			log.Fatal(err)
		}
	}
}
