package kafka_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rcrowley/go-metrics"

	"workshop.example/kit/history"
	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
)

// Two clients of a process count together; sarama's other meters, of brokers and topics, are not there.
func TestMeters(t *testing.T) {
	cluster := kafkatest.Start(t, "t:1")
	reg := prometheus.NewRegistry()
	for range 2 {
		conf := cluster.Kafka().Config("test")
		conf.MetricRegistry = kafka.Meters(reg)
		producer, err := sarama.NewSyncProducer(cluster.ListenAddrs(), conf)
		if err != nil {
			t.Fatal(err)
		}
		before := kafkatest.Metrics(t, reg)
		const size = 100_000
		if _, _, err := producer.SendMessage(&sarama.ProducerMessage{Topic: "t", Value: sarama.ByteEncoder(make([]byte, size))}); err != nil {
			t.Fatal(err)
		}
		if err := producer.Close(); err != nil {
			t.Fatal(err)
		}
		after := kafkatest.Metrics(t, reg)
		if got := after["workshop_kafka_sent_bytes_total"] - before["workshop_kafka_sent_bytes_total"]; got < size || got > 1.1*size {
			t.Errorf("%g bytes sent for a message of %d", got, size)
		}
		for _, name := range []string{"workshop_kafka_received_bytes_total", "workshop_kafka_request_seconds"} {
			if after[name] <= before[name] {
				t.Errorf("%s: %g after a message, %g before", name, after[name], before[name])
			}
		}
		if len(after) != 3 {
			t.Errorf("metrics %v, want three", after)
		}
	}
}

// A latency that sarama cuts off at the millisecond is not counted as shorter than it can have been.
func TestLatencyIsNotRoundedDown(t *testing.T) {
	reg := prometheus.NewRegistry()
	meters := kafka.Meters(reg)
	metrics.GetOrRegisterHistogram("request-latency-in-ms", meters, metrics.NilSample{}).Update(1) // 1.0 to 1.9 ms
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "workshop_kafka_request_seconds" {
			first := f.GetMetric()[0].GetHistogram().GetBucket()[0]
			if first.GetUpperBound() != 0.001 || first.GetCumulativeCount() != 0 {
				t.Errorf("an answer that took more than a millisecond is among the %d of up to %g s", first.GetCumulativeCount(), first.GetUpperBound())
			}
			return
		}
	}
	t.Error("no latency")
}

func TestPublishedTellsOutcomesApart(t *testing.T) {
	reg := prometheus.NewRegistry()
	p := kafka.NewPublished(reg)
	refused := fmt.Errorf("publish: %w", sarama.ErrMessageSizeTooLarge)
	p.CountErrors(time.Now(), nil, nil, refused, kafka.ErrUnknown, errors.New("connection reset"))
	got := kafkatest.Metrics(t, reg)
	for name, want := range map[string]float64{
		"workshop_messages_published_total acknowledged": 2,
		"workshop_messages_published_total failed":       1,
		"workshop_messages_published_total unknown":      2,
		"workshop_publish_seconds":                       1,
	} {
		if got[name] != want {
			t.Errorf("%s: %g, want %g", name, got[name], want)
		}
	}
}

// A transaction has one outcome, and none that was begun is left out.
func TestTransactionsAreMeasured(t *testing.T) {
	cluster := kafkatest.Start(t, "t:1")
	reg := prometheus.NewRegistry()
	client, err := cluster.Kafka().Dial(t.Context(), cluster.Kafka().Config("test"), []string{"t"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	transactor, err := cluster.Kafka().NewTransactor(t.Context(), client, client.Config(),
		kafka.Transactional{ID: "test", Timeout: time.Minute}, kafka.Hooks{Metrics: reg})
	if err != nil {
		t.Fatal(err)
	}
	defer transactor.Close()
	for _, end := range []func() error{
		func() error { return transactor.Commit(t.Context()) },
		func() error { return transactor.Abort(t.Context()) },
		func() error { return transactor.Commit(t.Context()) },
	} {
		if err := transactor.Begin(t.Context()); err != nil {
			t.Fatal(err)
		}
		msg := &sarama.ProducerMessage{Topic: "t", Value: sarama.StringEncoder("v")}
		if err := transactor.Send(t.Context(), msg, history.Subject{}); err != nil {
			t.Fatal(err)
		}
		if err := end(); err != nil {
			t.Fatal(err)
		}
		if err := transactor.Abort(t.Context()); err != nil { // of nothing
			t.Fatal(err)
		}
	}
	got := kafkatest.Metrics(t, reg)
	for outcome, want := range map[string]float64{"committed": 2, "aborted": 1, "unknown": 0} {
		if n := got["workshop_transaction_seconds "+outcome]; n != want {
			t.Errorf("%g transactions %s, want %g", n, outcome, want)
		}
	}
}
