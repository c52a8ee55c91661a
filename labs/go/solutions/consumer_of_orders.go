// The consumer of labs/go/consumer_of_orders.go, done: one line for each order, though it is on the topic twice, or comes again after a
// crash. The order is line, memory, offset.
package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/IBM/sarama"
)

type reader struct{}

func (reader) Setup(sarama.ConsumerGroupSession) error   { return nil }
func (reader) Cleanup(sarama.ConsumerGroupSession) error { return nil }

func (r reader) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	file := cmp.Or(os.Getenv("STATE_DIR"), ".") + "/go-pedidos" // an orderId on each line
	for msg := range claim.Messages() {
		var o struct {
			Payload struct {
				OrderID string
				Amount  float64
			}
		}
		known, _ := os.ReadFile(file) // none at first
		if err := json.Unmarshal(msg.Value, &o); err != nil {
			log.Fatal(err)
		}
		id := o.Payload.OrderID
		if !bytes.Contains(known, []byte("\n"+id+"\n")) {
			fmt.Println(id, o.Payload.Amount)
			if err := os.WriteFile(file, append(known, "\n"+id+"\n"...), 0o644); err != nil {
				log.Fatal(err)
			}
		}
		if id == os.Getenv("FAIL_AT_ID") {
			os.Exit(137) // handled, and not committed: the next life reads it again
		}
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
