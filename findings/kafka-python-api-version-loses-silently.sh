#!/usr/bin/env bash
# What:   A producer of kafka-python 3.0.12 that is told api_version=(0, 10, 1), as tutorials have it, starts against a broker that has
#         dropped the requests of that time, as Kafka 4 has: no error at the start, none from send(). The message fails alone, when its
#         delivery times out (two minutes unless told otherwise), and only who asks the future is told: the program ends with exit code 0,
#         and nothing is on the topic. Without api_version the message is there.
# Where:  programs of old tutorials that meet Kafka 4: labs/python/documentos.
# Source: KIP-896 (Produce 0 to 2 removed); kfake has Produce from version 3 on.
# Needs:  Go, Python 3 with venv, and the network. Exits 1 if the behaviour has changed, 2 if it could not run.
set -euo pipefail

kafkapython=3.0.12
kfake=v0.0.0-20260918054303-01f206a7e32c
work=$(mktemp -d)
trap '[ -z "${server:-}" ] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
cd "$work"

cat >main.go <<'GO'
package main

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kfake"
)

func main() {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
	if err != nil {
		panic(err)
	}
	fmt.Println(cluster.ListenAddrs()[0])
	select {}
}
GO
cat >send.py <<'PY'
import sys

from kafka import KafkaProducer

settings = {"api_version": (0, 10, 1)} if sys.argv[2] == "old" else {}
# Its time-outs are shortened, not to wait for two minutes.
producer = KafkaProducer(bootstrap_servers=sys.argv[1], request_timeout_ms=4000, delivery_timeout_ms=8000, **settings)
producer.send("t", b"x")
producer.flush()
PY
cat >count.py <<'PY'
import sys

from kafka import KafkaConsumer, TopicPartition

print(KafkaConsumer(bootstrap_servers=sys.argv[1]).end_offsets([TopicPartition("t", 0)])[TopicPartition("t", 0)])
PY
{
	go mod init finding &&
		go get "github.com/twmb/franz-go/pkg/kfake@$kfake" github.com/twmb/franz-go@v1.22.2 github.com/twmb/franz-go/pkg/kmsg@v1.15.0 &&
		go build -o server . &&
		python3 -m venv venv && venv/bin/pip install --quiet "kafka-python==$kafkapython"
} >setup.log 2>&1 || { cat setup.log >&2; exit 2; }
echo "kafka-python $kafkapython, $(go list -m github.com/twmb/franz-go)"

./server >address &
server=$!
for _ in $(seq 100); do [ -s address ] && break || sleep 0.1; done
[ -s address ] || exit 2
for version in old asked; do
	code=0
	timeout 60 venv/bin/python send.py "$(cat address)" "$version" >"$version.log" 2>&1 || code=$?
	count=$(venv/bin/python count.py "$(cat address)" 2>/dev/null)
	echo "$version: exit code $code, says $(wc -l <"$version.log") lines, $count messages on the topic"
done | tee seen

diff seen - <<'END' || { cat old.log >&2; echo "CHANGED: not as described" >&2; exit 1; }
old: exit code 0, says 0 lines, 0 messages on the topic
asked: exit code 0, says 0 lines, 1 messages on the topic
END
echo "as described"
