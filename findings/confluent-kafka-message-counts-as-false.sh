#!/usr/bin/env bash
# What:   confluent-kafka 2.16.1: a Message whose value is null or empty counts as false. `if msg:`, or `if not msg: continue`, the usual
#         way to tell that poll() has brought nothing, skips such messages, and with them every tombstone of a compacted topic. The
#         consumer's position moves on all the same, and the next commit leaves them behind. `if msg is not None:` sees them.
# Where:  consumers in Python of topics with tombstones or empty values.
# Source: Message of confluent-kafka has a __len__, the length of its value, and no __bool__: Python takes a length of 0 for false.
# Needs:  Go, Python 3 with venv, and the network. Exits 1 if the behaviour has changed, 2 if it could not run.
set -euo pipefail

confluent=2.16.1
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

// A topic of three messages: a value, an empty one, and a null one.
func main() {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
	if err != nil {
		panic(err)
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.DefaultProduceTopic("t"))
	if err != nil {
		panic(err)
	}
	if err := client.ProduceSync(context.Background(), &kgo.Record{Key: []byte("value"), Value: []byte("x")},
		&kgo.Record{Key: []byte("empty"), Value: []byte{}}, &kgo.Record{Key: []byte("null")}).FirstErr(); err != nil {
		panic(err)
	}
	fmt.Println(cluster.ListenAddrs()[0])
	select {}
}
GO
cat >read.py <<'PY'
import sys

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

consumer = Consumer({"bootstrap.servers": sys.argv[1], "group.id": "g", "enable.auto.commit": False})
consumer.assign([TopicPartition("t", 0, OFFSET_BEGINNING)])
for msg in consumer.consume(3, timeout=30):
    print(f"{msg.key().decode()}: value {msg.value()}, counts as {bool(msg)}, is None {msg is None}")
print("position", consumer.position([TopicPartition("t", 0)])[0].offset)
consumer.close()
PY
{
	go mod init finding &&
		go get "github.com/twmb/franz-go/pkg/kfake@$kfake" github.com/twmb/franz-go@v1.22.2 github.com/twmb/franz-go/pkg/kmsg@v1.15.0 &&
		go build -o server . &&
		python3 -m venv venv && venv/bin/pip install --quiet "confluent-kafka==$confluent"
} >setup.log 2>&1 || { cat setup.log >&2; exit 2; }
echo "confluent-kafka $confluent, $(go list -m github.com/twmb/franz-go)"

./server >address &
server=$!
for _ in $(seq 100); do [ -s address ] && break || sleep 0.1; done
[ -s address ] || exit 2
venv/bin/python read.py "$(cat address)" | tee seen

diff seen - <<'END' || { echo "CHANGED: not as described" >&2; exit 1; }
value: value b'x', counts as True, is None False
empty: value b'', counts as False, is None False
null: value None, counts as False, is None False
position 3
END
echo "as described"
