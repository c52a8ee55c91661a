#!/usr/bin/env bash
# What:   A topic of transactions, read to its end and committed: LAG is 0 for a group of confluent-kafka 2.16.1, and 1 for one of franz-go
#         v1.22.2, as long as nothing new comes. The mark that ends a transaction takes an offset that no consumer is shown.
#         confluent-kafka commits behind the mark, franz-go the last record's offset and one. No record is read twice or missed by either.
# Where:  alerts and scripts that wait until a group's LAG is 0.
# Source: KIP-98 (control records take offsets); docs/clients.md, where sarama and kafkajs do as franz-go does, Java and kafka-python as
#         confluent-kafka.
# Needs:  Go, Python 3 with venv, and the network. Exits 1 if the behaviour has changed, 2 if it could not run.
set -euo pipefail

confluent=2.16.1
kfake=v0.0.0-20260918054303-01f206a7e32c
work=$(mktemp -d)
trap '[ -z "${server:-}" ] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
cd "$work"

mkdir server read
cat >server/main.go <<'GO'
package main

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// A topic of three transactions of a record each: the log ends at 6.
func main() {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	client, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.DefaultProduceTopic("t"), kgo.TransactionalID("one"))
	if err != nil {
		panic(err)
	}
	for range 3 {
		if err := client.BeginTransaction(); err != nil {
			panic(err)
		}
		if err := client.ProduceSync(ctx, kgo.StringRecord("x")).FirstErr(); err != nil {
			panic(err)
		}
		if err := client.EndTransaction(ctx, kgo.TryCommit); err != nil {
			panic(err)
		}
	}
	fmt.Println(cluster.ListenAddrs()[0])
	select {}
}
GO
cat >read/main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

func main() {
	client, err := kgo.NewClient(kgo.SeedBrokers(os.Args[1]), kgo.ConsumerGroup("franz-go"), kgo.ConsumeTopics("t"), kgo.DisableAutoCommit(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	if err != nil {
		panic(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	records := 0
	for ctx.Err() == nil { // far longer than it takes to reach the end
		records += client.PollFetches(ctx).NumRecords()
	}
	if err := client.CommitUncommittedOffsets(context.Background()); err != nil {
		panic(err)
	}
	fmt.Printf("franz-go: %d records, LAG %d\n", records, 6-client.CommittedOffsets()["t"][0].Offset)
}
GO
cat >read.py <<'PY'
import sys
import time

from confluent_kafka import Consumer, TopicPartition

consumer = Consumer({"bootstrap.servers": sys.argv[1], "group.id": "confluent-kafka", "enable.auto.commit": False,
                     "auto.offset.reset": "earliest"})
consumer.subscribe(["t"])
records, until = 0, time.monotonic() + 8
while time.monotonic() < until:
    records += len(consumer.consume(10, timeout=0.5))
consumer.commit(asynchronous=False)
offset = consumer.committed([TopicPartition("t", 0)], timeout=10)[0].offset
print(f"confluent-kafka: {records} records, LAG {consumer.get_watermark_offsets(TopicPartition('t', 0), timeout=10)[1] - offset}")
consumer.close()
PY
{
	go mod init finding &&
		go get "github.com/twmb/franz-go/pkg/kfake@$kfake" github.com/twmb/franz-go@v1.22.2 github.com/twmb/franz-go/pkg/kmsg@v1.15.0 &&
		go build -o kafka ./server && go build -o reader ./read &&
		python3 -m venv venv && venv/bin/pip install --quiet "confluent-kafka==$confluent"
} >setup.log 2>&1 || { cat setup.log >&2; exit 2; }
echo "confluent-kafka $confluent, $(go list -m github.com/twmb/franz-go)"

./kafka >address &
server=$!
for _ in $(seq 100); do [ -s address ] && break || sleep 0.1; done
[ -s address ] || exit 2
{
	venv/bin/python read.py "$(cat address)" 2>/dev/null
	./reader "$(cat address)"
} | tee seen

diff seen - <<'END' || { echo "CHANGED: not as described" >&2; exit 1; }
confluent-kafka: 3 records, LAG 0
franz-go: 3 records, LAG 1
END
echo "as described"
