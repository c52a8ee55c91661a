package embedded_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/IBM/sarama"

	"workshop.example/kit/embedded"
	"workshop.example/kit/kafka"
)

// BenchmarkSync measures what Options.Sync costs: acknowledged messages a second, one message in flight or
// a hundred. Compare within one run only. TMPDIR must be on a disk: a fsync in memory costs nothing.
func BenchmarkSync(b *testing.B) {
	for _, batch := range []int{1, 100} {
		for _, sync := range []bool{false, true} {
			b.Run(fmt.Sprintf("sync=%t/batch=%d", sync, batch), func(b *testing.B) { produce(b, sync, batch) })
		}
	}
}

func produce(b *testing.B, sync bool, batch int) {
	c, err := embedded.Start(embedded.Options{DataDir: b.TempDir(), Sync: sync})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	cluster := kafka.Cluster{Brokers: c.ListenAddrs()}
	admin, err := sarama.NewClusterAdmin(cluster.Brokers, cluster.AdminConfig("bench"))
	if err != nil {
		b.Fatal(err)
	}
	defer admin.Close()
	if err := admin.CreateTopic("bench", &sarama.TopicDetail{NumPartitions: 1, ReplicationFactor: 1}, false); err != nil {
		b.Fatal(err)
	}
	cfg := cluster.Config("bench")
	cfg.Producer.Return.Successes = true
	producer, err := sarama.NewSyncProducer(cluster.Brokers, cfg)
	if err != nil {
		b.Fatal(err)
	}
	defer producer.Close()
	value := sarama.StringEncoder(strings.Repeat("x", 300))
	n := 0
	for b.Loop() {
		msgs := make([]*sarama.ProducerMessage, batch)
		for i := range msgs {
			msgs[i] = &sarama.ProducerMessage{Topic: "bench", Value: value}
		}
		if err := producer.SendMessages(msgs); err != nil {
			b.Fatal(err)
		}
		n += batch
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "acked/s")
}
