#!/usr/bin/env bash
# What:   Who can join a consumer group depends on who has joined before, though nobody's settings change. kafka-python 3.0.12 announces
#         range and roundrobin: a member that knows range only (sarama's default, or Java's beside cooperative-sticky) joins it. aiokafka
#         0.14.0 announces roundrobin only, and joins it too. From then on the group's common strategy is roundrobin, and the
#         member of range is refused: INCONSISTENT_GROUP_PROTOCOL. When the member of aiokafka leaves, it is let in again.
# Where:  groups that members of several languages share, when one is restarted after another has joined.
# Source: JoinGroup lets a member in if it has one strategy in common with all who are there (matchesProtocols in Kafka's ClassicGroup);
#         ROUNDROBIN is the only default of AIOKafkaConsumer.
# Needs:  Go, Python 3 with venv, and the network. Exits 1 if the behaviour has changed, 2 if it could not run.
set -euo pipefail

kafkapython=3.0.12
aiokafka=0.14.0
kfake=v0.0.0-20260918054303-01f206a7e32c
work=$(mktemp -d)
trap 'kill ${server:-} ${first:-} ${second:-} 2>/dev/null; rm -rf "$work"' EXIT
cd "$work"

mkdir server join
cat >server/main.go <<'GO'
package main

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kfake"
)

func main() {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(3, "t"))
	if err != nil {
		panic(err)
	}
	fmt.Println(cluster.ListenAddrs()[0])
	select {}
}
GO
cat >join/main.go <<'GO'
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// A member that divides partitions by range only.
func main() {
	joined := make(chan struct{}, 9)
	member, err := kgo.NewClient(kgo.SeedBrokers(os.Args[1]), kgo.ConsumerGroup("g"), kgo.ConsumeTopics("t"),
		kgo.Balancers(kgo.RangeBalancer()),
		kgo.OnPartitionsAssigned(func(context.Context, *kgo.Client, map[string][]int32) { joined <- struct{}{} }))
	if err != nil {
		panic(err)
	}
	defer member.Close()
	refused := make(chan error, 9)
	go func() {
		for {
			if err := member.PollFetches(context.Background()).Err(); err != nil {
				refused <- err
			}
		}
	}()
	select {
	case <-joined:
		fmt.Println("joined")
	case err := <-refused:
		fmt.Println("refused:", errors.Is(err, kerr.InconsistentGroupProtocol), "INCONSISTENT_GROUP_PROTOCOL")
	case <-time.After(30 * time.Second):
		fmt.Println("no answer")
	}
}
GO
cat >python.py <<'PY'
import sys

from kafka import ConsumerRebalanceListener, KafkaConsumer


class Told(ConsumerRebalanceListener):
    def on_partitions_revoked(self, revoked):
        pass

    def on_partitions_assigned(self, assigned):
        print("assigned", flush=True)


consumer = KafkaConsumer(bootstrap_servers=sys.argv[1], group_id="g")
consumer.subscribe(["t"], listener=Told())
while True:
    consumer.poll(timeout_ms=200)
PY
cat >aio.py <<'PY'
import asyncio
import signal
import sys

from aiokafka import AIOKafkaConsumer


async def main():
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    consumer = AIOKafkaConsumer("t", bootstrap_servers=sys.argv[1], group_id="g")
    await consumer.start()
    while not consumer.assignment():
        await asyncio.sleep(0.1)
    print("assigned", flush=True)
    await stop.wait()
    await consumer.stop()  # it leaves the group


asyncio.run(main())
PY
{
	go mod init finding &&
		go get "github.com/twmb/franz-go/pkg/kfake@$kfake" github.com/twmb/franz-go@v1.22.2 github.com/twmb/franz-go/pkg/kmsg@v1.15.0 &&
		go build -o kafka ./server && go build -o range ./join &&
		python3 -m venv venv && venv/bin/pip install --quiet "kafka-python==$kafkapython" "aiokafka==$aiokafka"
} >setup.log 2>&1 || { cat setup.log >&2; exit 2; }
echo "kafka-python $kafkapython, aiokafka $aiokafka, $(go list -m github.com/twmb/franz-go)"

has() { for _ in $(seq 300); do [ -s "$1" ] && return || sleep 0.1; done; exit 2; }
./kafka >address &
server=$!
has address
venv/bin/python python.py "$(cat address)" >first.log &
first=$!
has first.log
{
	echo "kafka-python is there: range $(./range "$(cat address)")"
	venv/bin/python aio.py "$(cat address)" >second.log &
	second=$!
	has second.log
	echo "aiokafka has joined: range $(./range "$(cat address)")"
	kill "$second"
	wait "$second" || true
	echo "aiokafka has left: range $(./range "$(cat address)")"
} | tee seen

diff seen - <<'END' || { echo "CHANGED: not as described" >&2; exit 1; }
kafka-python is there: range joined
aiokafka has joined: range refused: true INCONSISTENT_GROUP_PROTOCOL
aiokafka has left: range joined
END
echo "as described"
