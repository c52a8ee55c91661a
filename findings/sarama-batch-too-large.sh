#!/usr/bin/env bash
# What:   sarama fails every message of a batch that the broker refuses with MESSAGE_TOO_LARGE, though
#         each message is valid by itself; its idempotent producer then goes on with the next batch.
#         Its cap for a batch, Producer.MaxMessageBytes, is 1 MiB whatever the topic's max.message.bytes is.
#         librdkafka (batch.size 1 MB) does the same. Kafka's Java producer has a batch.size of 16 KB, and
#         splits a batch that is refused and sends it again (KIP-126).
# Where:  every producer of either library that batches, on a topic with max.message.bytes below 1 MiB.
# Source: async_producer.go of sarama (handleSuccess, "Other non-retriable errors");
#         https://cwiki.apache.org/confluence/display/KAFKA/KIP-126
# Needs:  Go, Python 3 with venv, and the network. Exits 1 if the behaviour has changed.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat > main.go <<'GO'
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kfake"
)

const messages = 20000

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(2)
	}
}

func main() {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	check(err)
	defer cluster.Close()
	for _, topic := range []string{"sarama", "librdkafka"} {
		check(cluster.CreateTopic(topic, 1, map[string]string{"max.message.bytes": "16384"}))
	}
	conf := sarama.NewConfig()
	conf.Version = sarama.V3_9_0_0
	conf.Producer.Return.Successes = true
	conf.Producer.RequiredAcks = sarama.WaitForAll
	conf.Producer.Idempotent = true
	conf.Net.MaxOpenRequests = 1
	conf.Producer.Retry.Max = 100
	producer, err := sarama.NewSyncProducer(cluster.ListenAddrs(), conf)
	check(err)
	defer producer.Close()
	var msgs []*sarama.ProducerMessage
	for range messages {
		msgs = append(msgs, &sarama.ProducerMessage{Topic: "sarama", Value: sarama.ByteEncoder(make([]byte, 100))})
	}
	var failed sarama.ProducerErrors
	errors.As(producer.SendMessages(msgs), &failed)
	refused := 0
	for _, f := range failed {
		if errors.Is(f.Err, sarama.ErrMessageSizeTooLarge) {
			refused++
		}
	}
	fmt.Printf("sarama: %d of %d messages of 100 bytes refused as too large, on a topic that allows 16384 bytes\n", refused, messages)

	out, err := exec.Command("venv/bin/python", "librdkafka.py", strings.Join(cluster.ListenAddrs(), ",")).CombinedOutput()
	fmt.Print(string(out))
	if err != nil || refused == 0 {
		fmt.Println("changed: one of them has smaller batches, or splits them, now")
		os.Exit(1)
	}
}
GO
cat > librdkafka.py <<'PY'
import sys
import confluent_kafka

outcome = {}
def delivered(err, msg):
    key = "acknowledged" if err is None else err.name()
    outcome[key] = outcome.get(key, 0) + 1

producer = confluent_kafka.Producer({"bootstrap.servers": sys.argv[1], "enable.idempotence": True, "linger.ms": 50, "log_level": 3})
for n in range(20000):
    producer.produce("librdkafka", bytes(100), on_delivery=delivered)
producer.flush(60)
print("librdkafka", confluent_kafka.libversion()[0], outcome)
if not outcome.get("MSG_SIZE_TOO_LARGE"):
    sys.exit("changed: librdkafka splits now")
PY
go mod init finding >/dev/null 2>&1
go get github.com/IBM/sarama@v1.61.1 github.com/twmb/franz-go/pkg/kfake@v0.0.0-20260918054303-01f206a7e32c \
	github.com/twmb/franz-go@v1.22.2 github.com/twmb/franz-go/pkg/kmsg@v1.15.0 >/dev/null 2>&1
go list -m github.com/IBM/sarama github.com/twmb/franz-go/pkg/kfake
python3 -m venv venv && venv/bin/pip -q install confluent-kafka==2.11.1
go run .
