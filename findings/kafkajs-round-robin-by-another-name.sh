#!/usr/bin/env bash
# What:   A group in which every member divides partitions by round robin refuses kafkajs 2.2.4. Java, kafka-python, aiokafka,
#         librdkafka and franz-go announce that strategy as "roundrobin", kafkajs as "RoundRobinAssigner", and brokers compare
#         names: INCONSISTENT_GROUP_PROTOCOL. An assigner that only carries the other name is let in.
# Where:  groups that members of several languages share.
# Source: src/consumer/assigners/roundRobinAssigner of kafkajs; RoundRobinAssignor.name of kafka-clients.
# Needs:  Go, Node.js with npm, and the network. Exits 1 if the behaviour has changed, 2 if it could not run.
set -euo pipefail

kafkajs=2.2.4
kfake=v0.0.0-20260918054303-01f206a7e32c
work=$(mktemp -d)
trap '[ -z "${server:-}" ] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
cd "$work"

cat >main.go <<'GO'
package main

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// A cluster, and a member of group g that divides partitions by round robin.
func main() {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(2, "t"))
	if err != nil {
		panic(err)
	}
	joined := make(chan struct{}, 9)
	member, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.ConsumerGroup("g"), kgo.ConsumeTopics("t"),
		kgo.Balancers(kgo.RoundRobinBalancer()),
		kgo.OnPartitionsAssigned(func(context.Context, *kgo.Client, map[string][]int32) { joined <- struct{}{} }))
	if err != nil {
		panic(err)
	}
	<-joined
	fmt.Println(cluster.ListenAddrs()[0])
	for {
		member.PollFetches(context.Background())
	}
}
GO
cat >join.js <<'JS'
const { Kafka, PartitionAssigners, logLevel } = require('kafkajs')
const [broker, name] = process.argv.slice(2)
const renamed = (options) => {
  const assigner = PartitionAssigners.roundRobin(options)
  return {
    ...assigner,
    name: name || assigner.name,
    protocol: (subscription) => ({ ...assigner.protocol(subscription), name: name || assigner.name }),
  }
}
const kafka = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING, retry: { retries: 0 } })
const consumer = kafka.consumer({ groupId: 'g', partitionAssigners: [renamed], retry: { retries: 0, restartOnFailure: async () => false } })
const end = (text) => { console.log(`${name || 'its own name'}: ${text}`); process.exit() }
consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => end(`joined, by ${payload.groupProtocol}`))
consumer.on(consumer.events.CRASH, ({ payload }) => end(payload.error.type || payload.error.message))
setTimeout(() => end('no answer'), 20000)
consumer.connect()
  .then(() => consumer.subscribe({ topics: ['t'] }))
  .then(() => consumer.run({ eachMessage: async () => {} }))
  .catch((error) => end(error.type || error.message))
JS
{
	go mod init finding &&
		go get "github.com/twmb/franz-go/pkg/kfake@$kfake" github.com/twmb/franz-go@v1.22.2 github.com/twmb/franz-go/pkg/kmsg@v1.15.0 &&
		go build -o server . &&
		npm init -y && npm install --silent "kafkajs@$kafkajs"
} >setup.log 2>&1 || { cat setup.log >&2; exit 2; }
echo "kafkajs $kafkajs, $(go list -m github.com/twmb/franz-go)"

./server >address &
server=$!
for _ in $(seq 100); do [ -s address ] && break || sleep 0.1; done
[ -s address ] || exit 2
{
	node join.js "$(cat address)"
	node join.js "$(cat address)" roundrobin
} | tee seen

diff seen - <<'END' || { echo "CHANGED: not as described" >&2; exit 1; }
its own name: INCONSISTENT_GROUP_PROTOCOL
roundrobin: joined, by roundrobin
END
echo "as described"
