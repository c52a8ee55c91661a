#!/usr/bin/env bash
# What:   A consumer of kafkajs 2.2.4 that its group refuses for good (INCONSISTENT_GROUP_PROTOCOL, which is not retried): the promise of
#         run() resolves as after a join, the consumer disconnects, nothing is left to wait for, and the process ends with exit code 0. The
#         catch that every example has after run() is never called. Whoever restarts what fails (a container with on-failure, a job) takes
#         it for done. A broker that is not there does reject, in connect(). The event CRASH, with restart false, is the only sign in code.
# Where:  consumers in JavaScript that a supervisor looks after.
# Source: start in src/consumer/runner.js of kafkajs returns onCrash(e) where the join fails, and run awaits it; the event's documentation
#         says that the consumer will "stop and exit", not what becomes of run(): https://kafka.js.org/docs/instrumentation-events
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

// A cluster, and a member of group g that knows range only, as Java's, sarama's and others do. kafkajs does not know it.
func main() {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(2, "t"))
	if err != nil {
		panic(err)
	}
	joined := make(chan struct{}, 9)
	member, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.ConsumerGroup("g"), kgo.ConsumeTopics("t"),
		kgo.Balancers(kgo.RangeBalancer()),
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
cat >consumer.js <<'JS'
const { Kafka, logLevel } = require('kafkajs')
const [broker, listen] = process.argv.slice(2)
const kafka = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING, retry: { retries: 1 } })
const consumer = kafka.consumer({ groupId: 'g' })
if (listen) {
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    console.log(`CRASH: ${payload.error.type}, restart ${payload.restart}`)
    process.exitCode = 1
  })
}
const main = async () => {
  await consumer.connect()
  await consumer.subscribe({ topics: ['t'] })
  await consumer.run({ eachMessage: async () => {} })
  console.log('run() resolved')
}
main().catch((error) => {
  console.log(`caught ${error.name}`)
  process.exitCode = 1
})
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
for _ in $(seq 100); do if [ -s address ]; then break; fi; sleep 0.1; done
[ -s address ] || exit 2
# consume CASE BROKER [listen] shows what a consumer says, and its exit code: 124 is one that still ran after 30 seconds.
consume() {
	local code=0
	echo "$1"
	timeout 30 node consumer.js "${@:2}" || code=$?
	echo "exit code $code"
}
{
	consume "no broker there" 127.0.0.1:1
	consume "refused by the group" "$(cat address)"
	consume "refused by the group, listens to CRASH" "$(cat address)" listen
} | tee seen

diff seen - <<'END' || { echo "CHANGED: not as described" >&2; exit 1; }
no broker there
caught KafkaJSNumberOfRetriesExceeded
exit code 1
refused by the group
run() resolved
exit code 0
refused by the group, listens to CRASH
CRASH: INCONSISTENT_GROUP_PROTOCOL, restart false
run() resolved
exit code 1
END
echo "as described"
