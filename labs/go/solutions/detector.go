// The fraud detector of labs/go/detector.go, done: one decision for each order, though it is on the topic twice, or comes again after a
// crash. The order is decision, memory, offset.
package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"log"
	"os"
	"strings"

	"github.com/IBM/sarama"
)

type detector struct{ producer sarama.SyncProducer }

func (detector) Setup(sarama.ConsumerGroupSession) error   { return nil }
func (detector) Cleanup(sarama.ConsumerGroupSession) error { return nil }

func (d detector) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	file := cmp.Or(os.Getenv("STATE_DIR"), ".") + "/go-detector" // an orderId on each line
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
			topic := os.Getenv("TOPIC_PREFIX") + "ECOMMERCE_ORDER_APPROVED"
			if o.Payload.Amount >= 4500 {
				topic = os.Getenv("TOPIC_PREFIX") + "ECOMMERCE_ORDER_REJECTED"
			}
			decision := &sarama.ProducerMessage{Topic: topic, Key: sarama.ByteEncoder(msg.Key), Value: sarama.ByteEncoder(msg.Value)}
			if _, _, err := d.producer.SendMessage(decision); err != nil { // it waits for the answer
				log.Fatal(err)
			}
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
	conf.Producer.Return.Successes, conf.Producer.RequiredAcks = true, sarama.WaitForAll
	producer, err := sarama.NewSyncProducer(brokers, conf)
	if err != nil {
		log.Fatal(err)
	}
	group, err := sarama.NewConsumerGroup(brokers, cmp.Or(os.Getenv("CONSUMER_GROUP"), "detector"), conf)
	for err == nil {
		err = group.Consume(context.Background(), []string{os.Getenv("TOPIC_PREFIX") + "ECOMMERCE_NEW_ORDER"}, detector{producer})
	}
	log.Fatal(err)
}
