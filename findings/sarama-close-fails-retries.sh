#!/usr/bin/env bash
# What:   Close and AsyncClose of sarama's idempotent producer fail a batch that is just being retried
#         ("message received by producer in process of shutting down"), though it was accepted long before
#         the close, has 100 tries left, and the broker would take it. Close is documented to flush. An
#         answer NOT_LEADER_OR_FOLLOWER just after a topic was created, or a leader moved, is enough.
#         The remedy is to count answers, and to close when every message has one.
# Where:  every program that sends with an AsyncProducer and relies on Close for its last messages.
# Source: async_producer.go of sarama (retryBatch selects on p.done since
#         https://github.com/IBM/sarama/pull/3645); https://github.com/IBM/sarama/issues/419 mended the
#         same for the producer of that time.
# Needs:  Go and the network. Exits 1 if the behaviour has changed.
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
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	topic = "t"
	tries = 20
)

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(2)
	}
}

// send sends one message, and returns its error. It closes the producer before or after the answer.
func send(cluster *kfake.Cluster, closeFirst bool) error {
	conf := sarama.NewConfig()
	conf.Version = sarama.V3_9_0_0
	conf.Producer.Return.Successes = true
	conf.Producer.RequiredAcks = sarama.WaitForAll
	conf.Producer.Idempotent = true
	conf.Net.MaxOpenRequests = 1
	conf.Producer.Retry.Max = 100
	conf.Producer.Retry.Backoff = 10 * time.Millisecond
	producer, err := sarama.NewAsyncProducer(cluster.ListenAddrs(), conf)
	check(err)
	// One answer of a broker that is no longer the leader.
	cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.NotLeaderForPartition, Count: 1})
	producer.Input() <- &sarama.ProducerMessage{Topic: topic, Value: sarama.StringEncoder("last")}
	if closeFirst {
		producer.AsyncClose()
	} else {
		defer producer.AsyncClose()
	}
	select {
	case <-producer.Successes():
		return nil
	case failed := <-producer.Errors():
		return failed.Err
	case <-time.After(time.Minute):
		return errors.New("no answer within a minute")
	}
}

func main() {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, topic))
	check(err)
	defer cluster.Close()
	failed := map[bool]int{}
	for range tries {
		for _, closeFirst := range []bool{true, false} {
			err := send(cluster, closeFirst)
			if errors.Is(err, sarama.ErrShuttingDown) {
				failed[closeFirst]++
			} else {
				check(err)
			}
		}
	}
	fmt.Printf("closed while the batch is retried: %d of %d messages failed\n", failed[true], tries)
	fmt.Printf("closed after the answer: %d of %d messages failed\n", failed[false], tries)
	if failed[true] == 0 || failed[false] != 0 {
		fmt.Println("changed: close lets retries end now, or fails more than those")
		os.Exit(1)
	}
}
GO
go mod init finding >/dev/null 2>&1
go get github.com/IBM/sarama@v1.61.1 github.com/twmb/franz-go/pkg/kfake@v0.0.0-20260918054303-01f206a7e32c \
	github.com/twmb/franz-go@v1.22.2 github.com/twmb/franz-go/pkg/kmsg@v1.15.0 >/dev/null 2>&1
go list -m github.com/IBM/sarama github.com/twmb/franz-go/pkg/kfake
go run .
