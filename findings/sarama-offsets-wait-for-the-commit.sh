#!/usr/bin/env bash
# What:   AddMessageToTxn and AddOffsetsToTxn of sarama v1.61.1 send nothing: the offsets wait in memory for CommitTxn, which sends them
#         just before the end. A fenced producer is answered nil, and is told by CommitTxn only, with the text "Unknown error, how did
#         this happen? Error code = 90" (errors.Is finds sarama.ErrProducerFenced in it). Who checks the error of AddMessageToTxn learns
#         of nothing that a broker would refuse. confluent-kafka 2.16.1 sends the offsets at once, and raises there.
# Where:  programs that read, process and write in one transaction: the exactly-once scoreboard.
# Source: addOffsetsToTxn and finishTransaction in transaction_manager.go of sarama; errors.go, where ErrProducerFenced has no text
#         (the same text met by a user: https://github.com/IBM/sarama/issues/2859). Java's sendOffsetsToTransaction is documented as
#         confluent-kafka does: "a blocking call that waits until the request has been received and acknowledged".
# Needs:  Go, Python 3 with venv, and the network. Exits 1 if the behaviour has changed, 2 if it could not run.
set -euo pipefail

sarama=v1.61.1
confluent=2.16.1
kfake=v0.0.0-20260918054303-01f206a7e32c
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >main.go <<'GO'
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync/atomic"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// newProducer fences the producer before it.
func newProducer(cluster *kfake.Cluster) sarama.AsyncProducer {
	conf := sarama.NewConfig()
	conf.Version = sarama.V3_9_0_0
	conf.Producer.Idempotent = true
	conf.Producer.RequiredAcks = sarama.WaitForAll
	conf.Producer.Transaction.ID = "one"
	conf.Net.MaxOpenRequests = 1
	producer, err := sarama.NewAsyncProducer(cluster.ListenAddrs(), conf)
	check(err)
	return producer
}

func main() {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
	check(err)
	defer cluster.Close()
	var offsets atomic.Int32 // requests that add offsets to a transaction
	for _, key := range []kmsg.Key{kmsg.AddOffsetsToTxn, kmsg.TxnOffsetCommit} {
		cluster.ControlKey(int16(key), func(kmsg.Request) (kmsg.Response, error, bool) {
			cluster.KeepControl()
			offsets.Add(1)
			return nil, nil, false
		})
	}
	read := &sarama.ConsumerMessage{Topic: "t", Offset: 4}

	producer := newProducer(cluster)
	check(producer.BeginTxn())
	check(producer.AddMessageToTxn(read, "g", nil))
	fmt.Printf("sarama, AddMessageToTxn: requests %d\n", offsets.Load())
	check(producer.CommitTxn())
	fmt.Printf("sarama, CommitTxn: requests %d\n", offsets.Load())

	check(producer.BeginTxn())
	newProducer(cluster)
	fmt.Printf("sarama, fenced, AddMessageToTxn: %v\n", producer.AddMessageToTxn(read, "g", nil))
	err = producer.CommitTxn()
	fmt.Printf("sarama, fenced, CommitTxn: %v (ErrProducerFenced: %v)\n", err, errors.Is(err, sarama.ErrProducerFenced))

	python := exec.Command("venv/bin/python", "fenced.py", cluster.ListenAddrs()[0])
	python.Stdout, python.Stderr = os.Stdout, os.Stderr
	check(python.Run())
}
GO
cat >fenced.py <<'PY'
import sys

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition


def new_producer():
    producer = Producer({"bootstrap.servers": sys.argv[1], "transactional.id": "two", "log_level": 0})
    producer.init_transactions(30)
    return producer


consumer = Consumer({"bootstrap.servers": sys.argv[1], "group.id": "g"})
producer = new_producer()
producer.begin_transaction()
new_producer()
try:
    producer.send_offsets_to_transaction([TopicPartition("t", 0, 5)], consumer.consumer_group_metadata(), 30)
    print("confluent-kafka, fenced, send_offsets_to_transaction: no error")
except KafkaException as error:
    print("confluent-kafka, fenced, send_offsets_to_transaction:", error.args[0].name())
PY
{
	go mod init finding &&
		go get "github.com/IBM/sarama@$sarama" "github.com/twmb/franz-go/pkg/kfake@$kfake" \
			github.com/twmb/franz-go@v1.22.2 github.com/twmb/franz-go/pkg/kmsg@v1.15.0 &&
		go build -o finding . &&
		python3 -m venv venv && venv/bin/pip install --quiet "confluent-kafka==$confluent"
} >setup.log 2>&1 || { cat setup.log >&2; exit 2; }
echo "$(go list -m github.com/IBM/sarama), confluent-kafka $confluent"

./finding >seen || { cat seen; exit 2; }
cat seen
diff seen - <<'END' || { echo "CHANGED: not as described" >&2; exit 1; }
sarama, AddMessageToTxn: requests 0
sarama, CommitTxn: requests 2
sarama, fenced, AddMessageToTxn: <nil>
sarama, fenced, CommitTxn: Unknown error, how did this happen? Error code = 90 (ErrProducerFenced: true)
confluent-kafka, fenced, send_offsets_to_transaction: _FENCED
END
echo "as described"
