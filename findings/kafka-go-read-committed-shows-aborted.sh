#!/usr/bin/env bash
# What:   A Reader of kafka-go v0.4.51 with IsolationLevel ReadCommitted ("only non-transactional and committed records are visible")
#         returns the records of aborted transactions too, and the marks that end transactions as if they were messages, with nothing to
#         tell them by. The setting only holds back what is still open. franz-go, with the same setting, returns what is committed.
# Where:  programs that read with kafka-go what a transactional producer writes: the exactly-once scoreboard's topic.
# Source: read.go of kafka-go reads a fetch's aborted transactions and uses them nowhere, and message_reader.go does not ask for the
#         attribute of control batches; KIP-98 leaves both to the client. https://github.com/segmentio/kafka-go/issues/1332 is open.
# Needs:  Go and the network. Exits 1 if the behaviour has changed, 2 if it could not run.
set -euo pipefail

kafkago=v0.4.51
kfake=v0.0.0-20260918054303-01f206a7e32c
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >main.go <<'GO'
package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// write leaves a topic with an aborted record, a committed one, and one of a transaction that is still open.
func write(ctx context.Context, brokers []string) {
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.DefaultProduceTopic("t"), kgo.TransactionalID("one"))
	check(err)
	for _, record := range []string{"aborted", "committed", "open"} {
		check(client.BeginTransaction())
		check(client.ProduceSync(ctx, kgo.KeyStringRecord(record, record)).FirstErr())
		if record != "open" {
			check(client.EndTransaction(ctx, kgo.TransactionEndTry(record == "committed")))
		}
	}
}

// readKafkaGo reads until nothing has come for ten seconds.
func readKafkaGo(brokers []string) {
	reader := kafka.NewReader(kafka.ReaderConfig{Brokers: brokers, Topic: "t", IsolationLevel: kafka.ReadCommitted, MaxWait: time.Second})
	defer reader.Close()
	for {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		message, err := reader.ReadMessage(ctx)
		cancel()
		if errors.Is(err, context.DeadlineExceeded) {
			return
		}
		check(err)
		fmt.Printf("kafka-go: offset %d, key %q\n", message.Offset, message.Key)
	}
}

func readFranzGo(brokers []string) {
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.ConsumeTopics("t"), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	check(err)
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for ctx.Err() == nil {
		client.PollFetches(ctx).EachRecord(func(r *kgo.Record) { fmt.Printf("franz-go: offset %d, key %q\n", r.Offset, r.Key) })
	}
}

func main() {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
	check(err)
	defer cluster.Close()
	write(context.Background(), cluster.ListenAddrs())
	readKafkaGo(cluster.ListenAddrs())
	readFranzGo(cluster.ListenAddrs())
}
GO
{
	go mod init finding &&
		go get "github.com/segmentio/kafka-go@$kafkago" "github.com/twmb/franz-go/pkg/kfake@$kfake" \
			github.com/twmb/franz-go@v1.22.2 github.com/twmb/franz-go/pkg/kmsg@v1.15.0 &&
		go build -o finding .
} >setup.log 2>&1 || { cat setup.log >&2; exit 2; }
echo "$(go list -m github.com/segmentio/kafka-go), $(go list -m github.com/twmb/franz-go)"

./finding >seen || exit 2
cat seen
diff seen - <<'END' || { echo "CHANGED: not as described" >&2; exit 1; }
kafka-go: offset 0, key "aborted"
kafka-go: offset 1, key "\x00\x00\x00\x00"
kafka-go: offset 2, key "committed"
kafka-go: offset 3, key "\x00\x00\x00\x01"
franz-go: offset 2, key "committed"
END
echo "as described"
