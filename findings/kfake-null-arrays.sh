#!/usr/bin/env bash
# What:   kafka-topics of Kafka 3.9.2 ends in exceptions of Java on a kfake cluster of franz-go. kfake answers
#         DescribeTopicPartitions with eligible leader replicas that are null, and CreateTopics from version 5 on
#         with the source -1 for a setting. Java's client takes neither: a topic that was created is reported as
#         failed, and kafka-topics --describe fails, as do kafka-get-offsets and kafka-reassign-partitions.
#         With kfake.MaxVersions, CreateTopics capped at 4 and DescribeTopicPartitions left out, all of them work.
# Where:  programs that offer kfake to Java's admin client: services/kit/embedded/embedded.go (versions).
# Source: 19_create_topics.go and 75_describe_topic_partitions.go of kfake; KafkaAdminClient and
#         DescribeTopicPartitionsResponse of kafka-clients; KIP-525 and KIP-966.
# Needs:  Go, Java 17, Maven and the network. Exits 1 if the behaviour has changed, 2 if it could not run.
set -euo pipefail

kfake=v0.0.0-20260918054303-01f206a7e32c
kafka=3.9.2
work=$(mktemp -d)
trap '[ -z "${server:-}" ] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
cd "$work"

cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kversion"
)

func main() {
	opts := []kfake.Opt{kfake.NumBrokers(1)}
	if len(os.Args) > 1 {
		versions := kversion.Stable()
		versions.SetMaxKeyVersion(19, 4)
		versions.SetMaxKeyVersion(75, -1)
		opts = append(opts, kfake.MaxVersions(versions))
	}
	cluster, err := kfake.NewCluster(opts...)
	if err != nil {
		panic(err)
	}
	fmt.Println(cluster.ListenAddrs()[0])
	select {}
}
GO
cat >pom.xml <<POM
<project><modelVersion>4.0.0</modelVersion><groupId>finding</groupId><artifactId>finding</artifactId><version>1</version>
  <dependencies><dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>$kafka</version></dependency></dependencies>
</project>
POM
{
	go mod init finding &&
		go get "github.com/twmb/franz-go/pkg/kfake@$kfake" github.com/twmb/franz-go@v1.22.2 github.com/twmb/franz-go/pkg/kmsg@v1.15.0 &&
		go build -o server . &&
		mvn -q -B dependency:copy-dependencies -DoutputDirectory=libs
} >setup.log 2>&1 || { cat setup.log >&2; exit 2; }
echo "kfake $kfake, $(go list -m github.com/twmb/franz-go), org.apache.kafka:kafka-tools:$kafka"

topics() { java -Xmx128m -cp "$work/libs/*" org.apache.kafka.tools.TopicCommand --bootstrap-server "$address" --topic t "$@" 2>&1 || true; }
# the_cluster [capped]: runs it, creates a topic with a setting, describes it, and stops it.
the_cluster() {
	./server "$@" >address &
	server=$!
	for _ in $(seq 100); do [ -s address ] && break || sleep 0.1; done
	[ -s address ] || exit 2
	address=$(cat address)
	topics --create --partitions 1 --replication-factor 1 --config retention.ms=60000
	topics --describe
	kill "$server"
	wait "$server" 2>/dev/null || true
	server=
	: >address
}

the_cluster >plain.log
the_cluster capped >capped.log
echo "as it is:"
cut -c 1-200 plain.log | grep '^Error'
echo "capped:"
grep -v '^log4j' capped.log

grep -q '^Error.*id should be positive, id: -1' plain.log && grep -q '^Error.*eligibleLeaderReplicas().* is null' plain.log &&
	grep -q '^Created topic t' capped.log && grep -q 'Partition: 0' capped.log && ! grep -q '^Error' capped.log ||
	{ echo "CHANGED: not as described" >&2; exit 1; }
echo "as described"
