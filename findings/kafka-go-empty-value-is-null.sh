#!/usr/bin/env bash
# What:   kafka-go v0.4.51 reads a record with an empty value as one with a null value: Message.Value is nil for both. A program
#         that copies messages from topic to topic therefore turns an empty value into a tombstone, which a compacted topic takes
#         for the deletion of its key. franz-go tells the two apart, before the copy and after it.
# Where:  programs that forward messages of others with kafka-go: replays of dead letters, mirrors.
# Source: readNewBytes in read.go of kafka-go returns a nil slice for every length below 1.
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
	"fmt"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "from", "to"))
	check(err)
	defer cluster.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()

	other, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.ConsumeTopics("from", "to"))
	check(err)
	check(other.ProduceSync(ctx,
		&kgo.Record{Topic: "from", Key: []byte("empty"), Value: []byte{}},
		&kgo.Record{Topic: "from", Key: []byte("null"), Value: nil},
	).FirstErr())

	reader := kafkago.NewReader(kafkago.ReaderConfig{Brokers: cluster.ListenAddrs(), Topic: "from", MaxWait: 100 * time.Millisecond})
	writer := kafkago.Writer{Addr: kafkago.TCP(cluster.ListenAddrs()...), Topic: "to", BatchTimeout: time.Millisecond}
	for range 2 {
		m, err := reader.ReadMessage(ctx)
		check(err)
		fmt.Printf("kafka-go reads from %s: null %t\n", m.Key, m.Value == nil)
		check(writer.WriteMessages(ctx, kafkago.Message{Key: m.Key, Value: m.Value}))
	}
	for n := 0; n < 4; {
		fetches := other.PollFetches(ctx)
		check(ctx.Err())
		for _, r := range fetches.Records() {
			fmt.Printf("franz-go reads %s %s: null %t\n", r.Topic, r.Key, r.Value == nil)
			n++
		}
	}
}
GO
{
	go mod init finding &&
		go get "github.com/segmentio/kafka-go@$kafkago" "github.com/twmb/franz-go/pkg/kfake@$kfake" github.com/twmb/franz-go@v1.22.2 \
			github.com/twmb/franz-go/pkg/kmsg@v1.15.0 &&
		go build -o probe .
} >setup.log 2>&1 || { cat setup.log >&2; exit 2; }
go list -m github.com/segmentio/kafka-go github.com/twmb/franz-go
./probe | sort | tee seen

diff seen - <<'END' || { echo "CHANGED: not as described" >&2; exit 1; }
franz-go reads from empty: null false
franz-go reads from null: null true
franz-go reads to empty: null true
franz-go reads to null: null true
kafka-go reads from empty: null true
kafka-go reads from null: null true
END
echo "as described"
