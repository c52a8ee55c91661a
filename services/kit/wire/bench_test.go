package wire_test

import (
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
)

// What the proxy costs, as the ratio of two runs that take turns: messages in batches, and one after
// the other, where every message waits for its answer.
func BenchmarkProduce(b *testing.B) {
	value := sarama.StringEncoder(strings.Repeat("x", 300))
	batch := make([]*sarama.ProducerMessage, 20_000)
	for _, bench := range []struct {
		name     string
		messages int
		produce  func(sarama.SyncProducer) error
	}{
		{"batches", len(batch), func(p sarama.SyncProducer) error {
			for i := range batch {
				batch[i] = &sarama.ProducerMessage{Topic: "out", Value: value}
			}
			return p.SendMessages(batch)
		}},
		{"one by one", 200, func(p sarama.SyncProducer) error {
			for range 200 {
				if _, _, err := p.SendMessage(&sarama.ProducerMessage{Topic: "out", Value: value}); err != nil {
					return err
				}
			}
			return nil
		}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			c := kafkatest.Start(b, "out:3")
			_, cluster := between(b, c)
			var took [2]time.Duration
			var producers [2]sarama.SyncProducer
			for i, cluster := range []kafka.Cluster{c.Kafka(), cluster} {
				producers[i] = producer(b, cluster, config(cluster, "bench"))
			}
			for b.Loop() {
				for i, p := range producers {
					began := time.Now()
					if err := bench.produce(p); err != nil {
						b.Fatal(err)
					}
					took[i] += time.Since(began)
				}
			}
			messages := float64(b.N * bench.messages)
			b.ReportMetric(messages/took[0].Seconds(), "direct-msg/s")
			b.ReportMetric(messages/took[1].Seconds(), "proxied-msg/s")
			b.ReportMetric(took[0].Seconds()/took[1].Seconds(), "proxied/direct")
		})
	}
}
