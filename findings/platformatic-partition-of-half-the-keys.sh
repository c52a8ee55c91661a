#!/usr/bin/env bash
# What:   @platformatic/kafka 2.12.1 sends 41 of 100 keys to another partition than Java's producer (franz-go and kafkajs do as Java does)
#         when there are 3 or 6 partitions, and none when there are 4. It hashes as Java does, but takes the hash as a number without a
#         sign, where Java clears the topmost bit. Keys whose hash has that bit, about half, differ, and on 1, 2, 4 or 8 partitions none
#         do: a test there shows nothing. The package exports Java's way too (compatibilityPartitioner); its README names neither.
# Where:  topics whose keys come from producers in several languages.
# Source: dist/clients/producer/partitioners.js of @platformatic/kafka; https://github.com/platformatic/kafka/issues/121, and
#         https://github.com/platformatic/kafka/pull/263, which added the other partitioner and left the default as it was.
# Needs:  Go, Node.js with npm (the package's own Node.js is fetched by npm), and the network. Exits 1 if the behaviour has changed, 2 if
#         it could not run.
set -euo pipefail

platformatic=2.12.1
node=22.22.0
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

// Topics of 3, 4 and 6 partitions, and where Java's murmur2 puts 100 keys of each: a line of topic, key and partition a record.
func main() {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(3, "t3"), kfake.SeedTopics(4, "t4"), kfake.SeedTopics(6, "t6"))
	if err != nil {
		panic(err)
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)))
	if err != nil {
		panic(err)
	}
	for _, topic := range []string{"t3", "t4", "t6"} {
		for i := range 100 {
			record := &kgo.Record{Topic: topic, Key: fmt.Appendf(nil, "key-%d", i)}
			if err := client.ProduceSync(context.Background(), record).FirstErr(); err != nil {
				panic(err)
			}
			fmt.Println(topic, string(record.Key), record.Partition)
		}
	}
	fmt.Println("at", cluster.ListenAddrs()[0])
	select {}
}
GO
cat >send.mjs <<'JS'
import { readFileSync } from 'node:fs'
import { Producer, compatibilityPartitioner, stringSerializers } from '@platformatic/kafka'

const lines = readFileSync('java', 'utf8').trim().split('\n').map((line) => line.split(' '))
const bootstrapBrokers = [lines.pop()[1]]
for (const [name, partitioner] of [['its default', undefined], ['compatibilityPartitioner', compatibilityPartitioner]]) {
  const producer = new Producer({
    clientId: 'finding', bootstrapBrokers, serializers: stringSerializers, ...(partitioner && { partitioner }),
  })
  for (const topic of ['t3', 't4', 't6']) {
    let elsewhere = 0
    for (const [, key, partition] of lines.filter((line) => line[0] === topic)) {
      const { offsets } = await producer.send({ messages: [{ topic, key, value: 'v' }] })
      if (offsets[0].partition !== Number(partition)) elsewhere++
    }
    console.log(`${name}, ${topic.slice(1)} partitions: ${elsewhere} of 100 keys elsewhere`)
  }
  await producer.close()
}
JS
{
	go mod init finding &&
		go get "github.com/twmb/franz-go/pkg/kfake@$kfake" github.com/twmb/franz-go@v1.22.2 github.com/twmb/franz-go/pkg/kmsg@v1.15.0 &&
		go build -o server . &&
		npm init -y && npm install --silent "@platformatic/kafka@$platformatic" "node@$node"
} >setup.log 2>&1 || { cat setup.log >&2; exit 2; }
echo "@platformatic/kafka $platformatic, node $node, $(go list -m github.com/twmb/franz-go)"

./server >java &
server=$!
for _ in $(seq 300); do if grep -q '^at' java; then break; fi; sleep 0.1; done
grep -q '^at' java || exit 2
node_modules/.bin/node send.mjs >seen || exit 2
cat seen
diff seen - <<'END' || { echo "CHANGED: not as described" >&2; exit 1; }
its default, 3 partitions: 41 of 100 keys elsewhere
its default, 4 partitions: 0 of 100 keys elsewhere
its default, 6 partitions: 41 of 100 keys elsewhere
compatibilityPartitioner, 3 partitions: 0 of 100 keys elsewhere
compatibilityPartitioner, 4 partitions: 0 of 100 keys elsewhere
compatibilityPartitioner, 6 partitions: 0 of 100 keys elsewhere
END
echo "as described"
